// WARC files. The first byte says how the input is cut, the rest is the file. Any division gives the same records or the same error, blocks keep to their limit, and what was read can be written and
// read again.
#include "fuzz/check.hpp"

#include <weft/crawler/warc/warc_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace weft::crawler;

namespace {

struct Result {
  std::vector<WarcRecord> records;
  bool truncated = false;
  std::uint64_t whole = 0;
  std::string error;
};

constexpr std::size_t kMaxBlock = 2048;

Result read(std::string_view bytes, std::size_t piece) {
  WarcLimits limits;
  limits.maxHeading = 256;
  limits.maxFields = 8;
  limits.maxBlock = kMaxBlock;
  WarcReader reader("input", [&](char* to, std::size_t size) {
    const std::size_t count = std::min({size, piece, bytes.size()});
    std::memcpy(to, bytes.data(), count);
    bytes.remove_prefix(count);
    return count;
  }, limits);
  Result result;
  try {
    while (auto record = reader.next()) result.records.push_back(std::move(*record));
  } catch (const WarcError& error) {
    result.error = error.what();
  }
  result.truncated = reader.truncated();
  result.whole = reader.wholeUntil();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Result whole = read(file, SIZE_MAX), pieces = read(file, data[0] + std::size_t{1});
  FUZZ_CHECK(whole.error == pieces.error);
  FUZZ_CHECK(whole.truncated == pieces.truncated);
  FUZZ_CHECK(whole.whole == pieces.whole && whole.whole <= file.size());
  FUZZ_CHECK(whole.records.size() == pieces.records.size());
  for (std::size_t i = 0; i < whole.records.size(); ++i) {
    const WarcRecord& record = whole.records[i];
    FUZZ_CHECK(record.block == pieces.records[i].block && record.fields == pieces.records[i].fields && record.offset == pieces.records[i].offset);
    FUZZ_CHECK(record.block.size() <= kMaxBlock && record.fields.size() <= 8);
    const std::string text = record.text();
    if (record.cut || text.size() - record.block.size() > 256) continue;
    const Result again = read(text, SIZE_MAX);
    FUZZ_CHECK(again.records.size() == 1 && again.records[0].block == record.block && again.records[0].fields == record.fields);
  }
  return 0;
}
