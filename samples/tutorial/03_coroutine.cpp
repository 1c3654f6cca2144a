// 03: a coroutine. co_await waits for a Deferred, and throws what it fails with; everything else is ordinary code.
#include "../arguments.hpp"

#include <weft/defer.hpp>

#include <cstdio>
#include <string>

using namespace weft;

// [readme-coroutine]
Deferred<std::string> slowGreeting(Clock& clock, std::string name) {
  co_await deferLater(clock, 0.2);
  if (name.empty()) throw Error("nobody to greet");
  co_return "hello, " + name;
}

Deferred<> run(Reactor& reactor) {
  std::string greeting = co_await slowGreeting(reactor, "world");
  std::puts(greeting.c_str());
  try {
    co_await slowGreeting(reactor, "");
  } catch (const Error& error) {
    std::printf("failed: %s\n", error.what());
  }
}
// [/readme-coroutine]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, "tutorial_03_coroutine\n\nA coroutine that awaits, and an error that it throws.\n");
  return react(run, argc, argv);
}
