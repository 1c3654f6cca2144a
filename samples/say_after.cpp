// say_after: one after the other, at the same time, and not at all.
#include "arguments.hpp"
#include "in_time.hpp"

#include <weft/defer.hpp>

#include <cstdio>
#include <string>

using namespace weft;

Deferred<> sayAfter(Clock& clock, double seconds, std::string what) {
  co_await deferLater(clock, seconds);
  std::printf("%4.1f s  %s\n", clock.seconds(), what.c_str());
}

Deferred<> run(Clock& clock) {
  std::puts("one after the other:");
  co_await sayAfter(clock, 1, "hello");
  co_await sayAfter(clock, 2, "world");

  std::puts("at the same time:");
  Deferred<> hello = sayAfter(clock, 1, "hello");       // both run from here on
  Deferred<> world = sayAfter(clock, 2, "world");
  co_await hello;
  co_await world;

  std::puts("cancelled:");
  // [cancel-it]
  Deferred<> never = sayAfter(clock, 5, "never said");
  co_await deferLater(clock, 1);
  never.cancel();
  try {
    co_await never;
  } catch (const CancelledError& error) {
    std::printf("%4.1f s  %s\n", clock.seconds(), error.what());
  }
  // [/cancel-it]
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "say_after [--virtual]\n\n"
                            "Says hello and world, one after the other and at the same time, and cancels a third.\n"
                            "  --virtual   do not really wait\n");
  return runInTime(arguments.has("--virtual"), run);
}
