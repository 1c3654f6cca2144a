#include <weft/defer/running_test.hpp>

#include "support/counted.hpp"

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/threads.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

// Row N6.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

std::string failureOf(const std::function<Deferred<>(RunningTest&)>& test, Delay timeout = 120) {
  try {
    runTest(test, timeout);
  } catch (const TestFailed& error) {
    return error.what();
  }
  return "passed";
}

bool begins(const std::string& text, std::string_view with) {
  if (!text.starts_with(with)) MESSAGE(text);
  return text.starts_with(with);
}

TEST_CASE("runTest runs a test's Deferred to its end, with a reactor and its threads") {      // N6
  const AllCounted counted;
  int steps = 0;
  runTest([&](RunningTest& test) -> Deferred<> {
    Counted local(1);
    co_await deferLater(test.reactor(), 0.001);
    ++steps;
    const int seven = co_await deferToThread(test.reactor(), [] { return 7; });
    steps += seven;
  });
  CHECK(steps == 8);
  runTest([](RunningTest&) { return succeed(); });
}

TEST_CASE("runTest throws what the test's Deferred failed with, or what the test threw before it made one") {      // N6
  CHECK_THROWS_AS(runTest([](RunningTest& test) -> Deferred<> {
                    co_await deferLater(test.reactor(), 0.001);
                    throw Refused();
                  }),
                  Refused);
  CHECK_THROWS_AS(runTest([](RunningTest&) -> Deferred<> { throw Refused(); }), Refused);
}

TEST_CASE("a test that takes too long is cancelled, and its failure says what it waited for") {      // N6
  const AllCounted counted;
  bool unwound = false;
  const std::string late = failureOf(
      [&](RunningTest& test) -> Deferred<> {
        Counted local(1);
        OnEnd end(unwound);
        co_await deferLater(test.reactor(), 1000);
      },
      0.02);
  CHECK(begins(late, "the test has not ended after 0.02 seconds; it waited for\n"));
  CHECK(late.find("running_test_test.cpp") != std::string::npos);
  CHECK(unwound);
}

TEST_CASE("a test that does not want to be cancelled fails all the same, and so does one that stops the reactor") {      // N6
  const std::string stubborn = failureOf(
      [](RunningTest& test) -> Deferred<> {
        for (;;) {
          Deferred<> sleeping = deferLater(test.reactor(), 1000);
          Outcome<> outcome = co_await sleeping.outcome();
          if (outcome || !outcome.failure().check<CancelledError>()) co_return;
        }
      },
      0.02);
  CHECK(begins(stubborn, "the test has not ended after 0.02 seconds, nor when it was cancelled; it waited for\n"));
  CHECK(begins(failureOf([](RunningTest& test) -> Deferred<> {
                 test.reactor().stop();
                 co_await deferLater(test.reactor(), 1000);
               }),
               "the reactor was stopped before the test had ended; it waits for\n"));
}

TEST_CASE("an error that is logged fails the test, unless it is flushed; so does one that no errback took") {      // N6
  CHECK(begins(failureOf([](RunningTest&) {
                 log::error("shop", "out of apples");
                 return succeed();
               }),
               "the test has logged 1 error that it did not flush; the first by shop: out of apples"));
  CHECK(failureOf([](RunningTest&) {
          log::warning("shop", "few apples");
          return succeed();
        }) == "passed");
  CHECK(failureOf([](RunningTest& test) {
          log::error("shop", "out of apples");
          const auto flushed = test.flushLoggedErrors();
          CHECK(flushed.size() == 1);
          CHECK(flushed.front().message == "out of apples");
          return succeed();
        }) == "passed");
  CHECK(failureOf([](RunningTest&) {
          static_cast<void>(fail(Refused()));
          return succeed();
        }).find("refused") != std::string::npos);
}

TEST_CASE("a call that is left pending, or a socket left open, fails the test") {      // N6
  struct Late {
    void operator()() const {}
  };
  const std::string dirty = failureOf([](RunningTest& test) {
    test.reactor().callLater(1000, Late());
    return succeed();
  });
  CHECK(begins(dirty, "the test has left 1 call pending; the next is "));
  CHECK(dirty.find("Late") != std::string::npos);
  int ends[2] = {-1, -1};
  CHECK(failureOf([&](RunningTest&) {
          REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
          return succeed();
        }) == "the test has left 2 sockets open");
  for (int end : ends) ::close(end);
}

TEST_CASE("cleanups run when the test has ended, the last first, each after the one before; they may clean, and fail") {      // N6
  std::string order;
  const auto cleaning = [&](RunningTest& test, std::string name) {
    test.addCleanup([&order, &test, name] { return deferLater(test.reactor(), 0.001).addCallback([&order, name] { order += name; }); });
  };
  DelayedCall dirty;
  CHECK_THROWS_AS(runTest([&](RunningTest& test) -> Deferred<> {
                    cleaning(test, "a");
                    cleaning(test, "b");
                    dirty = test.reactor().callLater(1000, [] {});
                    test.addCleanup([&] {
                      dirty.cancel();
                      return succeed();
                    });
                    order += "test ";
                    throw Refused();
                  }),
                  Refused);
  CHECK(order == "test ba");
  CHECK_THROWS_AS(runTest([](RunningTest& test) {
                    test.addCleanup([] { return fail(Refused()); });
                    return succeed();
                  }),
                  Refused);
}

}  // namespace
}  // namespace weft::test
