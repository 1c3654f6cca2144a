// 01: a Deferred by hand. It is a promise of a result; callbacks wait for it; somebody fires it.
#include "../arguments.hpp"

#include <weft/defer.hpp>

#include <cstdio>

using namespace weft;

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, "tutorial_01_deferred\n\nA Deferred fired by hand, and the callback that waits for it.\n");
  // [by-hand]
  Deferred<int> answer;
  Deferred<> printed = answer.addCallback([](int value) { std::printf("the answer is %d\n", value); });
  std::puts("nobody knows it yet");
  answer.callback(42);                                 // runs the callback, then returns
  std::printf("printed: %s\n", printed.called() ? "yes" : "no");
  // [/by-hand]
}
