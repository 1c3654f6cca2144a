// HttpCacheFile: responses in an SQLite database.
#pragma once

#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/http_cache/http_cache_error.hpp>
#include <weft/http/client/internal/cache_policy.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft::crawler::internal {

using http::Date;
using http::detail::CachedHead;

/// There is no room for what is to be written. Nothing of it was.
class HttpCacheFull : public HttpCacheError {
 public:
  using HttpCacheError::HttpCacheError;
};

/// A response out of the cache.
struct CachedPage {
  std::int64_t id = 0;
  CachedHead head;
  std::string body;
};

/// What may be done to the cache. `print` stands for the request.
struct PutPage {
  Fingerprint print;
  std::string method;
  CachedHead head;
  std::string body;
};
struct FreshenPage {
  std::int64_t id;
  CachedHead head;
};
struct RemovePages {
  Fingerprint print;
};
using CacheChange = std::variant<PutPage, FreshenPage, RemovePages>;

/// One file, with two tables: `pages` has a row for each response (and up to kVariants for a request whose answers vary), `bodies` their bodies, compressed where that pays and with a checksum. May
/// be read and written by several processes. Everything here blocks; one thread at a time. What a crash or a power cut leaves is whole, and lacks what came last.
class HttpCacheFile {
 public:
  static constexpr int kVariants = 8;

  /// Opens the file, or makes it and its folder. Throws HttpCacheError.
  HttpCacheFile(std::string path, std::uint64_t maxBytes, bool compress);
  HttpCacheFile(const HttpCacheFile&) = delete;
  HttpCacheFile& operator=(const HttpCacheFile&) = delete;
  ~HttpCacheFile();

  const std::string& path() const noexcept;
  /// The newest of the responses to that request which these fields select. A page that is not what was written is removed, and throws. Throws HttpCacheError.
  std::optional<CachedPage> find(Fingerprint print, std::string_view origin, const http::Headers& fields, Date now);
  /// All or nothing; then removes what was used the longest ago until the file's pages are within maxBytes. How many responses that were. Throws HttpCacheFull, HttpCacheError.
  std::uint64_t change(const std::vector<CacheChange>& changes, Date now);
  /// Notes down what was used since the last change, if it can be.
  void noteUsed(Date now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler::internal
