// Generators, from counting down to schedulers of tasks and actors.
#include "arguments.hpp"

#include <weft/core/generator.hpp>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

using namespace weft;

Generator<int> countdown(int from) {
  for (int n = from; n > 0; --n) co_yield n;
}

Generator<long> fibonacci() {
  for (long a = 0, b = 1;; b = std::exchange(a, b) + b) co_yield a;
}

// co_yield gives what send() sent.
Generator<int, std::string> receiver() {
  for (int received = 0;; ++received) {
    std::string item = co_yield received;
    std::printf("  got %s\n", item.c_str());
  }
}

Generator<int, int> times2() {
  for (int n = 0;;) n = 2 * (co_yield n);
}

Generator<int> stubborn() {
  const struct Goodbye {
    ~Goodbye() { std::puts("  cleaned up"); }
  } goodbye;
  for (int n = 1;; ++n) {
    try {
      co_yield n;
    } catch (const std::runtime_error& error) {
      std::printf("  caught inside: %s\n", error.what());
    }
  }
}

// A return value, which `yield from` hands to the outer generator.
Generator<int, void, std::string> internal(int values) {
  for (int i = 1; i <= values; ++i) co_yield i;
  co_return std::to_string(values) + " values";
}
Generator<int> general() {
  std::string first = co_yield elementsOf(internal(2));
  std::printf("  internal returned %s\n", first.c_str());
  std::string second = co_yield elementsOf(internal(3));
  std::printf("  internal returned %s\n", second.c_str());
}
Generator<int> nested(int depth) {
  if (depth > 0) co_yield elementsOf(nested(depth - 1));
  co_yield depth;
}

struct Step {};                                        // what tasks yield who have nothing to say

// Tasks take turns: one step each, round and round.
class TaskScheduler {
 public:
  void add(Generator<Step> task) { tasks_.push_back(std::move(task)); }
  void run() {
    while (!tasks_.empty()) {
      Generator<Step> task = std::move(tasks_.front());
      tasks_.pop_front();
      if (task.next()) tasks_.push_back(std::move(task));
      else std::puts("  a task has ended");
    }
  }

 private:
  std::deque<Generator<Step>> tasks_;
};
Generator<Step> printEvery2nd(const char* name, int from, int to) {
  for (int n = from; n <= to; n += 2) {
    std::printf("  %s %d\n", name, n);
    co_yield Step();
  }
}

// Actors get messages; who sends one only puts it into a queue, so two actors may talk for ever without any recursion.
class ActorScheduler {
 public:
  using Actor = Generator<Step, long>;
  void add(const std::string& name, Actor actor) {
    actor.next();                                      // up to its first message
    actors_.emplace(name, std::move(actor));
  }
  void send(const std::string& name, long message) { queue_.emplace_back(name, message); }
  void run() {
    while (!queue_.empty()) {
      const auto [name, message] = std::move(queue_.front());
      queue_.pop_front();
      if (const auto actor = actors_.find(name); actor != actors_.end() && !actor->second.send(message)) actors_.erase(actor);
    }
  }

 private:
  std::map<std::string, Actor> actors_;
  std::deque<std::pair<std::string, long>> queue_;
};
ActorScheduler::Actor printer(long& printed) {
  for (;;) {
    const long n = co_yield Step();
    ++printed;
    if (n <= 3) std::printf("  printer got %ld\n", n);
  }
}
ActorScheduler::Actor counter(ActorScheduler& scheduler) {
  for (;;) {
    const long n = co_yield Step();
    if (n == 0) break;
    scheduler.send("printer", n);
    scheduler.send("counter", n - 1);
  }
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "generators [--messages N]\n\n"
                            "Shows what a generator can do. The actors at the end exchange N messages (100000).\n");
  std::puts("countdown:");
  for (int n : countdown(3)) std::printf("  %d\n", n);

  std::puts("fibonacci below 50:");
  for (long n : fibonacci()) {
    if (n > 50) break;
    std::printf("  %ld\n", n);
  }

  std::puts("receiver:");
  auto box = receiver();
  box.next();
  box.send("a letter");
  std::printf("  %d received\n", *box.send("a parcel"));

  std::puts("times2:");
  auto twice = times2();
  twice.next();
  std::printf("  %d", *twice.send(21));
  std::printf(" %d\n", *twice.send(4));

  std::puts("throw and close:");
  auto numbers = stubborn();
  numbers.next();
  std::printf("  goes on with %d\n", *numbers.throwInto(std::runtime_error("thrown in")));
  numbers.close();
  std::printf("  closed: %s\n", numbers.next() ? "no" : "yes");

  std::puts("yield from:");
  for (int n : general()) std::printf("  %d\n", n);
  int deepest = -1, count = 0;
  for (int n : nested(1000)) {
    deepest = std::max(deepest, n);
    ++count;
  }
  std::printf("  %d values through up to %d levels\n", count, deepest);

  std::puts("task scheduler:");
  TaskScheduler tasks;
  tasks.add(printEvery2nd("odd", 1, 5));
  tasks.add(printEvery2nd("even", 0, 6));
  tasks.run();

  std::puts("actors:");
  ActorScheduler actors;
  long printed = 0;
  actors.add("printer", printer(printed));
  actors.add("counter", counter(actors));
  actors.send("counter", arguments.number("--messages", 100'000));
  actors.run();
  std::printf("  %ld messages printed\n", printed);
}
