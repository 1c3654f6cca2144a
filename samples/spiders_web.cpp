// The spider's web: many threads are out, and each twitch is answered when it comes, or only when all have come.
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

Deferred<std::string> letterFrom(Clock& clock, Friend who) {
  co_await deferLater(clock, who.seconds);
  co_return std::string(who.name);
}

std::vector<Deferred<std::string>> letters(Clock& clock) {
  std::vector<Deferred<std::string>> expected;
  for (Friend who : friends) expected.push_back(letterFrom(clock, who));
  return expected;
}

// A generator that awaits: its values come when they come.
AsyncGenerator<std::string> asTheyCome(std::vector<Deferred<std::string>> expected) {
  auto arrivals = asCompleted(std::move(expected));
  while (auto letter = co_await arrivals.next()) co_yield std::move(letter->value());
}

Deferred<> run(Clock& clock) {
  double start = clock.seconds();
  std::puts("collecting all first:");
  for (const std::string& name : co_await gatherResults(letters(clock)))
    std::printf("%4.1f s  answered %s\n", clock.seconds() - start, name.c_str());

  start = clock.seconds();
  std::puts("answering each as it comes:");
  auto web = asTheyCome(letters(clock));
  while (auto name = co_await web.next()) std::printf("%4.1f s  answered %s\n", clock.seconds() - start, name->c_str());
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "spiders_web [--virtual]\n\n"
                            "Answers three letters when all have come, and each as it comes (an async generator).\n"
                            "  --virtual   do not really wait\n");
  return runInTime(arguments.has("--virtual"), run);
}
