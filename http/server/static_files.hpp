// StaticFiles: serves what is in a folder.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/http/server/media_types.hpp>
#include <weft/http/server/handler.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

namespace detail {
struct ServedPath;
}  // namespace detail

/// How StaticFiles behaves.
class StaticFilesOptions {
 public:
  /// Where in the site's paths the folder stands: "/static" for what is below "/static/", as it is written in a URL, percent-encoded. None: below a route what the last name of its pattern stands for,
  /// else the whole path.
  std::optional<std::string> mount;
  std::vector<std::string> indexNames{"index.html"};  ///< what is sent for a folder: the first of these that is there
  bool listings = false;                               ///< a page with what is in a folder, where there is no index; else 403
  bool dotFiles = false;                               ///< also names that begin with a dot (/.well-known/ is always served)
  bool outsideLinks = false;                           ///< follow symbolic links that lead out of the folder, and absolute ones
  /// Send page.html.br, .zst or .gz for page.html where the client's Accept-Encoding wants that, and the file is there and no older than the other.
  bool precompressed = false;
  std::optional<Delay> maxAge;                         ///< Cache-Control: max-age; none: caches ask each time, or guess
  std::size_t maxRanges = 16;                          ///< a request for more gets the whole file
  std::size_t maxListed = 10'000;                      ///< names on a listing
  MediaTypes types;

  StaticFilesOptions& setMount(std::string path) { return mount = std::move(path), *this; }
  StaticFilesOptions& setIndexNames(std::vector<std::string> names) { return indexNames = std::move(names), *this; }
  StaticFilesOptions& setListings(bool value) { return listings = value, *this; }
  StaticFilesOptions& setDotFiles(bool value) { return dotFiles = value, *this; }
  StaticFilesOptions& setOutsideLinks(bool value) { return outsideLinks = value, *this; }
  StaticFilesOptions& setPrecompressed(bool value) { return precompressed = value, *this; }
  StaticFilesOptions& setMaxAge(Delay value) { return maxAge = value, *this; }
  StaticFilesOptions& setMaxRanges(std::size_t value) { return maxRanges = value, *this; }
  StaticFilesOptions& setMaxListed(std::size_t value) { return maxListed = value, *this; }
  StaticFilesOptions& addType(std::string_view extension, std::string_view type) { return types.add(extension, type), *this; }
};

/// The files of a folder, as twisted.web's static.File: a Handler.
///
///     auto site = std::make_shared<Site>(StaticFiles("public"));
///     router.get("/static/{path...}", StaticFiles("public", StaticFilesOptions().setMaxAge(3600)));
///     root->putChild("static", handled(StaticFiles("public", StaticFilesOptions().setMount("/static"))));
///
/// GET and HEAD; 405 for others. Files have a strong ETag (of size, time and inode) and Last-Modified; conditions are evaluated in the order of RFC 9110 section 13.2.2, and one
/// range or several are sent (section 14; with HEAD a Range is ignored, as it says). A folder without its slash is a redirect; 404 for what is not there or is not served, 403 for what may not be
/// read, and for a folder that has no index. 503 when the system has no descriptor left. Other errors of the system are the handler's: FileError.
///
/// Nothing outside the folder can be reached: not by "..", encoded or not, nor by a link, nor by one that is put there while a request is served: the system itself looks names up within the
/// folder (openat2). Only regular files are sent. A file is opened once for each request, and its bytes are those of that file even if another takes its name meanwhile; one that is
/// cut short while it is sent ends the connection.
///
/// Looked up on the reactor's thread where the system's caches have the answer, else on a thread of its pool. Small files are sent from memory, large ones by sendfile where the
/// transport can. Copies share the folder. Thread: the reactor's.
class StaticFiles {
 public:
  /// Opens the folder: FileError when that fails. Blocks: make it before the site listens.
  explicit StaticFiles(std::string folder, StaticFilesOptions options = StaticFilesOptions());

  Deferred<Response> operator()(Request request) const;

 private:
  struct Found;
  struct Folder;

  static Found find(const Folder& folder, const detail::ServedPath& path, const std::vector<std::string_view>& codings, bool wait);
  static Response answer(const Folder& folder, const Request& request, const detail::ServedPath& path, Found found);
  static Response sendFile(const Folder& folder, const Request& request, Found found);

  std::shared_ptr<const Folder> folder_;               // requests that are being looked up hold it, too
};

}  // namespace weft::http
