#include <weft/http/header_values/content_disposition.hpp>

#include <weft/http/internal/field_reader.hpp>
#include <weft/http/internal/quoted_string.hpp>
#include <weft/http/internal/url_host.hpp>
#include <weft/http/percent_encoding.hpp>

#include <algorithm>

namespace weft::http {
namespace {

std::string latin1ToUtf8(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 63));
    }
  }
  return out;
}

std::string asUtf8(std::string_view text) { return detail::repairedUtf8(text) ? latin1ToUtf8(text) : std::string(text); }

// UTF-8''na%C3%AFve.txt; empty when it is none. RFC 8187 section 3.2.
std::string extendedValue(std::string_view text) {
  const std::size_t first = text.find('\'');
  const std::size_t second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  if (second == std::string_view::npos) return {};
  const std::string_view charset = text.substr(0, first);
  const std::string bytes = percentDecode(text.substr(second + 1));
  if (equalIgnoringCase(charset, "iso-8859-1")) return latin1ToUtf8(bytes);
  if (!equalIgnoringCase(charset, "utf-8") || detail::repairedUtf8(bytes)) return {};
  return bytes;
}

bool isAscii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void appendAsciiParameter(std::string& out, std::string_view name, std::string_view value) {
  std::string ascii(value);
  std::replace_if(ascii.begin(), ascii.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '_');
  out.append("; ").append(name).append("=");
  detail::appendQuotedString(out, ascii);
}

}  // namespace

ContentDisposition ContentDisposition::attachment(std::string fileName) {
  ContentDisposition result;
  result.type = "attachment";
  result.fileName = std::move(fileName);
  return result;
}

ContentDisposition ContentDisposition::parse(std::string_view text) {
  ContentDisposition result;
  detail::FieldReader reader(text);
  reader.skipSpace();
  result.type = detail::lowered(reader.token());
  if (result.type.empty()) return result;
  std::string plain, extended;
  bool hasPlain = false, hasName = false;
  for (reader.skipSpace(); reader.skip(';'); reader.skipSpace()) {
    reader.skipSpace();
    const std::string name = detail::lowered(reader.token());
    reader.skipSpace();
    if (!reader.skip('=')) {
      reader.until(";");
      continue;
    }
    reader.skipSpace();
    std::string value = reader.peek() == '"' ? reader.quotedString() : std::string(reader.until(";"));
    reader.until(";");                                   // what follows the quotes
    if (name == "filename" && !hasPlain) {
      plain = asUtf8(value);
      hasPlain = true;
    } else if (name == "filename*" && extended.empty()) {
      extended = extendedValue(value);
    } else if (name == "name" && !hasName) {
      result.name = asUtf8(value);
      hasName = true;
    }
  }
  result.fileName = extended.empty() ? std::move(plain) : std::move(extended);
  return result;
}

std::string ContentDisposition::toString() const {
  std::string text = isToken(type) ? type : "attachment";
  if (!name.empty()) appendAsciiParameter(text, "name", name);
  if (fileName.empty()) return text;
  appendAsciiParameter(text, "filename", fileName);
  if (isAscii(fileName)) return text;
  text += "; filename*=";
  detail::appendExtendedValue(text, detail::repairedUtf8(fileName).value_or(fileName));
  return text;
}

std::string ContentDisposition::safeFileName() const {
  const std::size_t slash = fileName.find_last_of("/\\");
  std::string safe;
  for (char c : std::string_view(fileName).substr(slash == std::string::npos ? 0 : slash + 1)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) continue;
    safe += std::string_view("<>:\"|?*").find(c) == std::string_view::npos ? c : '_';
  }
  safe.erase(0, safe.find_first_not_of(". "));           // npos: all of it
  if (safe.size() > 200) {
    std::size_t end = 200;
    while (end > 0 && (static_cast<unsigned char>(safe[end]) & 0xC0) == 0x80) --end;
    safe.resize(end);
  }
  while (safe.ends_with('.') || safe.ends_with(' ')) safe.pop_back();
  return safe;
}

}  // namespace weft::http
