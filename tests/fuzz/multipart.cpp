// Forms with files. The first byte says how the body is cut, the next line is the boundary, the rest is the body. Any division gives the same parts or the same kind of error, and what was read can be
// written and read again.
#include "fuzz/check.hpp"

#include <weft/http/forms/multipart_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace weft::http;
using Event = MultipartReader::Event;

namespace {

struct Result {
  std::vector<std::string> heads, parts;
  std::size_t ended = 0;
  int error = 0;                                       // a status
  friend bool operator==(const Result&, const Result&) = default;
};

constexpr std::size_t kHeadBytes = 64;

MultipartReader::Limits smallLimits(std::size_t headBytes) {
  MultipartReader::Limits limits;
  limits.maxParts = 8;
  limits.maxHeadBytes = headBytes;
  limits.maxHeaders = 4;
  return limits;
}

Result read(std::string_view boundary, std::string_view body, std::size_t piece, std::size_t headBytes = kHeadBytes) {
  Result result;
  try {
    MultipartReader reader(boundary, smallLimits(headBytes));
    for (std::size_t at = 0; at < body.size(); at += piece) {
      reader.feed(body.substr(at, piece));
      for (Event event = reader.next(); event != Event::More && event != Event::End; event = reader.next()) {
        if (event == Event::Part) {
          result.heads.emplace_back(reader.headers().wire());
          result.parts.emplace_back();
        } else if (event == Event::Data) {
          FUZZ_CHECK(!reader.data().empty());
          result.parts.back() += reader.data();
        } else {
          ++result.ended;
          FUZZ_CHECK(result.ended == result.parts.size());
        }
      }
      FUZZ_CHECK(reader.offset() <= at + std::min(piece, body.size() - at));
    }
    reader.finish();
    FUZZ_CHECK(reader.offset() == body.size());
  } catch (const weft::http::StatusError& error) {
    result.error = error.status;
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view boundary = input.substr(0, input.find('\n'));
  const std::string_view body = input.substr(std::min(boundary.size() + 1, input.size()));
  const Result whole = read(boundary, body, body.size() + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{data[0]} + 1}) {
    const Result cut = read(boundary, body, piece);
    FUZZ_CHECK(cut.error == whole.error);
    if (whole.error == 0) FUZZ_CHECK(cut == whole);
  }
  if (whole.error != 0) return 0;
  std::string again;
  for (std::size_t i = 0; i < whole.parts.size(); ++i) again.append("--").append(boundary).append("\r\n").append(whole.heads[i]).append("\r\n").append(whole.parts[i]).append("\r\n");
  again.append("--").append(boundary).append("--\r\n");
  FUZZ_CHECK(read(boundary, again, again.size(), 2 * kHeadBytes) == whole);        // "A:b" has become "A: b"
  return 0;
}
