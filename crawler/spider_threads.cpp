#include <weft/crawler/spider_threads.hpp>

#include <weft/defer/errors.hpp>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::size_t kStartsAtOnce = 64;              // a hop between threads costs more than a start request

}  // namespace

// What callbacks on other threads wait for. Used on the engine's thread; shared, as what is under way to it may outlive the rest.
struct SpiderThreads::Fetches {
  Spider::Fetcher* fetcher = nullptr;
  std::uint64_t last = 0;
  std::map<std::uint64_t, Deferred<>> running;
};

struct SpiderThreads::Thread final : Spider::Fetcher {
  Thread(Spider& spider, Reactor& engine, std::shared_ptr<Fetches> fetches) : spider(spider), engine(engine), fetches(std::move(fetches)), runner(spider) {
    reactor.warnWhenBlockedFor(0);                     // to take long is what it is here for
    thread = std::thread([this] {
      reactor.run(false);
      const std::lock_guard lock(mutex);
      ended = true;
      changed.notify_all();
    });
  }
  // What the spider has ready, at least one.
  Deferred<Called> start() {
    Called all;
    while (all.results.size() < kStartsAtOnce && !all.failure.exception()) {
      if (!starting) starting.emplace(runner.start());
      if (!starting->called() && !all.results.empty()) break;
      auto next = std::move(*starting);
      starting.reset();
      Called one = co_await next;
      if (one.results.empty() && !one.failure.exception()) break;
      for (Result& result : one.results) all.results.push_back(std::move(result));
      all.failure = std::move(one.failure);
    }
    co_return all;
  }
  // For the spider, on its thread: asks the engine on its own, and brings back what it says.
  Deferred<Response> fetchNow(Request request) override {
    const auto id = std::make_shared<std::uint64_t>(0);                // set and read on the engine's thread
    Deferred<Response> deferred([this, id, fetches = fetches] {
      engine.callFromThread([id, fetches] {
        const auto found = fetches->running.find(*id);
        if (found != fetches->running.end()) found->second.cancel();
      });
    });
    engine.callFromThread([this, id, fetches = fetches, request = std::move(request), trigger = deferred.takeTrigger()]() mutable {
      *id = ++fetches->last;
      auto goBack = [this, id, fetches, trigger = std::move(trigger)](Outcome<Response> outcome) mutable {
        engine.callFromThread([id, fetches] { fetches->running.erase(*id); });
        reactor.callFromThread([trigger = std::move(trigger), outcome = std::move(outcome)]() mutable {
          if (trigger.active()) trigger.fire(std::move(outcome));
        });
      };
      if (!fetches->fetcher) return goBack(Failure(CancelledError()));
      fetches->running.emplace(*id, fetches->fetcher->fetchNow(std::move(request)).addBoth(std::move(goBack)));
    });
    return deferred;
  }
  void stop() {
    if (std::exchange(stopping, true)) return;
    reactor.callFromThread([this] { reactor.crash(); });
  }

  Spider& spider;
  Reactor& engine;
  const std::shared_ptr<Fetches> fetches;
  Reactor reactor;
  InlineSpider runner;                                 // used on the thread alone, as is the next one
  std::optional<Deferred<Called>> starting;            // asked for, and not there yet
  std::size_t waiting = 0;                             // calls that have not come back; the engine's thread
  bool stopping = false;
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
  std::thread thread;                                  // last: it uses the others
};

SpiderThreads::SpiderThreads(Reactor& reactor, std::vector<Spider*> spiders) : reactor_(reactor), fetches_(std::make_shared<Fetches>()) {
  for (Spider* spider : spiders) threads_.push_back(std::make_unique<Thread>(*spider, reactor, fetches_));
}

SpiderThreads::~SpiderThreads() {
  for (const auto& thread : threads_) thread->stop();
  for (const auto& thread : threads_) thread->thread.join();
}

bool SpiderThreads::stop(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (const auto& thread : threads_) thread->stop();
  for (const auto& thread : threads_) {
    std::unique_lock lock(thread->mutex);
    if (!thread->changed.wait_until(lock, until, [&] { return thread->ended; })) return false;
  }
  return true;
}

// Calls `call` on the thread, and fires here with what its Deferred fired with. When cancelled, the call goes on if it has begun, and what it gives is dropped.
template <class F> Deferred<Called> SpiderThreads::on(Thread& thread, F call) {
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  ++thread.waiting;
  Deferred<Called> deferred([cancelled] { cancelled->store(true, std::memory_order_release); });
  thread.reactor.callFromThread([this, &thread, cancelled, trigger = deferred.takeTrigger(), call = std::move(call)]() mutable {
    auto goHome = [this, &thread, cancelled, trigger = std::move(trigger)](Outcome<Called> outcome) mutable {
      reactor_.callFromThread([&thread, cancelled = std::move(cancelled), trigger = std::move(trigger), outcome = std::move(outcome)]() mutable {
        --thread.waiting;
        if (!cancelled->load(std::memory_order_relaxed)) trigger.fire(std::move(outcome));
      });
    };
    if (cancelled->load(std::memory_order_acquire)) return goHome(Failure(CancelledError()));
    call(thread).addBoth(std::move(goHome)).detach();
  });
  return deferred;
}

SpiderThreads::Thread& SpiderThreads::leastBusy() noexcept {
  Thread* best = threads_.front().get();
  for (const auto& thread : threads_)
    if (thread->waiting < best->waiting) best = thread.get();
  return *best;
}

void SpiderThreads::setSeenUrls(const Spider::SeenUrls* seen) noexcept {
  for (const auto& thread : threads_) thread->runner.setSeenUrls(seen);
}

void SpiderThreads::setFetcher(Spider::Fetcher* fetcher) noexcept {
  fetches_->fetcher = fetcher;
  if (fetcher) {
    for (const auto& thread : threads_) thread->runner.setFetcher(thread.get());
  } else {                                             // a spider may be running still: it goes on asking its thread, in vain
    for (auto& [id, fetch] : std::exchange(fetches_->running, {})) fetch.cancel();
  }
}

Deferred<Called> SpiderThreads::callback(std::shared_ptr<const Request> request, Response response) {
  return on(leastBusy(), [request = std::move(request), response = std::move(response)](Thread& own) mutable {
    return own.runner.callback(std::move(request), std::move(response));
  });
}

Deferred<Called> SpiderThreads::errback(std::shared_ptr<const Request> request, Failure failure) {
  return on(leastBusy(), [request = std::move(request), failure = std::move(failure)](Thread& own) mutable {
    return own.runner.errback(std::move(request), std::move(failure));
  });
}

Deferred<Called> SpiderThreads::start() {
  return on(*threads_.front(), [](Thread& own) { return own.start(); });
}

Deferred<Called> SpiderThreads::closed(std::string reason) {
  return on(*threads_.front(), [reason = std::move(reason)](Thread& own) mutable { return own.runner.closed(std::move(reason)); });
}

}  // namespace weft::crawler
