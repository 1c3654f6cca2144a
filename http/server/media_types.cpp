#include <weft/http/server/media_types.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/headers.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace weft::http {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

// Sorted. From IANA's registry and the WHATWG's standards; what is not here goes as octets.
constexpr auto kKnownTypes = std::to_array<Entry>({
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"br", "application/x-brotli"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/plain; charset=utf-8"},
    {"cc", "text/plain; charset=utf-8"},
    {"cpp", "text/plain; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"h", "text/plain; charset=utf-8"},
    {"hpp", "text/plain; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/vnd.microsoft.icon"},
    {"ics", "text/calendar; charset=utf-8"},
    {"ini", "text/plain; charset=utf-8"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"jsonl", "application/jsonl"},
    {"jsonld", "application/ld+json"},
    {"jxl", "image/jxl"},
    {"log", "text/plain; charset=utf-8"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mkv", "video/matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"py", "text/plain; charset=utf-8"},
    {"rar", "application/vnd.rar"},
    {"rss", "application/rss+xml"},
    {"rst", "text/plain; charset=utf-8"},
    {"rtf", "application/rtf"},
    {"sh", "text/plain; charset=utf-8"},
    {"sql", "application/sql"},
    {"svg", "image/svg+xml"},
    {"svgz", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"toml", "application/toml"},
    {"ts", "video/mp2t"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xsl", "application/xslt+xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
});
constexpr std::size_t kLongest = 15;                   // letters of an extension that is looked for

using weft::detail::lower;

}  // namespace

MediaTypes& MediaTypes::add(std::string_view extension, std::string_view type) {
  if (extension.starts_with('.')) extension.remove_prefix(1);
  static_cast<void>(Headers().add("Content-Type", type));          // refuses what may not be sent
  std::string key;
  for (const char c : extension) key.push_back(lower(c));
  added_.insert_or_assign(std::move(key), std::string(type));
  return *this;
}

std::string_view MediaTypes::of(std::string_view fileName) const noexcept {
  const std::string_view name = fileName.substr(fileName.rfind('/') + 1);
  for (std::size_t dot = name.find('.'); !added_.empty() && dot != std::string_view::npos; dot = name.find('.', dot + 1)) {      // the longest first: "tar.gz"
    const auto same = [&](const auto& entry) { return equalIgnoringCase(entry.first, name.substr(dot + 1)); };
    if (const auto found = std::find_if(added_.begin(), added_.end(), same); found != added_.end()) return found->second;
  }
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot - 1 > kLongest) return kUnknown;
  std::array<char, kLongest> letters;
  const auto end = std::transform(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(), letters.begin(), lower);
  const std::string_view extension(letters.data(), static_cast<std::size_t>(end - letters.begin()));
  const auto found = std::lower_bound(kKnownTypes.begin(), kKnownTypes.end(), extension, [](const Entry& entry, std::string_view key) { return entry.first < key; });
  return found != kKnownTypes.end() && found->first == extension ? found->second : kUnknown;
}

}  // namespace weft::http
