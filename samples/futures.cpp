// Futures: results that a pool of threads is still working on. With callbacks, with an exception, driven by a generator, and from another process.
#include "arguments.hpp"

#include <weft/core/generator.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/defer.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using namespace weft;

int add(int a, int b) {
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return a + b;
}
int failing() { throw std::runtime_error("the pool's work failed"); }

// A task is a generator that yields futures and is sent their results. Whoever drives it waits for each.
using Steps = Generator<Deferred<int>, int>;

class Task : public std::enable_shared_from_this<Task> {
 public:
  explicit Task(Steps steps) : steps_(std::move(steps)) {}
  static Deferred<> run(Steps steps) {
    auto task = std::make_shared<Task>(std::move(steps));
    Deferred<> ended;
    task->ended_ = ended.takeTrigger();
    task->step([&] { return task->steps_.next(); });
    return ended;
  }

 private:
  void step(UniqueFunction<Deferred<int>*()> resume) {
    try {
      Deferred<int>* future = resume();
      if (!future) return ended_.callback();
      Deferred<int> waiting = std::move(*future);
      waiting.addCallbacks([self = shared_from_this()](int result) { self->step([&] { return self->steps_.send(result); }); },
                           [self = shared_from_this()](Failure failure) { self->step([&] { return self->steps_.throwInto(failure.exception()); }); })
          .detach();
    } catch (...) {
      ended_.errback();
    }
  }
  Steps steps_;
  Trigger<> ended_;
};

Steps addTwice(Reactor& reactor) {
  int sum = co_yield deferToThread(reactor, add, 2, 3);
  std::printf("task: 2 + 3 = %d\n", sum);
  try {
    co_yield deferToThread(reactor, failing);
  } catch (const std::runtime_error& error) {
    std::printf("task: caught \"%s\"\n", error.what());
  }
  sum = co_yield deferToThread(reactor, add, sum, 4);
  std::printf("task: and 4 = %d\n", sum);
}

// Each task starts the next one, which starts the next one …
struct Depth {
  std::uintptr_t highest = 0, lowest = UINTPTR_MAX;
  int ticks = 0;
  Trigger<> done;
};
Steps recursive(Reactor& reactor, int n, int limit, Depth& depth) {
  co_yield deferToThread(reactor, [] { return 0; });
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  depth.highest = std::max(depth.highest, here);
  depth.lowest = std::min(depth.lowest, here);
  ++depth.ticks;
  if (n == limit) depth.done.callback();
  else Task::run(recursive(reactor, n + 1, limit, depth)).detach();
}

// Another process: this very program, asked for one number.
int fibonacciInProcess(int n) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = "'" + self + "' --fibonacci " + std::to_string(n);
  const std::unique_ptr<FILE, int (*)(FILE*)> child(popen(command.c_str(), "r"), pclose);
  int result = 0;
  if (!child || std::fscanf(child.get(), "%d", &result) != 1) throw std::runtime_error("no answer from: " + command);
  return result;
}
int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

Deferred<> run(Reactor& reactor, int ticks) {
  // [on-a-thread]
  Deferred<int> sum = deferToThread(reactor, add, 2, 3).addCallback([](int result) {
    std::printf("callback: 2 + 3 = %d\n", result);
    return result;
  });
  co_await sum;
  // [/on-a-thread]
  Deferred<> failed = deferToThread(reactor, failing).addCallbacks([](int) { std::puts("not reached"); },
                                                                     [](Failure failure) { std::printf("errback: %s\n", failure.what()); });
  co_await failed;

  co_await Task::run(addTwice(reactor));

  Depth depth;
  Deferred<> done;
  depth.done = done.takeTrigger();
  Task::run(recursive(reactor, 1, ticks, depth)).detach();
  co_await done;
  std::printf("recursive: %d ticks, the stack %s\n", depth.ticks, depth.highest - depth.lowest < 4096 ? "did not grow" : "grew");

  const int fromProcess = co_await deferToThread(reactor, fibonacciInProcess, 20);
  std::printf("another process: fibonacci(20) = %d\n", fromProcess);
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "futures [--ticks N] [--fibonacci N]\n\n"
                            "Shows results that are still being worked on: callbacks, an exception, a task that is a generator of\n"
                            "futures, N tasks that start each other (1000), and work in another process (--fibonacci is that process).\n");
  if (arguments.has("--fibonacci")) {
    std::printf("%d\n", fibonacci(static_cast<int>(arguments.number("--fibonacci", 0))));
    return 0;
  }
  const int ticks = static_cast<int>(arguments.number("--ticks", 1000));
  return react([&](Reactor& reactor) { return run(reactor, ticks); }, argc, argv);
}
