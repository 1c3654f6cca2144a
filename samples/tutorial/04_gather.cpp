// 04: gatherResults. Several at once; the whole takes as long as the slowest.
#include "../arguments.hpp"

#include <weft/defer.hpp>

#include <cstdio>
#include <vector>

using namespace weft;

Deferred<int> squareSlowly(Clock& clock, int n) {
  co_await deferLater(clock, 0.05 * n);
  co_return n * n;
}

Deferred<> run(Reactor& reactor) {
  std::vector<Deferred<int>> squares;
  for (int n = 1; n <= 5; ++n) squares.push_back(squareSlowly(reactor, n));
  for (int square : co_await gatherResults(std::move(squares))) std::printf("%d ", square);
  std::puts("");

  auto [three, four] = co_await gatherResults(squareSlowly(reactor, 3), squareSlowly(reactor, 4));
  std::printf("%d + %d = %d\n", three, four, three + four);
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, "tutorial_04_gather\n\nSeveral Deferreds at once.\n");
  return react(run, argc, argv);
}
