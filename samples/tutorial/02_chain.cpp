// 02: a chain. Each callback gets what the one before returned; an error skips callbacks until an errback takes it.
#include "../arguments.hpp"

#include <weft/defer.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace weft;

// [readme-deferred]
Deferred<int> parseLength(Deferred<std::string> text) {
  return text
      .addCallback([](std::string line) { return std::stoi(line); })                        // a string becomes an int
      .addCallback([](int length) { return length < 0 ? fail<int>(Error("negative")) : succeed(length); })
      .addErrback([](const std::invalid_argument&) { return 0; })                           // only this error is caught
      .addBoth([] { std::puts("done, one way or the other"); });
}
// [/readme-deferred]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, "tutorial_02_chain\n\nA chain of callbacks and errbacks.\n");
  for (const char* given : {"12", "twelve", "-1"}) {
    Deferred<std::string> text;
    Trigger<std::string> trigger = text.takeTrigger();
    Deferred<int> length = parseLength(std::move(text));
    trigger.callback(given);
    Outcome<int> outcome = length.result();
    if (outcome) std::printf("\"%s\" is %d\n", given, *outcome);
    else std::printf("\"%s\" failed: %s\n", given, outcome.failure().what());
  }
}
