#include <weft/core/failure.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace weft;

namespace {

struct Refused : CoreError {
  explicit Refused(int port) : CoreError("port " + std::to_string(port) + " refused"), port(port) {}
  int port;
};
struct Timeout : CoreError {
  Timeout() : CoreError("timeout") {}
};
// An exception that cannot say what it is.
struct Mute : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

}  // namespace

TEST_CASE("a Failure holds the error with its type and its data") {  // E1
  const Failure failure(Refused(9));
  REQUIRE(failure.as<Refused>());
  CHECK(failure.as<Refused>()->port == 9);
  CHECK(std::string(failure.what()) == "port 9 refused");
  CHECK(failure.getErrorMessage() == "port 9 refused");
}

TEST_CASE("Failure() in a catch block is the exception being handled") {  // E1
  try {
    throw Refused(1);
  } catch (...) {
    CHECK(Failure().as<Refused>()->port == 1);
  }
}

TEST_CASE("Failure() where nothing is being handled throws NoCurrentExceptionError") {  // A3
  CHECK_THROWS_AS(Failure(), NoCurrentExceptionError);
}

TEST_CASE("a Failure that was thrown is unwrapped, not wrapped again") {  // E1
  try {
    throw Failure(Refused(2));
  } catch (...) {
    const Failure failure;
    REQUIRE(failure.as<Refused>());
    CHECK(failure.as<Refused>()->port == 2);
  }
}

TEST_CASE("check asks for one of several types, bases included, and throws nothing") {  // E3
  const Failure failure(Refused(3));
  CHECK(failure.check<Refused>());
  CHECK(failure.check<CoreError>());
  CHECK(failure.check<std::exception>());
  CHECK(failure.check<Timeout, Refused>());
  CHECK_FALSE(failure.check<Timeout>());
  CHECK_FALSE(failure.check<Timeout, std::logic_error>());
}

TEST_CASE("trap gives the error when it is the one, and throws any other on") {  // E2
  const Failure failure(Refused(4));
  CHECK(failure.trap<Refused>().port == 4);
  CHECK_NOTHROW(failure.trap<Timeout, Refused>());
  CHECK_THROWS_AS(failure.trap<Timeout>(), Refused);
}

TEST_CASE("rethrow throws the very error, and the trace survives the flight") {  // E4
  Failure failure(Refused(5));
  failure.passedThrough(std::source_location::current());
  try {
    failure.rethrow();
  } catch (...) {
    const Failure caught;
    CHECK(caught.as<Refused>() == failure.as<Refused>());
    CHECK(caught.traceback().size() == 1);
  }
}

TEST_CASE("another error does not inherit the trace of one that was rethrown before") {
  Failure failure(Refused(6));
  failure.passedThrough(std::source_location::current());
  try {
    failure.rethrow();
  } catch (const Refused&) {
  }
  try {
    throw Refused(7);
  } catch (...) {
    CHECK(Failure().traceback().empty());
  }
}

TEST_CASE("a copy keeps the trace that it had") {
  Failure failure(Timeout{});
  failure.passedThrough(std::source_location::current());
  const Failure copy = failure;
  failure.passedThrough(std::source_location::current());
  CHECK(copy.traceback().size() == 1);
  CHECK(failure.traceback().size() == 2);
}

TEST_CASE("a trace has an end: the first fourteen places are kept") {
  Failure failure(Timeout{});
  for (int i = 0; i < 100; ++i) failure.passedThrough(std::source_location::current());
  CHECK(failure.traceback().size() == 14);
}

TEST_CASE("a traceback names the type, the text, and the places passed") {  // E5
  Failure failure(Timeout{});
  failure.passedThrough(std::source_location::current());
  const std::string text = failure.getTraceback();
  CHECK(text.find("Timeout: timeout") != std::string::npos);
  CHECK(text.find("failure_test.cpp:") != std::string::npos);
}

TEST_CASE("asking a Failure never throws, whatever was thrown") {  // E5
  CHECK(std::string(Failure(std::make_exception_ptr(42)).what()) == "an exception that is not a std::exception");
  CHECK(Failure(std::make_exception_ptr(42)).typeName() == "int");
  CHECK(std::string(Failure(Mute()).what()) != "");
  CHECK(Failure(Mute()).getTraceback().find("Mute") != std::string::npos);
  const Failure none{std::exception_ptr()};
  CHECK(std::string(none.what()) == "no error");
  CHECK(none.typeName() == "none");
  CHECK_FALSE(none.check<std::exception>());
}

TEST_CASE("a Failure is one word, however far it has come") {
  CHECK(sizeof(Failure) == sizeof(void*));
  Failure failure(Refused(11));
  const Failure before = failure;
  failure.passedThrough(std::source_location::current());
  Failure after(std::move(failure));
  CHECK(after.as<Refused>()->port == 11);
  CHECK(after.traceback().size() == 1);
  CHECK(before.as<Refused>() == after.as<Refused>());  // still one exception
  CHECK(before.traceback().empty());
  after = before;
  CHECK(after.traceback().empty());
}

TEST_CASE("a Failure without an error says so, also after it has passed somewhere") {
  Failure none(nullptr);
  none.passedThrough(std::source_location::current());
  CHECK(std::string(none.what()) == "no error");
  CHECK_FALSE(none.check<std::exception>());
  CHECK_THROWS_AS(none.rethrow(), NoCurrentExceptionError);
}
