// The raw floor: what one unit of each primitive costs on this machine. Nothing that is built of them can be faster.
#include "harness.hpp"

#include <coroutine>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <sys/syscall.h>
#include <unistd.h>

namespace bench {
namespace {

struct Bare {
  struct promise_type {
    Bare get_return_object() { return Bare{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
[[gnu::noinline]] Bare countForEver(long& count) {
  for (;;) {
    ++count;
    co_await std::suspend_always{};
  }
}
[[gnu::noinline]] Bare countOnce(long& count) {
  ++count;
  co_return;
}

struct Counter {
  virtual void add(long& count) = 0;

 protected:
  ~Counter() = default;
};
struct One final : Counter {
  void add(long& count) override { count += 1; }
};
struct Two final : Counter {
  void add(long& count) override { count += 2; }
};

[[gnu::noinline]] void throwIfPositive(long value) {
  if (value >= 0) throw std::runtime_error("x");
}

long count = 0;

}  // namespace

void addRawFloor(Suite& suite) {
  constexpr long kMany = 5'000'000;
  suite.section("raw floor");
  suite.time("floor_resume: a coroutine resumed and suspended again", kMany, [] {
    const Bare bare = countForEver(count);
    std::coroutine_handle<> handle = bare.handle;
    for (long i = 0; i < kMany; ++i) {
      keep(handle);
      handle.resume();
    }
    handle.destroy();
  });
  suite.time("floor_coroutine: made, run, destroyed", kMany, [] {
    for (long i = 0; i < kMany; ++i) {
      std::coroutine_handle<> handle = countOnce(count).handle;
      keep(handle);
      handle.resume();
      handle.destroy();
    }
  });
  suite.time("floor_virtual_call", kMany, [] {
    One one;
    Two two;
    Counter* counter = &one;
    keep(&two);
    for (long i = 0; i < kMany; ++i) {
      asm volatile("" : "+r"(counter));
      counter->add(count);
    }
  });
  suite.time("floor_malloc: malloc and free of 64 bytes", kMany, [] {
    for (long i = 0; i < kMany; ++i) {
      void* block = std::malloc(64);
      keep(block);
      std::free(block);
    }
  });
  suite.time("floor_free_list: taken from and given back to a free list", kMany, [] {
    struct Node {
      Node* next;
    };
    static Node only{nullptr};
    static Node* head = &only;
    for (long i = 0; i < kMany; ++i) {
      Node* node = head;
      head = node->next;
      asm volatile("" : "+r"(node) : : "memory");
      node->next = head;
      head = node;
    }
  });
  suite.time("floor_throw: throw and catch", 100'000, [] {
    for (long i = 0; i < 100'000; ++i) {
      try {
        throwIfPositive(i);
      } catch (const std::exception& error) {
        keep(error.what());
      }
    }
  });
  suite.time("floor_system_call: the cheapest one", 200'000, [] {
    for (long i = 0; i < 200'000; ++i) keep(syscall(SYS_getppid));
  });
}

}  // namespace bench
