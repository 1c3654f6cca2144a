#include <weft/defer/running_test.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace weft {

namespace {

std::size_t openSockets() {
  std::size_t count = 0;
  std::error_code ignored;                             // the folder's own descriptor is among them, and gone when it is looked at
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored))
    if (std::filesystem::read_symlink(entry.path(), ignored).string().starts_with("socket:")) ++count;
  return count;
}

std::string text(double seconds) {
  std::string digits = std::to_string(seconds);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::string counted(std::size_t count, const std::string& word) { return std::to_string(count) + ' ' + word + (count == 1 ? "" : "s"); }

}  // namespace

std::vector<LogCapture::Entry> RunningTest::flushLoggedErrors() {
  std::vector<LogCapture::Entry> entries = log_.entries();
  log_.clear();
  return entries;
}

Deferred<> RunningTest::runAll(const std::function<Deferred<>(RunningTest&)>& test, RunningTest& self) {
  Deferred<> body = maybeDeferred([&] { return test(self); });
  Outcome<> outcome = co_await body.outcome();
  while (!self.cleanups_.empty()) {
    UniqueFunction<Deferred<>()> cleanup = std::move(self.cleanups_.back());
    self.cleanups_.pop_back();
    Deferred<> cleaning = maybeDeferred([&] { return cleanup(); });
    Outcome<> cleaned = co_await cleaning.outcome();
    if (outcome && !cleaned) outcome = std::move(cleaned);
  }
  if (!outcome) outcome.failure().rethrow();
}

void runTest(const std::function<Deferred<>(RunningTest&)>& test, Delay timeout) {
  const std::size_t socketsBefore = openSockets();
  std::optional<Outcome<>> ended;
  bool over = false;
  std::string late;                                    // what it waited for when its time was up
  DelayedCall timer;
  Deferred<> whole{nullptr};
  RunningTest running;
  Reactor& reactor = running.reactor();
  reactor.callWhenRunning([&] {
    whole = RunningTest::runAll(test, running).addBoth([&](Outcome<> outcome) {
      if (over) return;
      ended.emplace(std::move(outcome));
      if (timer.active()) timer.cancel();
      reactor.stop();
    });
    if (ended) return;
    timer = reactor.callLater(timeout, [&] {
      late = whole.describe();
      timer = reactor.callLater(timeout, [&] { reactor.crash(); });      // of one that does not want to be cancelled
      whole.cancel();
    });
  });
  reactor.run(false);
  over = true;
  for (int turn = 0; turn < 2; ++turn) reactor.iterate(0);      // what has been closed goes in a later turn

  if (!late.empty())
    throw TestFailed("the test has not ended after " + text(timeout.seconds()) + " seconds" + (ended ? "" : ", nor when it was cancelled") + "; it waited for\n" + late);
  if (!ended) throw TestFailed("the reactor was stopped before the test had ended; it waits for\n" + whole.describe());
  if (!*ended) ended->failure().rethrow();
  if (const auto errors = running.flushLoggedErrors(); !errors.empty())
    throw TestFailed("the test has logged " + counted(errors.size(), "error") + " that it did not flush; the first by " + errors.front().name + ": " + errors.front().message);
  if (const auto calls = reactor.getDelayedCalls(); !calls.empty())
    throw TestFailed("the test has left " + counted(calls.size(), "call") + " pending; the next is " + std::string(calls.front().function));
  if (const std::size_t sockets = openSockets(); sockets > socketsBefore) throw TestFailed("the test has left " + counted(sockets - socketsBefore, "socket") + " open");
}

}  // namespace weft
