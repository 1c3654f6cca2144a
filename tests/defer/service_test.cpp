#include <weft/defer/service.hpp>

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/defer/cooperator_service.hpp>
#include <weft/defer/testing.hpp>
#include <weft/defer/timer_service.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;

namespace {

using Log = std::vector<std::string>;

/// Writes down what happens to it, and stops when the test says so.
class Noting : public Service {
 public:
  Noting(std::string name, Log& log) : Service(std::move(name)), log_(log) {}
  void privilegedStartService() override { log_.push_back("privileged " + name()); }
  void startService() override {
    log_.push_back("start " + name());
    if (failsToStart) throw std::runtime_error(name() + " does not start");
    Service::startService();
  }
  Deferred<> stopService() override {
    log_.push_back("stop " + name());
    Service::stopService().detach();
    if (failsToStop) throw std::runtime_error(name() + " does not stop");
    if (!slow) return succeed();
    Deferred<> stopping([this](detail::FiringEnd<void>&) { log_.push_back("cancel " + name()); });
    stopped = stopping.takeTrigger();
    return stopping;
  }
  bool failsToStart = false, failsToStop = false, slow = false;
  Trigger<> stopped;

 private:
  Log& log_;
};

}  // namespace

// O3
TEST_CASE("services are started in their order and stopped in the reverse one") {
  Log log;
  MultiService program;
  for (const char* name : {"a", "b", "c"}) program.addService(std::make_shared<Noting>(name, log));
  program.privilegedStartService();
  program.startService();
  CHECK(program.running());
  successResultOf(program.stopService());
  CHECK(!program.running());
  CHECK(log == Log{"privileged a", "privileged b", "privileged c", "start a", "start b", "start c", "stop c", "stop b", "stop a"});
  CHECK(!program.getServiceNamed("a")->running());
}

TEST_CASE("stopping is done when the last service has stopped") {
  Log log;
  MultiService program;
  auto& a = program.addService(std::make_shared<Noting>("a", log));
  auto& b = program.addService(std::make_shared<Noting>("b", log));
  a.slow = b.slow = true;
  program.startService();
  auto stopping = program.stopService();
  b.stopped.callback();
  assertNoResult(stopping);
  CHECK(program.unfinished() == Log{"a"});
  a.stopped.callback();
  successResultOf(stopping);
  CHECK(program.unfinished().empty());
}

TEST_CASE("a service that fails to stop does not keep the others from it, and is named") {
  Log log;
  MultiService program;
  program.addService(std::make_shared<Noting>("a", log));
  program.addService(std::make_shared<Noting>("b", log)).failsToStop = true;
  program.addService(std::make_shared<Noting>("", log)).failsToStop = true;
  program.startService();
  log.clear();
  const Failure failure = failureResultOf<ServicesNotStopped>(program.stopService());
  CHECK(log == Log{"stop ", "stop b", "stop a"});
  CHECK(std::string(failure.what()) == "stopping services: #3:  does not stop; b: b does not stop");
  CHECK(failure.as<ServicesNotStopped>()->parts.size() == 2);
}

TEST_CASE("when a service does not start, those before it are stopped again") {
  Log log;
  MultiService program;
  program.addService(std::make_shared<Noting>("a", log));
  program.addService(std::make_shared<Noting>("b", log));
  program.addService(std::make_shared<Noting>("c", log)).failsToStart = true;
  program.addService(std::make_shared<Noting>("d", log));
  CHECK_THROWS_WITH(program.startService(), "c does not start");
  CHECK(log == Log{"start a", "start b", "start c", "stop b", "stop a"});
  CHECK(!program.running());
}

TEST_CASE("a service added to a running parent is started, one taken out is stopped") {
  Log log;
  MultiService program;
  program.startService();
  auto& a = program.addService(std::make_shared<Noting>("a", log));
  CHECK(a.parent() == &program);
  CHECK(log == Log{"privileged a", "start a"});
  a.slow = true;
  auto kept = program.services().front();
  auto removing = program.removeService(a);
  CHECK(a.parent() == nullptr);
  CHECK(program.services().empty());
  assertNoResult(removing);
  a.stopped.callback();
  successResultOf(removing);
  CHECK_THROWS_AS(static_cast<void>(program.removeService(a)), ServiceError);
  auto failing = std::make_shared<Noting>("b", log);
  failing->failsToStart = true;
  CHECK_THROWS_WITH(program.addService(failing), "b does not start");
  CHECK(program.services().empty());
}

TEST_CASE("a name is given once among the services of a parent") {
  Log log;
  MultiService program, other;
  auto a = std::make_shared<Noting>("a", log);
  program.addService(a);
  CHECK_THROWS_WITH_AS(program.addService(std::make_shared<Noting>("a", log)), "there is a service called \"a\" already", ServiceError);
  CHECK_THROWS_AS(other.addService(a), ServiceError);
  CHECK_THROWS_AS(a->setName("b"), ServiceError);
  CHECK(program.getServiceNamed("a") == a.get());
  CHECK(program.getServiceNamed("b") == nullptr);
}

TEST_CASE("a stop with a deadline names what has not stopped, and cancels it") {
  ManualClock clock;
  Log log;
  MultiService program;
  program.addService(std::make_shared<Noting>("a", log));
  auto& feeds = program.addService(std::make_shared<MultiService>("feeds"));
  feeds.addService(std::make_shared<Noting>("journal", log)).slow = true;
  program.addService(std::make_shared<Noting>("web", log)).slow = true;
  program.startService();
  log.clear();
  auto stopping = stopWithin(program, 10, clock);
  clock.advance(9.9);
  assertNoResult(stopping);
  clock.advance(0.2);
  const Failure failure = failureResultOf<StopTimeout>(stopping);
  CHECK(std::string(failure.what()) == "not stopped after 10 seconds: web, feeds/journal");
  CHECK(log == Log{"stop web", "stop journal", "stop a", "cancel web", "cancel journal"});
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a stop in time leaves no timer behind, and passes a failure on") {
  ManualClock clock;
  Log log;
  MultiService program;
  auto& a = program.addService(std::make_shared<Noting>("a", log));
  program.startService();
  successResultOf(stopWithin(program, 10, clock));
  a.slow = true;
  program.startService();
  auto stopping = stopWithin(program, 10, clock);
  a.stopped.errback(std::runtime_error("disk full"));
  CHECK(failureResultOf<ServicesNotStopped>(stopping).what() == std::string("stopping services: a: disk full"));
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("a stop with a deadline can be cancelled") {
  ManualClock clock;
  Log log;
  MultiService program;
  program.addService(std::make_shared<Noting>("a", log)).slow = true;
  program.startService();
  auto stopping = stopWithin(program, 10, clock);
  stopping.cancel();
  CHECK(failureResultOf<ServicesNotStopped>(stopping).what() == std::string("stopping services: a: cancelled"));
  CHECK(clock.getDelayedCalls().empty());
}

// O4
TEST_CASE("a TimerService calls while it runs, and its stop waits for the call under way") {
  ManualClock clock;
  int calls = 0;
  Trigger<> work;
  TimerService timer(clock, 5, [&] {
    Deferred<> working;
    ++calls;
    work = working.takeTrigger();
    return working;
  });
  timer.startService();
  CHECK(calls == 1);
  work.callback();
  clock.advance(5);
  CHECK(calls == 2);
  auto stopping = timer.stopService();
  assertNoResult(stopping);
  work.callback();
  successResultOf(stopping);
  clock.advance(50);
  CHECK(calls == 2);
  timer.startService();
  CHECK(calls == 3);
  work.callback();
  successResultOf(timer.stopService());
  CHECK(clock.getDelayedCalls().empty());
}

TEST_CASE("an error of a TimerService's function is logged and ends the calls") {
  LogCapture logs;
  ManualClock clock;
  int calls = 0;
  TimerService timer(clock, 1, [&] {
    ++calls;
    throw std::runtime_error("no disk");
  });
  timer.startService();
  clock.advance(10);
  CHECK(calls == 1);
  CHECK(logs.contains("a TimerService's function failed"));
  successResultOf(timer.stopService());
}

TEST_CASE("a CooperatorService works while it runs") {
  ManualClock clock(1);                                // a slice is 10 ms of real time
  int steps = 0;
  const auto count = [](int& steps) -> CooperativeSteps {
    for (;;) {
      ++steps;
      co_yield nullptr;
    }
  };
  CooperatorService service(clock);
  auto working = service.coiterate(count(steps));
  clock.advance(1);
  CHECK(steps == 0);
  service.startService();
  clock.advance(1);
  CHECK(steps > 0);
  successResultOf(service.stopService());
  CHECK(failureResultOf(working).check<SchedulerStopped>());
  service.startService();
  auto again = service.coiterate([](int& steps) -> CooperativeSteps {
    ++steps;
    co_yield nullptr;
  }(steps = 0));
  clock.advance(1);
  CHECK(steps == 1);
  clock.advance(1);
  successResultOf(again);
}
