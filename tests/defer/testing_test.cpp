#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

// Row N5.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

TEST_CASE("successResultOf gives the value of a Deferred that has one") {      // N5
  const AllCounted counted;
  CHECK(successResultOf(succeed(5)) == 5);
  auto d = succeed(Counted(1));
  CHECK(successResultOf(d).value == 1);
  successResultOf(succeed());
}

TEST_CASE("successResultOf throws UnexpectedResult that says what is waited for, or what failed") {
  const UnhandledErrors none;
  Deferred<int> d;
  Trigger<int> trigger = d.takeTrigger();
  try {
    (void)successResultOf(d);
    FAIL("did not throw");
  } catch (const UnexpectedResult& error) {
    CHECK(std::string(error.what()).find("testing_test.cpp") != std::string::npos);
  }
  trigger.callback(1);
  CHECK(successResultOf(d) == 1);
  try {
    (void)successResultOf(fail<int>(Refused()));
    FAIL("did not throw");
  } catch (const UnexpectedResult& error) {
    CHECK(std::string(error.what()).find("refused") != std::string::npos);
  }
}

TEST_CASE("failureResultOf gives the failure, of one of the named types if some are named") {      // N5
  const UnhandledErrors none;
  CHECK(failureResultOf(fail<int>(Refused())).check<Refused>());
  failureResultOf<Refused>(fail<int>(Refused()));
  failureResultOf<CancelledError, Refused>(fail<int>(Refused()));
  CHECK_THROWS_AS((void)failureResultOf<CancelledError>(fail<int>(Refused())), UnexpectedResult);
  CHECK_THROWS_AS((void)failureResultOf(succeed(1)), UnexpectedResult);
  Deferred<int> d;
  CHECK_THROWS_AS((void)failureResultOf(d), UnexpectedResult);
}

TEST_CASE("assertNoResult throws when there is one, and leaves it there") {      // N5
  Deferred<int> d;
  assertNoResult(d);
  d.callback(1);
  CHECK_THROWS_AS(assertNoResult(d), UnexpectedResult);
  CHECK(successResultOf(d) == 1);
}

}  // namespace
}  // namespace weft::test
