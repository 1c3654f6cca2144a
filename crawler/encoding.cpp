#include <weft/crawler/encoding.hpp>

#include <weft/crawler/html/utf8.hpp>
#include <weft/http/headers.hpp>

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

namespace weft::crawler {

namespace {

struct Label {
  std::string_view label, name;
};

// The labels that pages really use; names are those of the WHATWG standard, in lower case.
constexpr Label kLabels[] = {
    {"utf-8", "utf-8"},               {"utf8", "utf-8"},                 {"unicode-1-1-utf-8", "utf-8"},   {"iso-8859-1", "windows-1252"},
    {"iso8859-1", "windows-1252"},    {"iso_8859-1", "windows-1252"},    {"latin1", "windows-1252"},       {"latin-1", "windows-1252"},
    {"l1", "windows-1252"},           {"ascii", "windows-1252"},         {"us-ascii", "windows-1252"},     {"cp1252", "windows-1252"},
    {"windows-1252", "windows-1252"}, {"x-cp1252", "windows-1252"},      {"iso-8859-2", "iso-8859-2"},     {"latin2", "iso-8859-2"},
    {"iso-8859-3", "iso-8859-3"},     {"iso-8859-4", "iso-8859-4"},      {"iso-8859-5", "iso-8859-5"},     {"cyrillic", "iso-8859-5"},
    {"iso-8859-6", "iso-8859-6"},     {"arabic", "iso-8859-6"},          {"iso-8859-7", "iso-8859-7"},     {"greek", "iso-8859-7"},
    {"iso-8859-8", "iso-8859-8"},     {"hebrew", "iso-8859-8"},          {"iso-8859-9", "windows-1254"},   {"latin5", "windows-1254"},
    {"iso-8859-10", "iso-8859-10"},   {"iso-8859-11", "windows-874"},    {"iso-8859-13", "iso-8859-13"},   {"iso-8859-14", "iso-8859-14"},
    {"iso-8859-15", "iso-8859-15"},   {"latin9", "iso-8859-15"},         {"iso-8859-16", "iso-8859-16"},   {"koi8-r", "koi8-r"},
    {"koi8", "koi8-r"},               {"koi8-u", "koi8-u"},              {"macintosh", "macintosh"},       {"windows-874", "windows-874"},
    {"tis-620", "windows-874"},       {"windows-1250", "windows-1250"},  {"cp1250", "windows-1250"},       {"windows-1251", "windows-1251"},
    {"cp1251", "windows-1251"},       {"windows-1253", "windows-1253"},  {"cp1253", "windows-1253"},       {"windows-1254", "windows-1254"},
    {"cp1254", "windows-1254"},       {"windows-1255", "windows-1255"},  {"cp1255", "windows-1255"},       {"windows-1256", "windows-1256"},
    {"cp1256", "windows-1256"},       {"windows-1257", "windows-1257"},  {"cp1257", "windows-1257"},       {"windows-1258", "windows-1258"},
    {"cp1258", "windows-1258"},       {"ibm866", "ibm866"},              {"cp866", "ibm866"},              {"gbk", "gb18030"},
    {"gb2312", "gb18030"},            {"gb18030", "gb18030"},            {"x-gbk", "gb18030"},             {"big5", "big5"},
    {"big5-hkscs", "big5"},           {"euc-jp", "euc-jp"},              {"x-euc-jp", "euc-jp"},           {"shift_jis", "shift_jis"},
    {"shift-jis", "shift_jis"},       {"sjis", "shift_jis"},             {"x-sjis", "shift_jis"},          {"windows-31j", "shift_jis"},
    {"iso-2022-jp", "iso-2022-jp"},   {"euc-kr", "euc-kr"},              {"ks_c_5601-1987", "euc-kr"},     {"korean", "euc-kr"},
    {"windows-949", "euc-kr"},        {"utf-16", "utf-16le"},            {"utf-16le", "utf-16le"},         {"unicode", "utf-16le"},
    {"utf-16be", "utf-16be"},
};

// What windows-1252 has at 0x80 to 0x9F; the five that it leaves open are the control characters of that number.
constexpr char16_t kWindows1252[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                       0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                       0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

bool isSpace(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

std::size_t findIgnoringCase(std::string_view text, std::string_view wanted, std::size_t from = 0) noexcept {
  for (std::size_t i = from; i + wanted.size() <= text.size(); ++i)
    if (http::equalIgnoringCase(text.substr(i, wanted.size()), wanted)) return i;
  return std::string_view::npos;
}

// The value after "charset" and "=", wherever it stands in `text`. WHATWG HTML, "extracting a character encoding from a meta element".
std::string_view charsetIn(std::string_view text) noexcept {
  for (std::size_t at = 0; (at = findIgnoringCase(text, "charset", at)) != std::string_view::npos;) {
    at += 7;
    std::size_t i = at;
    while (i < text.size() && isSpace(text[i])) ++i;
    if (i >= text.size() || text[i] != '=') continue;
    ++i;
    while (i < text.size() && isSpace(text[i])) ++i;
    if (i < text.size() && (text[i] == '"' || text[i] == '\'')) {
      const std::size_t end = text.find(text[i], i + 1);
      return end == std::string_view::npos ? std::string_view() : text.substr(i + 1, end - i - 1);
    }
    std::size_t end = i;
    while (end < text.size() && !isSpace(text[end]) && text[end] != ';' && text[end] != '>' && text[end] != '"' && text[end] != '\'') ++end;
    return text.substr(i, end - i);
  }
  return {};
}

// What the head of the page says of itself: <meta ... charset=...>, or <?xml ... encoding="...">. Comments do not count.
std::string_view declaredEncoding(std::string_view body) noexcept {
  std::string_view head = body.substr(0, 4096);
  if (head.starts_with("<?xml")) {
    const std::string_view declaration = head.substr(0, head.find("?>"));
    const std::size_t at = declaration.find("encoding");
    if (at != std::string_view::npos) {
      const std::size_t quote = declaration.find_first_of("\"'", at);
      if (quote != std::string_view::npos) {
        const std::size_t end = declaration.find(declaration[quote], quote + 1);
        if (end != std::string_view::npos) {
          if (const auto name = encodingForLabel(declaration.substr(quote + 1, end - quote - 1)); !name.empty()) return name;
        }
      }
    }
  }
  for (std::size_t at = 0; (at = head.find('<', at)) != std::string_view::npos; ++at) {
    if (head.substr(at, 4) == "<!--") {
      at = head.find("-->", at + 4);
      if (at == std::string_view::npos) break;
    } else if (http::equalIgnoringCase(head.substr(at, 5), "<meta") && at + 5 < head.size() && (isSpace(head[at + 5]) || head[at + 5] == '/')) {
      const std::size_t end = std::min(head.find('>', at), head.size());
      const std::string_view name = encodingForLabel(charsetIn(head.substr(at, end - at)));
      if (name.starts_with("utf-16")) return "utf-8";  // it could not have been read so far if it were
      if (!name.empty()) return name;
    }
  }
  return {};
}

void appendWindows1252(std::string& out, std::string_view bytes) {
  out.reserve(out.size() + bytes.size() + bytes.size() / 8);
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) out += c;
    else html::appendUtf8(out, byte < 0xA0 ? kWindows1252[byte - 0x80] : byte);
  }
}

struct CloseConverter {
  void operator()(void* converter) const noexcept { iconv_close(static_cast<iconv_t>(converter)); }
};

// By the C library's converters. False when it has none of that name.
bool appendConverted(std::string& out, std::string_view bytes, std::string_view encoding) {
  const std::string name = encoding == "shift_jis" ? "CP932" : encoding == "euc-kr" ? "CP949" : encoding == "big5" ? "BIG5-HKSCS"
                         : encoding == "windows-874" ? "CP874" : std::string(encoding);
  const iconv_t opened = iconv_open("UTF-8", name.c_str());
  if (opened == reinterpret_cast<iconv_t>(-1)) return false;
  const std::unique_ptr<void, CloseConverter> converter(opened);
  const std::size_t step = encoding.starts_with("utf-16") ? 2 : 1;
  char* in = const_cast<char*>(bytes.data());          // iconv's signature; it does not write
  std::size_t left = bytes.size();
  std::array<char, 8192> buffer;
  while (left) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t result = iconv(opened, &in, &left, &to, &room);
    const int error = errno;
    out.append(buffer.data(), buffer.size() - room);
    if (result != static_cast<std::size_t>(-1) || error == E2BIG) continue;
    html::appendUtf8(out, 0xFFFD);                      // one for each byte that means nothing, or for a cut end
    const std::size_t skip = std::min(step, left);
    in += skip;
    left -= skip;
    if (error == EINVAL) break;
  }
  return true;
}

}  // namespace

std::string_view encodingForLabel(std::string_view label) noexcept {
  while (!label.empty() && isSpace(label.front())) label.remove_prefix(1);
  while (!label.empty() && isSpace(label.back())) label.remove_suffix(1);
  for (const Label& known : kLabels)
    if (http::equalIgnoringCase(known.label, label)) return known.name;
  return {};
}

std::string_view encodingOfContentType(std::string_view contentType) noexcept {
  const std::size_t parameters = contentType.find(';');
  if (parameters == std::string_view::npos) return {};
  return encodingForLabel(charsetIn(contentType.substr(parameters)));
}

bool isPlainAscii(std::string_view bytes) noexcept {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  std::uint64_t high = 0, word;
  for (; end - p >= 32; p += 32) {
    for (int i = 0; i < 4; ++i) {
      std::memcpy(&word, p + 8 * i, sizeof word);
      high |= word;
    }
    if (high & 0x8080808080808080) return false;
  }
  for (; p != end; ++p) high |= static_cast<unsigned char>(*p);
  return !(high & 0x8080808080808080) && (bytes.empty() || !std::memchr(bytes.data(), 0x1B, bytes.size()));
}

std::string_view encodingOf(std::string_view body, std::string_view contentType) noexcept {
  if (body.starts_with("\xEF\xBB\xBF")) return "utf-8";
  if (body.starts_with("\xFF\xFE")) return "utf-16le";
  if (body.starts_with("\xFE\xFF")) return "utf-16be";
  if (const auto name = encodingOfContentType(contentType); !name.empty()) return name;
  if (const auto name = declaredEncoding(body); !name.empty()) return name;
  return html::isUtf8(body) ? "utf-8" : "windows-1252";
}

void appendDecoded(std::string& out, std::string_view bytes, std::string_view encoding) {
  if (encoding == "utf-8") {
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    html::appendMended(out, bytes);
    return;
  }
  if (encoding.starts_with("utf-16") && (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))) bytes.remove_prefix(2);
  if (encoding == "windows-1252" || !appendConverted(out, bytes, encoding)) appendWindows1252(out, bytes);
}

}  // namespace weft::crawler
