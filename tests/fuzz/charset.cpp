// Texts. The first byte picks an encoding, or asks for it to be detected, the second the size of the pieces. What comes out is UTF-8, the same however it is cut, and not much longer.
#include "fuzz/check.hpp"

#include <weft/http/text/text_decoder.hpp>
#include <weft/http/text/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

using namespace weft::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::string_view kEncodings[] = {"utf-8",     "utf-16le",     "utf-16be",       "big5",        "euc-jp",    "euc-kr", "gb18030",
                                             "iso-2022-jp", "shift_jis",  "windows-1252",   "iso-8859-16", "koi8-u",    "x-user-defined", "replacement"};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t choice = data[0] % (std::size(kEncodings) + 1);
  if (choice == std::size(kEncodings)) {
    const std::string_view contentType = bytes.substr(0, bytes.find('\n'));
    const DecodedText page = decodeText(std::string(bytes), contentType);
    FUZZ_CHECK(isUtf8(page.text));
    FUZZ_CHECK(encodingForLabel(page.encoding) == page.encoding);
    return 0;
  }
  std::string whole;
  appendDecoded(whole, bytes, kEncodings[choice]);
  FUZZ_CHECK(isUtf8(whole));
  FUZZ_CHECK(whole.size() <= 3 * bytes.size() + 3);
  TextDecoder decoder(kEncodings[choice]);
  std::string pieces;
  const std::size_t step = 1 + data[1] % 16;
  for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(std::min(step, rest.size()))) {
    const std::string copy(rest.substr(0, step));
    decoder.feed(copy, pieces);
  }
  decoder.finish(pieces);
  FUZZ_CHECK(pieces == whole);
  return 0;
}
