#include <weft/crawler/response_class.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::pair<std::string_view, ResponseClass> kExtensions[] = {
    {"html", ResponseClass::Html}, {"htm", ResponseClass::Html},  {"xhtml", ResponseClass::Html}, {"xht", ResponseClass::Html}, {"xml", ResponseClass::Xml},
    {"rss", ResponseClass::Xml},   {"atom", ResponseClass::Xml},  {"rdf", ResponseClass::Xml},    {"xsl", ResponseClass::Xml},  {"wsdl", ResponseClass::Xml},
    {"json", ResponseClass::Json}, {"js", ResponseClass::Text},   {"mjs", ResponseClass::Text},   {"txt", ResponseClass::Text}, {"css", ResponseClass::Text},
    {"csv", ResponseClass::Text},  {"tsv", ResponseClass::Text},  {"md", ResponseClass::Text},    {"c", ResponseClass::Text},   {"h", ResponseClass::Text},
    {"py", ResponseClass::Text},   {"bat", ResponseClass::Text},  {"ics", ResponseClass::Text},   {"vcf", ResponseClass::Text}, {"rtx", ResponseClass::Text},
};

bool startsWith(std::string_view text, std::string_view with) noexcept { return text.size() >= with.size() && http::equalIgnoringCase(text.substr(0, with.size()), with); }
bool endsWith(std::string_view text, std::string_view with) noexcept {
  return text.size() >= with.size() && http::equalIgnoringCase(text.substr(text.size() - with.size()), with);
}

std::optional<ResponseClass> byMediaType(std::string_view type) noexcept {
  type = http::trimmed(type.substr(0, type.find(';')));
  if (http::equalIgnoringCase(type, "text/html") || endsWith(type, "xhtml+xml")) return ResponseClass::Html;
  if (endsWith(type, "/xml") || endsWith(type, "+xml")) return startsWith(type, "image/") ? std::nullopt : std::optional(ResponseClass::Xml);
  if (endsWith(type, "/json") || endsWith(type, "+json") || endsWith(type, "/x-json") || endsWith(type, "/json-amazonui-streaming")) return ResponseClass::Json;
  if (startsWith(type, "text/") || endsWith(type, "/javascript") || endsWith(type, "/x-javascript")) return ResponseClass::Text;
  return std::nullopt;
}

std::optional<ResponseClass> byName(std::string_view name) noexcept {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.find('/', dot) != std::string_view::npos) return std::nullopt;
  for (const auto& [extension, kind] : kExtensions)
    if (http::equalIgnoringCase(name.substr(dot + 1), extension)) return kind;
  return std::nullopt;
}

std::string_view fileName(std::string_view disposition) noexcept {
  for (std::size_t at = disposition.find(';'); at != std::string_view::npos; at = disposition.find(';', at + 1)) {
    std::string_view part = http::trimmed(disposition.substr(at + 1, disposition.find(';', at + 1) - at - 1));
    if (!startsWith(part, "filename")) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    part = http::trimmed(part.substr(equals + 1));
    while (!part.empty() && (part.front() == '"' || part.front() == '\'')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == '"' || part.back() == '\'')) part.remove_suffix(1);
    return part;
  }
  return {};
}

bool contains(std::string_view text, std::string_view tag) noexcept {
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1))
    if (startsWith(text.substr(at), tag)) return true;
  return false;
}

ResponseClass byBody(std::string_view body) noexcept {
  const std::string_view head = body.substr(0, 5000);
  for (char c : head) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 && c != '\0' && c != '\t' && c != '\n' && c != '\r' && c != '\f') return ResponseClass::Binary;
  }
  if (contains(head, "<html>")) return ResponseClass::Html;
  if (contains(head, "<?xml")) return ResponseClass::Xml;
  return contains(head, "<!doctype html") ? ResponseClass::Html : ResponseClass::Text;
}

}  // namespace

ResponseClass responseClassOf(const http::Headers& headers, std::string_view path, std::string_view body) noexcept {
  std::optional<ResponseClass> known;
  if (const auto type = headers.get("Content-Type"); type && !headers.has("Content-Encoding")) known = byMediaType(*type);
  if (!known)
    if (const auto disposition = headers.get("Content-Disposition")) known = byName(fileName(*disposition));
  if (!known) known = byName(path);
  return known ? *known : byBody(body);
}

}  // namespace weft::crawler
