#include "sketch_cases.hpp"

#include <weft/core/block_pool.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_queue.hpp>
#include <weft/defer/gather.hpp>

#include <stdexcept>
#include <vector>

namespace bench {
namespace {

using namespace weft;

struct Timeout : std::runtime_error {
  Timeout() : std::runtime_error("timeout") {}
};
struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

long sink = 0;

[[gnu::noinline]] Deferred<long> ready(long value) { co_return value; }
[[gnu::noinline]] Deferred<long> awaitReady(long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) total += co_await ready(1);
  co_return total;
}
[[gnu::noinline]] Deferred<long> awaitSucceed(long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) total += co_await succeed(1L);
  co_return total;
}
[[gnu::noinline]] Deferred<> ping(DeferredQueue<long>& in, DeferredQueue<long>& out, long n) {
  for (long i = 0; i < n; ++i) {
    out.put(i);
    sink += co_await in.get();
  }
}
[[gnu::noinline]] Deferred<> pong(DeferredQueue<long>& in, DeferredQueue<long>& out, long n) {
  for (long i = 0; i < n; ++i) {
    const long value = co_await in.get();
    out.put(value);
  }
}
[[gnu::noinline]] Deferred<long> waits(Deferred<long> gate) { co_return co_await gate; }
[[gnu::noinline]] Deferred<> getter(DeferredQueue<long>& queue, long n) {
  for (long i = 0; i < n; ++i) sink += co_await queue.get();
}
[[gnu::noinline]] Deferred<long> catches(Deferred<long> gate) {
  try {
    co_return co_await gate;
  } catch (const Timeout&) {
    co_return -1;
  }
}
[[gnu::noinline]] Deferred<long> looks(Deferred<long> gate) {
  Outcome<long> outcome = co_await gate.outcome();
  if (!outcome) co_return std::move(outcome.failure());
  co_return *outcome;
}

void addMakingAndChaining(Suite& suite) {
  suite.section("the cases of the sketch");
  suite.time("pool: allocate and free one 64-byte block", 5e6, [] {
    for (int i = 0; i < 5'000'000; ++i) {
      void* block = detail::allocate(64);
      asm volatile("" : "+r"(block));
      detail::deallocate(block, 64);
    }
  });
  suite.time("Deferred d; d.callback(i)", 1e6, [] {
    for (long i = 0; i < 1'000'000; ++i) {
      Deferred<long> d;
      d.callback(i);
      sink += d.called();
    }
  });
  suite.time("create + addCallback + fire", 1e6, [] {
    for (long i = 0; i < 1'000'000; ++i) {
      Deferred<long> d;
      auto e = d.addCallback([](long x) { return x + 1; });
      d.callback(i);
      sink += e.called();
    }
  });
  suite.time("create + 4 addCallbacks (type changing) + fire", 1e6, [] {
    for (long i = 0; i < 1'000'000; ++i) {
      Deferred<long> d;
      auto e = d.addCallback([](long x) { return static_cast<double>(x); })
                   .addCallback([](double x) { return static_cast<int>(x); })
                   .addCallback([](int x) { return x + 1L; })
                   .addCallback([](long x) { sink += x; });
      d.callback(i);
    }
  });
  suite.time("succeed(i).addCallback(f)", 1e6, [] {
    for (long i = 0; i < 1'000'000; ++i) {
      auto e = succeed(i).addCallback([](long x) { return x + 1; });
      sink += e.called();
    }
  });
  suite.time("cancel through a chain of two to the canceller", 2e5, [] {
    for (int i = 0; i < 200'000; ++i) {
      Deferred<long> d([] { ++sink; });
      auto trigger = d.takeTrigger();
      auto e = d.addCallback([](long x) { return x; }).addErrback([](const CancelledError&) { return 0L; });
      e.cancel();
      sink += e.called();
    }
  });
}

void addCoroutinesAndQueues(Suite& suite) {
  suite.time("coroutine call that returns at once (call + take result)", 1e6, [] {
    for (long i = 0; i < 1'000'000; ++i) {
      auto d = ready(i);
      sink += *d.result();
    }
  });
  suite.time("co_await of a coroutine that returns at once", 2e6, [] { sink += *awaitReady(2'000'000).result(); });
  suite.time("co_await succeed(1)", 2e6, [] { sink += *awaitSucceed(2'000'000).result(); });
  suite.time("suspend + fire + resume one coroutine (frame + Deferred)", 1e6, [] {
    for (long i = 0; i < 1'000'000; ++i) {
      Deferred<long> d;
      auto trigger = d.takeTrigger();
      auto waiting = waits(std::move(d));
      trigger.callback(i);
      sink += waiting.called();
    }
  });
  suite.time("queue: put to a waiting coroutine (handoff)", 2e6, [] {
    DeferredQueue<long> queue;
    auto waiting = getter(queue, 2'000'000);
    for (long i = 0; i < 2'000'000; ++i) queue.put(i);
  });
  suite.time("queue: ping-pong of two coroutines, per handoff", 2e6, [] {
    DeferredQueue<long> a, b;
    auto p = pong(a, b, 1'000'000);
    auto q = ping(b, a, 1'000'000);
    sink += p.called() + q.called();
  });
  suite.time("queue: get() of an item already there", 2e6, [] {
    DeferredQueue<long> queue;
    for (long k = 0; k < 2'000'000; k += 100) {
      for (int i = 0; i < 100; ++i) queue.put(i);
      auto waiting = getter(queue, 100);
      sink += waiting.called();
    }
  });
}

template <class Input> void gatherThousand(Input input) {
  std::vector<Deferred<long>> inputs;
  std::vector<Trigger<long>> triggers;
  inputs.reserve(1000);
  triggers.reserve(1000);
  for (int i = 0; i < 1000; ++i) {
    Deferred<long> d;
    triggers.push_back(d.takeTrigger());
    inputs.push_back(input(std::move(d)));
  }
  auto all = gatherResults(std::move(inputs));
  for (auto& trigger : triggers) trigger.callback(1L);
  sink += static_cast<long>(all.result()->size());
}

void addGathering(Suite& suite) {
  suite.time("gatherResults of 1000 pending, all fired (per child)", 1e6, [] {
    for (int k = 0; k < 1000; ++k) gatherThousand([](Deferred<long> d) { return d; });
  });
  suite.time("gatherResults of 1000 waiting coroutines (per child)", 1e6, [] {
    for (int k = 0; k < 1000; ++k) gatherThousand([](Deferred<long> d) { return waits(std::move(d)); });
  });
}

void addErrors(Suite& suite) {
  const auto same = [](long x) { return x; };
  suite.time("errback through 3 links to a typed errback, no throw", 2e5, [=] {
    for (int i = 0; i < 200'000; ++i) {
      Deferred<long> d;
      auto e = d.addCallback(same).addCallback(same).addErrback([](const Refused&) { return 1L; }).addErrback([](const Timeout&) { return 2L; });
      d.errback(Timeout());
      sink += e.called();
    }
  });
  suite.time("same, but the first callback throws", 1e5, [=] {
    for (long i = 0; i < 100'000; ++i) {
      Deferred<long> d;
      auto e = d.addCallback([](long x) -> long {
                  if (x >= 0) throw Timeout();
                  return x;
                })
                   .addCallback(same)
                   .addErrback([](const Refused&) { return 1L; })
                   .addErrback([](const Timeout&) { return 2L; });
      d.callback(i);
      sink += e.called();
    }
  });
  suite.time("error thrown out of one co_await and caught there", 5e4, [] {
    for (int i = 0; i < 50'000; ++i) {
      Deferred<long> d;
      auto trigger = d.takeTrigger();
      auto waiting = catches(std::move(d));
      trigger.errback(Timeout());
      sink += waiting.called();
    }
  });
  suite.time("error through 3 coroutines to a catch", 2e4, [] {
    for (int i = 0; i < 20'000; ++i) {
      Deferred<long> d;
      auto trigger = d.takeTrigger();
      auto waiting = catches(waits(waits(std::move(d))));
      trigger.errback(Timeout());
      sink += waiting.called();
    }
  });
  suite.time("same, looking with d.outcome() instead of catching", 1e5, [] {
    for (int i = 0; i < 100'000; ++i) {
      Deferred<long> d;
      auto trigger = d.takeTrigger();
      auto waiting = looks(looks(looks(std::move(d))));
      trigger.errback(Timeout());
      sink += waiting.result().failure().check<Timeout>();
    }
  });
  suite.time("Failure::check<E>, match", 2e6, [] {
    const Failure failure{Timeout()};
    for (int i = 0; i < 2'000'000; ++i) {
      clobber();
      sink += failure.check<std::exception>();
    }
  });
  suite.time("rethrow and catch to learn the type", 1e5, [] {
    const Failure failure{Timeout()};
    for (int i = 0; i < 100'000; ++i) {
      try {
        failure.rethrow();
      } catch (const std::exception&) {
        ++sink;
      }
    }
  });
}

}  // namespace

void addSketchCases(Suite& suite) {
  addMakingAndChaining(suite);
  addCoroutinesAndQueues(suite);
  addGathering(suite);
  addErrors(suite);
}

}  // namespace bench
