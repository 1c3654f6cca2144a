// 05: a queue and a pool of workers, the shape of every crawler.
#include "../arguments.hpp"

#include <weft/defer.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace weft;

// [workers]
Deferred<> worker(Clock& clock, int number, DeferredQueue<std::string>& jobs) {
  while (auto job = co_await jobs.next()) {            // ends when the queue is closed and empty
    co_await deferLater(clock, 0.1);
    std::printf("worker %d did %s\n", number, job->c_str());
  }
}

Deferred<> run(Reactor& reactor) {
  DeferredQueue<std::string> jobs;
  std::vector<Deferred<>> workers;
  for (int number = 1; number <= 3; ++number) workers.push_back(worker(reactor, number, jobs));
  for (const char* job : {"dishes", "laundry", "windows", "garden", "letters", "shopping"}) jobs.put(job);
  jobs.close();
  co_await gatherResults(std::move(workers));
  std::puts("all done");
}
// [/workers]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, "tutorial_05_workers\n\nThree workers on one queue.\n");
  return react(run, argc, argv);
}
