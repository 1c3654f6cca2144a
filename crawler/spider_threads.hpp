// SpiderThreads: a spider on threads of its own, away from the sockets.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/crawler/spider_runner.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace weft::crawler {

/// Runs a spider on PARSE_THREADS threads, each with an instance and a reactor of its own, so that a callback that takes long delays no socket and fires no timeout, and that a spider
/// needs no locks. Each response goes to the thread with the least to do. startRequests() and closed() run on the first one.
///
///     SpiderThreads threads(reactor, {&spider});
///     Engine engine(spider, settings, reactor, downloader, frontier, threads);
///
/// Callbacks may await anything that belongs to their thread's reactor, Reactor::current(). The reactor given is the engine's, on whose thread all of this is to be used.
class SpiderThreads final : public SpiderRunner {
 public:
  /// One thread for each spider; they are referred to, and nobody else may use them while this lives. Starts the threads.
  SpiderThreads(Reactor& reactor, std::vector<Spider*> spiders);
  SpiderThreads(const SpiderThreads&) = delete;
  SpiderThreads& operator=(const SpiderThreads&) = delete;
  /// Waits for callbacks that are running.
  ~SpiderThreads() override;

  void setSeenUrls(const Spider::SeenUrls* seen) noexcept override;
  void setFetcher(Spider::Fetcher* fetcher) noexcept override;
  Deferred<Called> callback(std::shared_ptr<const Request> request, Response response) override;
  Deferred<Called> errback(std::shared_ptr<const Request> request, Failure failure) override;
  /// Up to 64 results a call.
  Deferred<Called> start() override;
  Deferred<Called> closed(std::string reason) override;

  /// Ends the threads as soon as they are done with what they are doing. False if that takes longer than `patience`: a callback does not come to its end.
  bool stop(std::chrono::milliseconds patience);

 private:
  struct Thread;
  struct Fetches;
  template <class F> Deferred<Called> on(Thread& thread, F call);
  Thread& leastBusy() noexcept;

  Reactor& reactor_;
  const std::shared_ptr<Fetches> fetches_;             // of the engine's thread
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace weft::crawler
