#include <weft/http/server/static_files.hpp>

#include <weft/core/log.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/header_values/byte_range.hpp>
#include <weft/http/header_values/entity_tag.hpp>
#include <weft/http/header_values/quality_list.hpp>
#include <weft/http/internal/body_files.hpp>
#include <weft/http/internal/file_parts.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/http/percent_encoding.hpp>
#include <weft/http/server/internal/listing.hpp>
#include <weft/http/server/internal/served_folder.hpp>
#include <weft/http/server/resource.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace weft::http {
namespace {

using detail::FilePart;
using detail::FileParts;
using detail::OpenedFile;
using detail::ServedFolder;
using detail::ServedPath;

constexpr std::uint64_t kSmall = 16 * 1024;            // read into memory: a copy costs less than a second system call

struct Sibling {
  std::string_view coding, extension;
};
constexpr std::array<Sibling, 3> kSiblings{{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}};

// The part of the path that is below where the folder stands: "" or what begins with a slash. The path itself counts, and not what a router has decoded: an encoded slash is none.
std::optional<std::string_view> pathBelow(const Request& request, const std::optional<std::string>& mount) {
  const std::string_view path = request.url.path();
  if (mount) return path.starts_with(*mount) ? std::optional(path.substr(mount->size())) : std::nullopt;
  if (request.pathValues.empty()) return path;
  const std::string& value = request.pathValues.back().second;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
    if (percentDecode(path.substr(slash + 1)) == value) return path.substr(slash);
  return value.empty() ? std::optional(std::string_view()) : std::nullopt;
}

// The codings that the client wants, the best first. RFC 9110 section 12.5.3.
std::vector<std::string_view> wantedCodings(const Request& request) {
  std::vector<std::string_view> wanted;
  if (!request.headers.has("Accept-Encoding")) return wanted;
  const auto list = parseQualityList(request.headers.getCombined("Accept-Encoding"));
  const auto quality = [&list](std::string_view coding) { return list.empty() ? 0 : qualityOf(list, coding); };
  const int plain = quality("identity");
  for (const Sibling& sibling : kSiblings)
    if (quality(sibling.coding) > 0 && quality(sibling.coding) >= plain) wanted.push_back(sibling.coding);
  std::stable_sort(wanted.begin(), wanted.end(), [&](std::string_view a, std::string_view b) { return quality(a) > quality(b); });
  return wanted;
}

// Strong: another size, time (in nanoseconds) or file is another tag. RFC 9110 section 8.8.3.
std::string tagOf(const struct stat& facts) {
  std::string tag;
  tag.reserve(3 * 17);
  const auto append = [&tag](std::uint64_t number) {
    std::array<char, 16> digits;
    if (!tag.empty()) tag.push_back('-');
    tag.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr);
  };
  append(static_cast<std::uint64_t>(facts.st_size));
  append(static_cast<std::uint64_t>(facts.st_mtim.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(facts.st_mtim.tv_nsec));
  append(static_cast<std::uint64_t>(facts.st_ino));
  return tag;
}

bool isNewer(const struct stat& a, const struct stat& b) noexcept {
  return std::pair(a.st_mtim.tv_sec, a.st_mtim.tv_nsec) > std::pair(b.st_mtim.tv_sec, b.st_mtim.tv_nsec);
}

}  // namespace

struct StaticFiles::Folder {
  Folder(std::string path, StaticFilesOptions given) : options(std::move(given)), files(std::move(path), options.outsideLinks) {
    while (options.mount && options.mount->ends_with('/')) options.mount->pop_back();
    if (options.maxAge) cacheControl = "max-age=" + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(options.maxAge->value()).count());
  }

  StaticFilesOptions options;
  ServedFolder files;
  std::string cacheControl;
};

struct StaticFiles::Found {
  enum class Kind : unsigned char { File, Listing, Redirect, Missing, Forbidden, Failed, WouldWait };

  Kind kind = Kind::Missing;
  OpenedFile opened;
  std::string_view coding;                             // of a sibling; empty: the file itself
  std::string name;                                    // of the file that was asked for
  std::string listing;                                 // its page

  static Found failed(const OpenedFile& opened) {
    Found found;
    if (opened.wouldWait) {
      found.kind = Kind::WouldWait;
      return found;
    }
    switch (opened.error) {
      case ENOENT:
      case ENOTDIR:
      case ELOOP:
      case EXDEV:                                      // it would lead out of the folder
      case ENAMETOOLONG:
      case ENXIO:
      case ENODEV: break;
      case EACCES:
      case EPERM: found.kind = Kind::Forbidden; break;
      default: found.kind = Kind::Failed;
    }
    found.opened.error = opened.error;
    return found;
  }
};

StaticFiles::StaticFiles(std::string folder, StaticFilesOptions options) : folder_(std::make_shared<const Folder>(std::move(folder), std::move(options))) {}

Deferred<Response> StaticFiles::operator()(Request request) const {
  if (request.method() != "GET" && request.method() != "HEAD") {
    Response refused = errorResponse(405);
    refused.headers.add("Allow", "GET, HEAD");
    return succeed(std::move(refused));
  }
  std::optional<ServedPath> path;
  if (const auto below = pathBelow(request, folder_->options.mount)) path = ServedPath::of(*below, folder_->options.dotFiles);
  if (!path) return succeed(errorResponse(404));
  std::vector<std::string_view> codings;
  if (folder_->options.precompressed) codings = wantedCodings(request);
  Found found = find(*folder_, *path, codings, false);
  if (found.kind != Found::Kind::WouldWait) return succeed(answer(*folder_, request, *path, std::move(found)));
  return detail::onFileThread([folder = folder_, path = *path, codings = std::move(codings)] { return find(*folder, path, codings, true); })
      .addCallback([folder = folder_, request = std::move(request), path = *path](Found late) { return answer(*folder, request, path, std::move(late)); });
}

// What the path leads to. Blocks with `wait`.
StaticFiles::Found StaticFiles::find(const Folder& folder, const ServedPath& path, const std::vector<std::string_view>& codings, bool wait) {
  const auto waiting = wait ? ServedFolder::Wait::Yes : ServedFolder::Wait::No;
  Found found;
  std::string name = path.path;
  found.opened = folder.files.open(name, waiting);
  if (!found.opened.file) return Found::failed(found.opened);
  if (found.opened.isFolder()) {
    if (!path.slash) {
      found.kind = Found::Kind::Redirect;
      return found;
    }
    OpenedFile index;
    for (const std::string& indexName : folder.options.indexNames) {
      name = path.path.empty() ? indexName : path.path + '/' + indexName;
      index = folder.files.open(name, waiting);
      if (index.isFile()) break;
      if (!index.file && index.error != ENOENT) return Found::failed(index);
      index.file.close();
    }
    if (!index.isFile()) {
      found.kind = !folder.options.listings ? Found::Kind::Forbidden : wait ? Found::Kind::Listing : Found::Kind::WouldWait;
      if (found.kind != Found::Kind::Listing) return found;
      const std::string title = path.path.empty() ? "/" : '/' + path.path + '/';
      const auto listing = listFolder(folder.files, std::move(found.opened), path.path, folder.options.dotFiles, folder.options.maxListed);
      found.listing = listingPage(title, !path.path.empty(), listing);
      return found;
    }
    found.opened = std::move(index);
  } else if (!found.opened.isFile() || path.slash) {
    return Found();
  }
  for (const std::string_view coding : codings) {
    const auto sibling = std::find_if(kSiblings.begin(), kSiblings.end(), [coding](const Sibling& one) { return one.coding == coding; });
    OpenedFile coded = folder.files.open(name + std::string(sibling->extension), waiting);
    if (coded.wouldWait) return Found::failed(coded);
    if (!coded.isFile() || isNewer(found.opened.facts, coded.facts)) continue;
    found.opened = std::move(coded);
    found.coding = coding;
    break;
  }
  found.kind = Found::Kind::File;
  found.name = std::move(name);
  return found;
}

Response StaticFiles::answer(const Folder& folder, const Request& request, const ServedPath& path, Found found) {
  switch (found.kind) {
    case Found::Kind::File: return sendFile(folder, request, std::move(found));
    case Found::Kind::Redirect: {
      std::string location(request.url.path());        // which has no empty segments: it cannot begin with "//" and name another host
      location.append("/");
      if (request.url.hasQuery()) location.append("?").append(request.url.query());
      return errorResponse(301).setHeader("Location", location);
    }
    case Found::Kind::Listing: {
      Response response(200, std::move(found.listing), "text/html; charset=utf-8");
      response.headers.add("Cache-Control", "no-cache").add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
      return response;
    }
    case Found::Kind::Forbidden: return errorResponse(403);
    case Found::Kind::Failed:
      if (found.opened.error == EMFILE || found.opened.error == ENFILE || found.opened.error == ENOMEM || found.opened.error == EAGAIN) {
        kServerLog.warning(FileError("opening", folder.files.path() + '/' + path.path, found.opened.error).what(), ": answered with 503");
        return errorResponse(503);
      }
      throw FileError("opening", folder.files.path() + '/' + path.path, found.opened.error);
    case Found::Kind::Missing:
    case Found::Kind::WouldWait: break;
  }
  return errorResponse(404);
}

Response StaticFiles::sendFile(const Folder& folder, const Request& request, Found found) {
  const struct stat& facts = found.opened.facts;
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  EntityTag tag;
  tag.tag = tagOf(facts);
  const Date now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const Date modified = std::min(Date(std::chrono::seconds(facts.st_mtim.tv_sec)), now);      // RFC 9110 section 8.8.2.1

  const auto describe = [&](Response& response) {
    response.headers.add("ETag", tag.toString()).add("Last-Modified", formatDate(modified));
    if (!folder.cacheControl.empty()) response.headers.add("Cache-Control", folder.cacheControl);
    if (folder.options.precompressed) response.headers.add("Vary", "Accept-Encoding");
  };
  switch (evaluatePreconditions(request.headers, request.method(), tag, modified)) {
    case Precondition::Failed: return errorResponse(412);
    case Precondition::NotModified: {
      Response response(304);
      describe(response);
      return response;
    }
    case Precondition::Proceed: break;
  }

  const std::string_view type = folder.options.types.of(found.name);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;          // first and last byte
  bool partial = false;
  if (request.method() == "GET" && request.headers.has("Range") && rangeApplies(request.headers, tag, modified)) {
    if (const auto ranges = parseRange(request.headers.get("Range", ""), folder.options.maxRanges)) {
      std::uint64_t wanted = 0;
      for (const ByteRange& range : *ranges) {
        if (const auto part = range.within(size)) {
          parts.push_back(*part);
          wanted += part->second - part->first + 1;
        }
      }
      if (parts.empty()) return errorResponse(416).setHeader("Content-Range", ContentRange::unsatisfied(size).toString());
      partial = parts.size() == 1 || wanted <= size;                   // overlapping ones are no less than the whole: RFC 9110 section 14.2
    }
  }

  Response response(partial ? 206 : 200);
  describe(response);
  response.headers.add("Accept-Ranges", "bytes");
  if (!found.coding.empty()) response.headers.add("Content-Encoding", found.coding);
  std::vector<FilePart> pieces;
  std::string end;
  if (!partial) {
    response.headers.add("Content-Type", type);
    if (request.method() == "HEAD") {
      response.headers.add("Content-Length", std::to_string(size));
      return response;
    }
    std::string bytes;
    if (size <= kSmall && detail::readAtOnce(found.opened.file, 0, static_cast<std::size_t>(size), bytes)) {
      response.body = Body(std::move(bytes));
      return response;
    }
    pieces.push_back({{}, 0, size});
  } else if (parts.size() == 1) {
    const auto [first, last] = parts.front();
    response.headers.add("Content-Type", type).add("Content-Range", ContentRange(first, last, size).toString());
    pieces.push_back({{}, first, last - first + 1});
  } else {
    // RFC 9110 section 14.6.
    const std::string boundary = Multipart().boundary();
    response.headers.add("Content-Type", "multipart/byteranges; boundary=" + boundary);
    for (const auto& [first, last] : parts) {
      std::string head = "\r\n--" + boundary + "\r\nContent-Type: ";
      head.append(type).append("\r\nContent-Range: ").append(ContentRange(first, last, size).toString()).append("\r\n\r\n");
      pieces.push_back({std::move(head), first, last - first + 1});
    }
    end = "\r\n--" + boundary + "--\r\n";
  }
  response.setBody(std::make_shared<FileParts>(std::move(found.opened.file), folder.files.path() + '/' + found.name, std::move(pieces), std::move(end)));
  return response;
}

}  // namespace weft::http
