#include <weft/http/server/internal/listing.hpp>

#include <weft/http/file_error.hpp>
#include <weft/http/html_escape.hpp>
#include <weft/http/percent_encoding.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <tuple>
#include <utility>

#include <dirent.h>
#include <fcntl.h>

namespace weft::http::detail {
namespace {

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.25rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}"
    "th{text-align:left;font-weight:600}th,td{padding:.25rem .5rem;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}"
    "td:first-child{overflow-wrap:anywhere}"
    "td:nth-child(n+2),th:nth-child(n+2){text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
    "a{text-decoration:none}a:hover,a:focus-visible{text-decoration:underline}";

std::string sizeText(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  static constexpr std::array<const char*, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string timeText(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
  return text.data();
}

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

}  // namespace

Listing listFolder(const ServedFolder& root, OpenedFile folder, const std::string& path, bool dotFiles, std::size_t most) {
  const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(folder.file.get()));
  if (!entries) throw FileError("reading", root.path() + '/' + path, errno);
  static_cast<void>(folder.file.release());            // closedir() closes it
  Listing listing;
  while (const dirent* const entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    std::string encoded = "/";
    if (!path.empty()) encoded += "folder/";           // dots at the start of a path are another matter than further on
    appendPercentEncoded(encoded, name, PercentEncodeSet::Component);
    if (!ServedPath::of(encoded, dotFiles)) continue;
    struct stat facts {};
    if (::fstatat(::dirfd(entries.get()), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;       // it has gone meanwhile
    if (S_ISLNK(facts.st_mode)) {
      const OpenedFile target = root.open(path.empty() ? std::string(name) : path + '/' + std::string(name), ServedFolder::Wait::Yes);
      if (!target.file) continue;
      facts = target.facts;
    }
    if (!S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode)) continue;
    if (listing.files.size() == most) {
      listing.cut = true;
      break;
    }
    listing.files.push_back({std::string(name), static_cast<std::uint64_t>(facts.st_size), static_cast<std::int64_t>(facts.st_mtim.tv_sec), S_ISDIR(facts.st_mode)});
  }
  std::sort(listing.files.begin(), listing.files.end(), [](const ListedFile& a, const ListedFile& b) { return std::tie(b.isFolder, a.name) < std::tie(a.isFolder, b.name); });
  return listing;
}

std::string listingPage(std::string_view title, bool hasParent, const Listing& listing) {
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>";
  appendHtmlEscaped(page, title);
  page.append("</title>\n<style>").append(kStyle).append("</style>\n</head>\n<body>\n<h1>");
  appendHtmlEscaped(page, title);
  page += "</h1>\n<table>\n<thead><tr><th>Name</th><th>Size</th><th>Changed (UTC)</th></tr></thead>\n<tbody>\n";
  if (hasParent) page += "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n";
  for (const ListedFile& file : listing.files) {
    const char* const slash = file.isFolder ? "/" : "";
    page += "<tr><td><a href=\"";
    appendPercentEncoded(page, file.name, PercentEncodeSet::Component);
    page.append(slash).append("\">");
    appendHtmlEscaped(page, file.name);
    page.append(slash).append("</a></td><td>").append(file.isFolder ? std::string() : sizeText(file.size));
    page.append("</td><td>").append(timeText(file.modified)).append("</td></tr>\n");
  }
  page += "</tbody>\n</table>\n";
  if (listing.cut) page += "<p>There are more than these " + std::to_string(listing.files.size()) + ".</p>\n";
  else if (listing.files.empty()) page += "<p>Nothing here.</p>\n";
  return page += "</body>\n</html>\n";
}

}  // namespace weft::http::detail
