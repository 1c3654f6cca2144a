// The waiting room: three friends are asked something, and take their time. One after the other, or all at once.
#include "arguments.hpp"
#include "in_time.hpp"

#include <weft/defer.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace weft;

struct Friend {
  const char* name;
  double seconds;
};
const std::vector<Friend> friends{{"Alice", 3}, {"Bob", 1}, {"Carol", 2}};

Deferred<std::string> ask(Clock& clock, Friend whom) {
  co_await deferLater(clock, whom.seconds);
  co_return std::string(whom.name) + " answers";
}

Deferred<> inTurn(Clock& clock) {
  const double start = clock.seconds();
  for (Friend whom : friends) {
    std::string answer = co_await ask(clock, whom);
    std::printf("%4.1f s  %s\n", clock.seconds() - start, answer.c_str());
  }
  std::printf("in turn: %.1f s\n", clock.seconds() - start);
}

// [wait-together]
Deferred<> together(Clock& clock) {
  const double start = clock.seconds();
  std::vector<Deferred<std::string>> answers;
  for (Friend whom : friends) answers.push_back(ask(clock, whom));      // a call starts at once
  for (const std::string& answer : co_await gatherResults(std::move(answers)))
    std::printf("%4.1f s  %s\n", clock.seconds() - start, answer.c_str());
  std::printf("together: %.1f s\n", clock.seconds() - start);
}
// [/wait-together]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "waiting_room [--virtual]\n\n"
                            "Asks three friends in turn (about 6 s) and together (about 3 s).\n"
                            "  --virtual   do not really wait\n");
  return runInTime(arguments.has("--virtual"), [](Clock& clock) -> Deferred<> {
    co_await inTurn(clock);
    co_await together(clock);
  });
}
