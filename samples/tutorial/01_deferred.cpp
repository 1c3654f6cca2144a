// 01: a Deferred by hand. It is a promise of a result; callbacks wait for it; somebody fires it.
#include <weft/defer.hpp>

#include <cstdio>

using namespace weft;

int main() {
  Deferred<int> answer;
  Deferred<> printed = answer.addCallback([](int value) { std::printf("the answer is %d\n", value); });
  std::puts("nobody knows it yet");
  answer.callback(42);                                 // runs the callback, then returns
  std::printf("printed: %s\n", printed.called() ? "yes" : "no");
}
