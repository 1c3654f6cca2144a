// runTest: a test that is a coroutine, with a reactor of its own, as Twisted's trial runs it.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/defer/deferred.hpp>

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

namespace weft {

/// Why runTest() fails a test whose own Deferred has not failed: it took too long, logged an error, or left something behind.
class TestFailed : public DeferError {
 public:
  using DeferError::DeferError;
};

/// What a test has that runTest() runs. Lives as long as the test does. Thread: the reactor's.
class RunningTest {
 public:
  Reactor& reactor() noexcept { return reactor_; }
  /// The records of levels Error and Critical that were logged since the last time, an error that no Deferred's errback took among them. To ask is to say that they were expected.
  std::vector<LogCapture::Entry> flushLoggedErrors();
  /// `cleanup` is called when the test has ended, however it did: the last one first, each after the Deferred of the one before it has fired. An error fails the test.
  void addCleanup(UniqueFunction<Deferred<>()> cleanup) { cleanups_.push_back(std::move(cleanup)); }

 private:
  friend void runTest(const std::function<Deferred<>(RunningTest&)>& test, Delay timeout);
  static Deferred<> runAll(const std::function<Deferred<>(RunningTest&)>& test, RunningTest& self);

  RunningTest() = default;

  std::vector<UniqueFunction<Deferred<>()>> cleanups_;
  LogCapture log_{LogLevel::Error};
  Reactor reactor_;                                    // goes first: what still waits for it may use the rest
};

/// Runs `test` and its cleanups to their end, in a reactor that is made for it; then that must be clean. Under any test framework:
///
///     TEST_CASE("the server says hello") {
///       runTest([](RunningTest& test) -> Deferred<> {
///         net::TcpNetwork network(test.reactor());
///         …
///         test.addCleanup([&] { return port->stopListening(); });
///       });
///     }
///
/// Throws what the test's Deferred, or else a cleanup's, failed with (so a framework's own assertions come through); else TestFailed: when it has not ended after `timeout` (it is
/// cancelled then, and the message says what it waited for), when an error was logged and not flushed, when a call is left pending or a socket open. A test without sockets needs no real
/// time: see ManualClock, and <weft/defer/testing.hpp>. Not from within a running reactor. Other threads should neither log nor open sockets meanwhile.
void runTest(const std::function<Deferred<>(RunningTest&)>& test, Delay timeout = std::chrono::seconds(120));

}  // namespace weft
