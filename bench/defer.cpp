// The cases of floor defer, each beside its limit. The names are those of a comparison with other libraries in docs/performance.md.
#include "harness.hpp"
#include "limits.hpp"
#include "sketch_cases.hpp"

#include <weft/core/generator.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_queue.hpp>
#include <weft/defer/gather.hpp>
#include <weft/defer/task_group.hpp>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <vector>

namespace {

using bench::clobber;
using bench::Limit;
using bench::Suite;
using weft::Deferred;
using weft::DeferredQueue;
using weft::Failure;
using weft::Outcome;
using weft::Trigger;

long sum = 0;

void expect(bool right) {
  if (!right) std::abort();                            // a case that does not do its work is not worth a figure
}

// ---- callbacks

void addCallbackCases(Suite& suite) {
  suite.section("callbacks");
  suite.time(
      "a_fire1: make, one callback, fire", 1e6,
      [] {
        for (int i = 0; i < 1'000'000; ++i) {
          Deferred<int> d;
          auto e = d.addCallback([](int v) {
            sum += v;
            return v;
          });
          d.callback(i);
        }
      },
      Limit(
          [] {
            for (int i = 0; i < 1'000'000; ++i) {
              limit::Chain d;
              d.onValue([](int v) {
                sum += v;
                return v;
              });
              d.fire(i);
            }
          },
          1.2));
  suite.time(
      "b_chain10: make, ten callbacks, fire", 2e5,
      [] {
        const auto f = [](int v) {
          ++sum;
          return v + 1;
        };
        for (int i = 0; i < 200'000; ++i) {
          Deferred<int> d;
          auto e = d.addCallback(f).addCallback(f).addCallback(f).addCallback(f).addCallback(f).addCallback(f).addCallback(f).addCallback(f).addCallback(f).addCallback(f);
          d.callback(i);
        }
      },
      Limit(
          [] {
            for (int i = 0; i < 200'000; ++i) {
              limit::Chain d;
              for (int k = 0; k < 10; ++k)
                d.onValue([](int v) {
                  ++sum;
                  return v + 1;
                });
              d.fire(i);
            }
          },
          1.8));
  suite.time(
      "c_nested: a callback returns a fired Deferred", 1e6,
      [] {
        for (int i = 0; i < 1'000'000; ++i) {
          Deferred<int> d;
          auto e = d.addCallback([](int v) { return weft::succeed(v + 1); }).addCallback([](int v) {
            sum += v;
            return v;
          });
          d.callback(i);
        }
      },
      Limit(
          [] {
            for (int i = 0; i < 1'000'000; ++i) {
              limit::Chain d;
              d.onValue([](int v) { return limit::fired(v + 1); }).onValue([](int v) {
                sum += v;
                return v;
              });
              d.fire(i);
            }
          },
          1.6));
  suite.time(
      "c_nested_pending: ... one that fires later", 1e6,
      [] {
        for (int i = 0; i < 1'000'000; ++i) {
          Deferred<int> d, inner;
          Trigger<int> later = inner.takeTrigger();
          auto e = d.addCallback([&inner](int) { return std::move(inner); }).addCallback([](int v) {
            sum += v;
            return v;
          });
          d.callback(i);
          later.callback(i);
        }
      },
      Limit([] {
        for (int i = 0; i < 1'000'000; ++i) {
          limit::Chain d, inner;
          limit::ChainBlock* block = inner.block();
          d.onValue([block](int) { return limit::Chain(block); }).onValue([](int v) {
            sum += v;
            return v;
          });
          d.fire(i);
          inner.fire(i);
        }
      }));
}

// ---- coroutines

[[gnu::noinline]] Deferred<int> child(int value) { co_return value; }
[[gnu::noinline]] Deferred<long> awaitFired(long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) total += co_await weft::succeed(static_cast<int>(i));
  co_return total;
}
[[gnu::noinline]] Deferred<long> awaitChildren(long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) total += co_await child(static_cast<int>(i));
  co_return total;
}
[[gnu::noinline]] Deferred<long> deep(long n) {
  if (n == 0) co_return 0;
  co_return 1 + co_await deep(n - 1);
}
[[gnu::noinline]] Deferred<> awaitEach(Trigger<>& trigger, long n) {
  for (long i = 0; i < n; ++i) {
    Deferred<> d;
    trigger = d.takeTrigger();
    co_await d;
  }
}
[[gnu::noinline]] Deferred<long> awaitEachValue(Trigger<int>& trigger, long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) {
    Deferred<int> d;
    trigger = d.takeTrigger();
    total += co_await d;
  }
  co_return total;
}

[[gnu::noinline]] limit::Task<int> limitChild(int value) { co_return value; }
[[gnu::noinline]] limit::Task<long> limitReady(long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) total += co_await limit::ReadyEvent(static_cast<int>(i));
  co_return total;
}
[[gnu::noinline]] limit::Task<long> limitAwaitFired(long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) total += co_await limit::AwaitChain(limit::fired(static_cast<int>(i)));
  co_return total;
}
[[gnu::noinline]] limit::Task<long> limitAwaitChildren(long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) total += co_await limitChild(static_cast<int>(i));
  co_return total;
}
[[gnu::noinline]] limit::Task<long> limitDeep(long n) {
  if (n == 0) co_return 0;
  co_return 1 + co_await limitDeep(n - 1);
}
[[gnu::noinline]] limit::Task<long> limitAwaitEvent(limit::Event& event, long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) total += co_await event;
  co_return total;
}
[[gnu::noinline]] limit::Task<long> limitAwaitEach(limit::ChainBlock*& current, long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) {
    limit::Chain d;
    current = d.block();
    total += co_await limit::AwaitChain(std::move(d));
  }
  co_return total;
}

void addCoroutineCases(Suite& suite) {
  suite.section("coroutines");
  suite.time("d_ready: await something set already (limit), a fired Deferred (ours)", 1e6, [] { sum += *awaitFired(1'000'000).result(); },
             Limit([] { sum += limitReady(1'000'000).run(); }));
  suite.time("d_future: await a fresh one that has fired", 1e6, [] { sum += *awaitFired(1'000'000).result(); },
             Limit([] { sum += limitAwaitFired(1'000'000).run(); }));
  suite.time("f_loop: call and await a coroutine that returns at once", 1e6, [] { sum += *awaitChildren(1'000'000).result(); },
             Limit([] { sum += limitAwaitChildren(1'000'000).run(); }, 0.9));
  suite.time("f_deep: 10^6 levels of calls, per level", 1e6, [] { expect(*deep(1'000'000).result() == 1'000'000); },
             Limit([] { expect(limitDeep(1'000'000).run() == 1'000'000); }, 1.0));
  suite.time(
      "e_suspend: suspend, fire, resume; no value (the limit reuses an event)", 1e6,
      [] {
        Trigger<> trigger;
        auto waiting = awaitEach(trigger, 1'000'000);
        for (int i = 0; i < 1'000'000; ++i) {
          clobber();
          Trigger<> now = std::move(trigger);
          now.callback();
        }
        expect(waiting.called());
      },
      Limit([] {
        limit::Event event;
        auto waiting = limitAwaitEvent(event, 1'000'000);
        waiting.start();
        for (int i = 0; i < 1'000'000; ++i) {
          clobber();
          event.fire(i);
        }
        sum += waiting.await_resume();
      }));
  suite.time(
      "e_future: make one, suspend on it, fire, resume", 1e6,
      [] {
        Trigger<int> trigger;
        auto waiting = awaitEachValue(trigger, 1'000'000);
        for (int i = 0; i < 1'000'000; ++i) {
          clobber();
          Trigger<int> now = std::move(trigger);
          now.callback(i);
        }
        sum += *waiting.result();
      },
      Limit(
          [] {
            limit::ChainBlock* current = nullptr;
            auto waiting = limitAwaitEach(current, 1'000'000);
            waiting.start();
            for (int i = 0; i < 1'000'000; ++i) {
              clobber();
              limit::Chain now(current);
              now.fire(i);
            }
            sum += waiting.await_resume();
          },
          1.2));
}

// ---- many

[[gnu::noinline]] Deferred<long> consumer(DeferredQueue<int>& queue) {
  long total = 0;
  for (;;) {
    const int value = co_await queue.get();
    if (value < 0) co_return total;
    total += value;
  }
}
[[gnu::noinline]] limit::Task<long> limitConsumer(limit::Queue& queue) {
  long total = 0;
  for (;;) {
    const int value = co_await queue.get();
    if (value < 0) co_return total;
    total += value;
  }
}

void gatherThousand() {
  std::vector<Deferred<int>> inputs;
  std::vector<Trigger<int>> triggers;
  inputs.reserve(1000);
  triggers.reserve(1000);
  for (int i = 0; i < 1000; ++i) {
    Deferred<int> d;
    triggers.push_back(d.takeTrigger());
    inputs.push_back(std::move(d));
  }
  auto all = weft::gatherResults(std::move(inputs));
  for (int i = 0; i < 1000; ++i) triggers[static_cast<std::size_t>(i)].callback(i);
  sum += static_cast<long>(all.result()->size());
}
void limitGatherThousand() {
  std::vector<limit::Chain> inputs(1000);
  std::vector<int> results(1000);
  struct State {
    int* results;
    int left;
    limit::Chain all;
  } state{results.data(), 1000, {}};
  state.all.onValue([](int v) {
    sum += v;
    return v;
  });
  for (int i = 0; i < 1000; ++i)
    inputs[static_cast<std::size_t>(i)].onValue([&state, i](int v) {
      state.results[i] = v;
      if (--state.left == 0) state.all.fire(1);
      return v;
    });
  for (int i = 0; i < 1000; ++i) inputs[static_cast<std::size_t>(i)].fire(i);
}

void groupThousand() {
  std::vector<Trigger<>> triggers;
  triggers.reserve(1000);
  weft::TaskGroup group;
  for (int i = 0; i < 1000; ++i) {
    Deferred<> d;
    triggers.push_back(d.takeTrigger());
    group.add(std::move(d));
  }
  auto joined = group.join();
  for (auto& trigger : triggers) trigger.callback();
  expect(joined.called());
}

void addManyCases(Suite& suite) {
  suite.section("many");
  suite.time("g_gather1000: gatherResults, per input", 1e6,
             [] {
               for (int i = 0; i < 1000; ++i) gatherThousand();
             },
             Limit(
                 [] {
                   for (int i = 0; i < 1000; ++i) limitGatherThousand();
                 },
                 1.2));
  suite.time("taskgroup1000: TaskGroup, add and join, per task (limit: gather)", 1e6,
             [] {
               for (int i = 0; i < 1000; ++i) groupThousand();
             },
             Limit([] {
               for (int i = 0; i < 1000; ++i) limitGatherThousand();
             }));
  suite.time(
      "h_handoff: put to a waiting coroutine", 2e6,
      [] {
        DeferredQueue<int> queue;
        auto waiting = consumer(queue);
        for (int i = 0; i < 2'000'000; ++i) {
          clobber();
          queue.put(i);
        }
        queue.put(-1);
        sum += *waiting.result();
      },
      Limit(
          [] {
            limit::Queue queue(16);
            auto waiting = limitConsumer(queue);
            waiting.start();
            for (int i = 0; i < 2'000'000; ++i) {
              clobber();
              queue.put(i);
            }
            queue.put(-1);
            sum += waiting.await_resume();
          },
          3));
  suite.time(
      "h_workers5: a full queue and five workers", 1e6,
      [] {
        static const auto kept = std::make_unique<DeferredQueue<int>>();      // a queue whose address the compiler does not know
        DeferredQueue<int>& queue = *kept;
        for (int i = 0; i < 1'000'000; ++i) queue.put(i);
        for (int i = 0; i < 5; ++i) queue.put(-1);
        std::vector<Deferred<long>> workers;
        for (int i = 0; i < 5; ++i) workers.push_back(consumer(queue));
        for (auto& worker : workers) sum += *worker.result();
      },
      Limit(
          [] {
            static const auto kept = std::make_unique<limit::Queue>(1 << 21);
            limit::Queue& queue = *kept;
            for (int i = 0; i < 1'000'000; ++i) queue.put(i);
            for (int i = 0; i < 5; ++i) queue.put(-1);
            std::vector<limit::Task<long>> workers;
            for (int i = 0; i < 5; ++i) {
              workers.push_back(limitConsumer(queue));
              workers.back().start();
            }
            for (auto& worker : workers) sum += worker.await_resume();
          },
          3));
}

// ---- generators

[[gnu::noinline]] weft::Generator<int> countTo(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
[[gnu::noinline]] weft::Generator<int> nested(int depth, int n) {
  if (depth == 0) {
    for (int i = 0; i < n; ++i) co_yield i;
  } else {
    co_yield weft::elementsOf(nested(depth - 1, n));
  }
}
[[gnu::noinline]] weft::AsyncGenerator<int> countAsync(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
[[gnu::noinline]] Deferred<long> sumAsync(int n) {
  long total = 0;
  auto values = countAsync(n);
  while (auto value = co_await values.next()) total += *value;
  co_return total;
}
[[gnu::noinline]] limit::Generator limitCountTo(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
[[gnu::noinline]] limit::NestedGenerator limitNested(int depth, int n) {
  if (depth == 0) {
    for (int i = 0; i < n; ++i) co_yield i;
  } else {
    co_yield limitNested(depth - 1, n);
  }
}
[[gnu::noinline]] limit::AsyncGenerator limitCountAsync(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
[[gnu::noinline]] limit::Task<long> limitSumAsync(int n) {
  long total = 0;
  auto values = limitCountAsync(n);
  while (const int* value = co_await values.next()) total += *value;
  co_return total;
}

void sumNested(int depth, int n) {
  for (const int value : nested(depth, n)) sum += value;
}
void limitSumNested(int depth, int n) {
  auto values = limitNested(depth, n);
  while (const int* value = values.next()) sum += *value;
}

void addGeneratorCases(Suite& suite) {
  constexpr int kValues = 3'000'000;
  suite.section("generators, per value");
  suite.time("m_gen", kValues,
             [] {
               for (const int value : countTo(kValues)) sum += value;
             },
             Limit(
                 [] {
                   auto values = limitCountTo(kValues);
                   while (const int* value = values.next()) sum += *value;
                 },
                 1.2));
  suite.time("m_rec10: ten levels deep", kValues, [] { sumNested(10, kValues); }, Limit([] { limitSumNested(10, kValues); }, 1.2));
  suite.time("m_rec1000: a thousand levels deep (the limit: ten)", kValues, [] { sumNested(1000, kValues); }, Limit([] { limitSumNested(10, kValues); }, 1.2));
  suite.time("m_agen: an async generator", kValues, [] { sum += *sumAsync(kValues).result(); }, Limit([] { sum += limitSumAsync(kValues).run(); }, 1.6));
}

// ---- errors

[[gnu::noinline]] Deferred<int> throwDeep(int levels) {
  if (levels == 0) throw std::runtime_error("deep");
  co_return co_await throwDeep(levels - 1);
}
[[gnu::noinline]] Deferred<long> catchDeep(long n) {
  long caught = 0;
  for (long i = 0; i < n; ++i) {
    try {
      co_await throwDeep(9);
    } catch (const std::exception&) {
      ++caught;
    }
  }
  co_return caught;
}
[[gnu::noinline]] Deferred<int> failDeep(int levels) {
  if (levels == 0) co_return Failure(std::runtime_error("deep"));
  auto inner = failDeep(levels - 1);
  Outcome<int> outcome = co_await inner.outcome();
  co_return std::move(outcome);
}
[[gnu::noinline]] Deferred<long> lookDeep(long n) {
  long failed = 0;
  for (long i = 0; i < n; ++i) {
    auto inner = failDeep(9);
    const Outcome<int> outcome = co_await inner.outcome();
    failed += !outcome;
  }
  co_return failed;
}
[[gnu::noinline]] limit::Task<long> limitThrowDeep(int levels) {
  if (levels == 0) throw std::runtime_error("deep");
  co_return co_await limitThrowDeep(levels - 1);
}
[[gnu::noinline]] limit::Task<long> limitCatchDeep(long n) {
  long caught = 0;
  for (long i = 0; i < n; ++i) {
    bool thrown = false;
    try {
      co_await limitThrowDeep(9);
    } catch (const std::exception&) {
      thrown = true;
    }
    caught += thrown;
  }
  co_return caught;
}

void addErrorCases(Suite& suite) {
  suite.section("errors");
  const auto same = [](int v) { return v; };
  const auto handled = [](const Failure&) {
    ++sum;
    return 0;
  };
  suite.time(
      "i_error10: a callback throws, ten are passed over, an errback", 1e5,
      [=] {
        for (int i = 0; i < 100'000; ++i) {
          Deferred<int> d;
          auto first = d.addCallback([](int) -> int { throw std::runtime_error("first"); });   // not the limit's text: g++ would make one function of both
          auto e = first.addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addErrback(handled);
          d.callback(i);
        }
      },
      Limit(
          [] {
            for (int i = 0; i < 100'000; ++i) {
              limit::Chain d;
              d.onValue([](int) -> int { throw std::runtime_error("x"); });
              for (int k = 0; k < 10; ++k) d.onValue([](int v) { return v; });
              d.onError([](const std::exception_ptr&) {
                ++sum;
                return 0;
              });
              d.fire(i);
            }
          },
          1.2));
  suite.time(
      "i_error10_nothrow: the same, fired with an error", 1e5,
      [=] {
        for (int i = 0; i < 100'000; ++i) {
          Deferred<int> d;
          auto e = d.addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addCallback(same).addErrback(handled);
          d.errback(std::runtime_error("x"));
        }
      },
      Limit(
          [] {
            for (int i = 0; i < 100'000; ++i) {
              limit::Chain d;
              for (int k = 0; k < 10; ++k) d.onValue([](int v) { return v; });
              d.onError([](const std::exception_ptr&) {
                ++sum;
                return 0;
              });
              d.fire(std::make_exception_ptr(std::runtime_error("x")));
            }
          },
          2));
  suite.time("i_throw10: thrown ten coroutines down, caught in the outermost", 1e4, [] { expect(*catchDeep(10'000).result() == 10'000); },
             Limit([] { expect(limitCatchDeep(10'000).run() == 10'000); }));
  suite.time("i_nothrow10: the same without a throw, by outcome()", 1e4, [] { expect(*lookDeep(10'000).result() == 10'000); });
}

// ---- memory

constexpr std::size_t kWaiting = 200'000;

[[gnu::noinline]] Deferred<long> waitForValue(Deferred<int>& gate) { co_return co_await gate; }
[[gnu::noinline]] Deferred<> waitForItem(DeferredQueue<long>& queue) { sum += co_await queue.get(); }
[[gnu::noinline]] limit::Task<long> limitWait(limit::Event& event) { co_return co_await event; }

// Resident memory that `fill` adds. Left to the end of the process: it is a child of its own.
template <class Fill> double grownBy(Fill fill) {
  const auto before = bench::residentBytes();
  fill();
  return static_cast<double>(bench::residentBytes() - before);
}

void addMemoryCases(Suite& suite) {
  suite.section("memory: resident bytes per object of 200,000, with its handle of 8");
  suite.bytes(
      "k_task_bytes: a coroutine suspended on a Deferred", kWaiting,
      [] {
        auto& gates = *new std::vector<Deferred<int>>();
        auto& waiting = *new std::vector<Deferred<long>>();
        waiting.reserve(kWaiting);
        for (std::size_t i = 0; i < kWaiting; ++i) gates.emplace_back();
        return grownBy([&] {
          for (std::size_t i = 0; i < kWaiting; ++i) waiting.push_back(waitForValue(gates[i]));
        });
      },
      [] {
        auto* events = new limit::Event[kWaiting];
        for (std::size_t i = 0; i < kWaiting; ++i) bench::keep(events[i]);
        auto& waiting = *new std::vector<limit::Task<long>>();
        waiting.reserve(kWaiting);
        return grownBy([&] {
          for (std::size_t i = 0; i < kWaiting; ++i) {
            waiting.push_back(limitWait(events[i]));
            waiting.back().start();
          }
        });
      });
  suite.bytes("memory_deferred: an unfired Deferred<>", kWaiting, [] {
    auto& gates = *new std::vector<Deferred<>>();
    gates.reserve(kWaiting);
    return grownBy([&] {
      for (std::size_t i = 0; i < kWaiting; ++i) gates.emplace_back();
    });
  });
  suite.bytes("memory_callback: a callback without captures", kWaiting, [] {
    auto& gates = *new std::vector<Deferred<int>>();
    auto& links = *new std::vector<Deferred<int>>();
    links.reserve(kWaiting);
    for (std::size_t i = 0; i < kWaiting; ++i) gates.emplace_back();
    return grownBy([&] {
      for (std::size_t i = 0; i < kWaiting; ++i) links.push_back(gates[i].addCallback([](int v) { return v; }));
    });
  });
  suite.bytes("memory_worker: a coroutine in `co_await queue.get()`, all included", kWaiting, [] {
    auto* queue = new DeferredQueue<long>();
    auto& workers = *new std::vector<Deferred<>>();
    workers.reserve(kWaiting);
    return grownBy([&] {
      for (std::size_t i = 0; i < kWaiting; ++i) workers.push_back(waitForItem(*queue));
    });
  });
}

}  // namespace

int main(int argc, char** argv) {
  Suite suite("defer", "what Deferreds, coroutines, queues and generators cost, beside the least code that does the same");
  addMemoryCases(suite);
  bench::addRawFloor(suite);
  addCallbackCases(suite);
  addCoroutineCases(suite);
  addManyCases(suite);
  addGeneratorCases(suite);
  addErrorCases(suite);
  bench::addSketchCases(suite);
  const int status = suite.run(argc, argv);
  bench::keep(sum);
  return status;
}
