// Frontier: the requests that are still to be made, and the memory of those that were.
#pragma once

#include <weft/crawler/request.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/defer/deferred.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::crawler {

/// How a leased request ended.
enum class Fate : std::uint8_t {
  Done,                      ///< it was fetched, and its callback has run
  Failed,                    ///< given up: no response, or the callback failed
  Dropped,                   ///< given up on purpose (IgnoreRequest)
  Retry,                     ///< to be fetched again: it goes back, and is pending as before
};

/// A request that somebody is working on. It must be committed, whatever becomes of it; a lease that is dropped counts as leased for ever.
struct Lease {
  Lease() = default;
  std::shared_ptr<Request> request;
  std::uint64_t id = 0;                                // the frontier's own, as is the slot
  void* slot = nullptr;
};

/// Lines of one feed that belong to a commit. `feed` is the feed's place among those that the frontier was told of; they follow those of earlier commits.
struct FeedLines {
  FeedLines(std::size_t feed, std::string bytes, std::uint64_t count) : feed(feed), bytes(std::move(bytes)), count(count) {}
  std::size_t feed;
  std::string bytes;
  std::uint64_t count;                                 // of lines
};

/// What a commit carries for a frontier that keeps it on disk; one in memory has no use for it.
struct Output {
  Output() = default;
  std::vector<FeedLines> feeds;
  std::uint64_t starts = 0;                            ///< results of startRequests() that are taken in by this
  std::string cause;                                   ///< why the request failed
};

/// Requests by what has become of them, over all runs of a job. `enqueued == done + failed + dropped + pending + leased` always holds.
struct FrontierCounts {
  std::uint64_t enqueued = 0;                          ///< were new, and taken in
  std::uint64_t done = 0, failed = 0, dropped = 0;
  std::uint64_t pending = 0;                           ///< wait
  std::uint64_t leased = 0;                            ///< are being worked on
  std::uint64_t filtered = 0;                          ///< were not new, and never enqueued
  std::uint64_t overflowed = 0;                        ///< were new, but there was no room; never enqueued
  std::uint64_t retried = 0;                           ///< times that a request went back
};

/// Where requests wait. The interface is asynchronous and takes many at once, so that a journal on disk or a frontier shared by several machines fits behind it. One thread.
///
/// A crawl adds its start requests, and calls seeded() when there are no more. Workers take leases with next() and give each back with commit(), together with the requests
/// that it led to: an implementation that survives a crash makes that one step. When nothing is pending or leased any more, and seeded() was called, next() gives nullopt.
class Frontier : public Spider::SeenUrls {
 public:
  virtual ~Frontier() = default;

  /// Takes in those that are new (or dontFilter), in order. Fires with how many that were, once they are safe.
  virtual Deferred<std::size_t> add(std::vector<Request> requests, Output output = {}) = 0;
  /// No more start requests will come.
  virtual void seeded() = 0;
  /// The next request that may be made now. Fires with nullopt when the crawl is over, or after close(). Cancelling it loses no request.
  virtual Deferred<std::optional<Lease>> next() = 0;
  /// The end of a lease, and its children, which are added as by add(). With Fate::Retry the lease's request goes back as it is now (its retryTimes and priority may have changed),
  /// and is not filtered. Fires with how many children were new, once all of it is safe; fails when it cannot be kept, and then the request counts as pending.
  virtual Deferred<std::size_t> commit(Lease lease, Fate fate, std::vector<Request> children, Output output = {}) = 0;
  /// Fires when fewer than `most` requests are pending, or the frontier is closed.
  virtual Deferred<> room(std::size_t most) = 0;
  /// While it is held open, next() does not end by itself: who holds it watches idle(), and may add more.
  virtual void holdOpen(bool hold) = 0;
  /// Fires when seeded() was called and nothing is pending or leased, or the frontier is closed. One at a time.
  virtual Deferred<> idle() = 0;
  /// Is told, from now on, of each request that is filtered or for which there is no room. An empty function: nobody is.
  virtual void onDropped(std::function<void(const Request&)> handler) = 0;
  /// At most so many leases at once from now on; with 0 next() waits, whatever there is. Also looks anew at when each host may be asked, after Politeness was told something else.
  virtual void limit(std::uint64_t leases) = 0;
  /// Gives out no more: next() gives nullopt from now on, also to those who wait. What is leased can still be committed. Idempotent.
  virtual void close() = 0;

  virtual FrontierCounts counts() const = 0;

  /// Does it write the lines of feeds itself, so that they are part of the commit?
  virtual bool writesFeeds() const noexcept { return false; }
  /// Results of startRequests() that earlier runs have taken in: they are to be passed over.
  virtual std::uint64_t startsTaken() const noexcept { return 0; }
};

}  // namespace weft::crawler
