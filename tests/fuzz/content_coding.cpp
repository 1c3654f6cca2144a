// Content codings. The first byte picks a list of codings, the second the size of the pieces; the rest is the body. However it is cut, the same bytes come out or an error does, and
// never more than the limit.
#include "fuzz/check.hpp"

#include <weft/http/content_coding/content_decoder.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace weft::http;

namespace {

constexpr std::size_t kLimit = 1 << 16;

struct Result {
  std::string text;
  bool failed = false;
};

Result decode(std::string_view coding, std::string_view bytes, std::size_t piece) {
  Result result;
  try {
    ContentDecoder decoder(coding, ContentDecoderOptions().setMaxBytes(kLimit).setMaxRatio(0));
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      const std::string copy(bytes.substr(0, piece));
      decoder.feed(copy, result.text);
    }
    decoder.finish();
  } catch (const Error&) {
    result.failed = true;
  }
  FUZZ_CHECK(result.text.size() <= kLimit);
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::string_view kCodings[] = {"gzip", "deflate", "br", "zstd", "gzip, br", "br, gzip", "deflate, zstd", "zstd, gzip, deflate"};
  const std::string_view coding = kCodings[data[0] % std::size(kCodings)];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Result whole = decode(coding, bytes, std::string_view::npos);
  const Result pieces = decode(coding, bytes, 1 + data[1] % 64);
  FUZZ_CHECK(whole.failed == pieces.failed);
  if (!whole.failed) FUZZ_CHECK(whole.text == pieces.text);
  return 0;
}
