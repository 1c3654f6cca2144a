#include <weft/http/percent_encoding.hpp>

#include <cstddef>

namespace weft::http {

void appendPercentEncoded(std::string& out, std::string_view text, PercentEncodeSet set) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto flags = [&](std::size_t ahead) { return detail::kPercentEncodeTable[static_cast<unsigned char>(text[i + ahead])]; };
    while (i + 4 <= text.size() && ((flags(0) | flags(1) | flags(2) | flags(3)) & static_cast<unsigned>(set)) == 0) i += 4;
    if (i == text.size()) break;
    if (!isIn(set, text[i])) [[likely]]
      continue;
    const auto byte = static_cast<unsigned char>(text[i]);
    const char encoded[3] = {'%', kHex[byte >> 4], kHex[byte & 15]};
    out.append(text, from, i - from).append(encoded, 3);
    from = i + 1;
  }
  out.append(text, from);
}

std::string percentEncode(std::string_view text, PercentEncodeSet set) {
  std::string out;
  out.reserve(text.size());
  appendPercentEncoded(out, text, set);
  return out;
}

void appendPercentDecoded(std::string& out, std::string_view text) {
  std::size_t from = 0;
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (i + 2 >= text.size()) break;
    const int high = detail::hexValue(text[i + 1]);
    const int low = detail::hexValue(text[i + 2]);
    if (high < 0 || low < 0) continue;
    out.append(text, from, i - from).push_back(static_cast<char>(high * 16 + low));
    from = i + 3;
    i += 2;
  }
  out.append(text, from);
}

std::string percentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  appendPercentDecoded(out, text);
  return out;
}

}  // namespace weft::http
