// HttpCacheStore: the cache's file, and a thread that reads and writes it.
#pragma once

#include <weft/crawler/http_cache/internal/http_cache_file.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/deferred.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace weft {
class Clock;
class Reactor;
}  // namespace weft

namespace weft::crawler::internal {

/// Looks pages up and keeps them, without holding up the reactor: a thread of its own does what blocks. What is asked while it is at work is done together when it is through, and what is to be
/// written waits for company, up to kGatherFor or until there are kLargeGroup bytes of it. Without a reactor (in virtual time) all of it happens in place.
///
/// The cache never makes a page fail. What cannot be read counts as missing (httpcache/retrieve_error), what cannot be written is not kept (httpcache/store_error), and either is logged once.
/// What had to go to make room is httpcache/evicted.
class HttpCacheStore {
 public:
  static constexpr double kGatherFor = 0.05;           // seconds
  static constexpr std::size_t kLargeGroup = 4 << 20;  // bytes that are written at once
  static constexpr std::size_t kMaxWaiting = 32 << 20; // bytes that wait to be written; more is back-pressure

  /// The clock is the reactor, or in its place; it and the stats are referred to. `now` is the wall clock's time. Blocks while it opens the file. Throws HttpCacheError.
  HttpCacheStore(std::unique_ptr<HttpCacheFile> file, Clock& clock, Reactor* reactor, std::function<Date()> now, Stats& stats);
  HttpCacheStore(const HttpCacheStore&) = delete;
  HttpCacheStore& operator=(const HttpCacheStore&) = delete;
  /// close().
  ~HttpCacheStore();

  /// See HttpCacheFile::find(); knows of what was put before. Does not fail.
  Deferred<std::optional<CachedPage>> find(Fingerprint print, std::string origin, http::Headers fields);
  /// Fires when there is room for more: at once but for when kMaxWaiting bytes wait.
  Deferred<> put(PutPage page);
  void freshen(FreshenPage page);
  void remove(RemovePages pages);
  /// Writes all that waits, and blocks until it is written. What is put later is lost, and nothing is found any more. Idempotent.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler::internal
