#include <weft/defer/gather.hpp>

#include <weft/core/log.hpp>
#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/triggers.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Rows C1 to C9.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};
struct Timeout : std::runtime_error {
  Timeout() : std::runtime_error("timeout") {}
};

// n Deferreds and their firing ends.
template <class T> struct Inputs {
  explicit Inputs(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      deferreds.emplace_back();
      triggers.push_back(deferreds.back().takeTrigger());
    }
  }
  std::vector<Deferred<T>> deferreds;
  std::vector<Trigger<T>> triggers;
};

template <class T, class... D> std::vector<Deferred<T>> listOf(D... deferreds) {
  std::vector<Deferred<T>> list;
  (list.push_back(std::move(deferreds)), ...);
  return list;
}

// ---- gatherResults

TEST_CASE("gatherResults gives all values in the order of the inputs, when the last has come") {  // C7
  Inputs<int> in(3);
  auto all = gatherResults(std::move(in.deferreds));
  in.triggers[2].callback(2);
  in.triggers[0].callback(0);
  assertNoResult(all);
  in.triggers[1].callback(1);
  CHECK(successResultOf(all) == std::vector<int>{0, 1, 2});
}

TEST_CASE("gatherResults of nothing fires at once") {  // C1
  CHECK(successResultOf(gatherResults(std::vector<Deferred<int>>())).empty());
}

TEST_CASE("gatherResults of inputs that have fired fires at once") {  // C5
  CHECK(successResultOf(gatherResults(listOf<int>(succeed(1), succeed(2)))) == std::vector<int>{1, 2});
}

TEST_CASE("gatherResults of Deferreds without a value counts them") {
  Inputs<void> in(2);
  auto all = gatherResults(std::move(in.deferreds));
  in.triggers[0].callback();
  in.triggers[1].callback();
  CHECK(successResultOf(all).size() == 2);
}

TEST_CASE("gatherResults fails at the first failure, with its index and what it was") {  // C7 C8
  const UnhandledErrors none;
  Inputs<int> in(3);
  auto all = gatherResults(std::move(in.deferreds));
  in.triggers[1].errback(Refused());
  CHECK(all.called());
  const Failure failure = failureResultOf<FirstError>(all);
  const FirstError& error = *failure.as<FirstError>();
  CHECK(error.index == 1);
  CHECK(error.subFailure.check<Refused>());
  CHECK(std::string(error.what()) == "number 1 failed: refused");
  in.triggers[0].callback(0);                          // the others go on running
  in.triggers[2].callback(2);
}

TEST_CASE("gatherResults reports later failures, unless it consumes errors") {  // C4
  UnhandledErrors errors;
  for (const bool consume : {false, true}) {
    Inputs<int> in(3);
    auto all = gatherResults(std::move(in.deferreds), consume);
    in.triggers[0].errback(Refused());
    failureResultOf<FirstError>(all);
    in.triggers[1].errback(Timeout());
    CHECK(errors.take().size() == (consume ? 0u : 1u));
    in.triggers[2].callback(1);
  }
}

TEST_CASE("gatherResults with an input that has failed already fails at once") {  // C5
  const UnhandledErrors none;
  Inputs<int> in(1);
  auto all = gatherResults(listOf<int>(std::move(in.deferreds[0]), fail<int>(Refused())));
  CHECK(failureResultOf<FirstError>(all).as<FirstError>()->index == 1);
  in.triggers[0].callback(1);
}

TEST_CASE("gatherResults of different types gives a tuple, and a Unit for void") {
  Deferred<int> number;
  Deferred<std::string> text;
  Deferred<> nothing;
  Trigger<int> a = number.takeTrigger();
  Trigger<std::string> b = text.takeTrigger();
  Trigger<> c = nothing.takeTrigger();
  auto all = gatherResults(std::move(number), std::move(text), std::move(nothing));
  c.callback();
  b.callback("b");
  assertNoResult(all);
  a.callback(1);
  CHECK(successResultOf(all) == std::make_tuple(1, std::string("b"), Unit()));
}

TEST_CASE("gatherResults of different types fails with FirstError, and reports what fails later") {
  UnhandledErrors errors;
  Deferred<int> number;
  Deferred<std::string> text;
  Trigger<int> a = number.takeTrigger();
  Trigger<std::string> b = text.takeTrigger();
  auto all = gatherResults(std::move(number), std::move(text));
  b.errback(Refused());
  const Failure failure = failureResultOf<FirstError>(all);
  CHECK(failure.as<FirstError>()->index == 1);
  CHECK(failure.as<FirstError>()->subFailure.check<Refused>());
  a.errback(Timeout());
  CHECK(errors.tookOne<Timeout>());
}

TEST_CASE("gatherResults moves its values, once each") {
  const AllCounted counted;
  const long copies = Counted::copies;
  Inputs<Counted> in(3);
  auto all = gatherResults(std::move(in.deferreds));
  for (int i = 0; i < 3; ++i) in.triggers[static_cast<std::size_t>(i)].callback(Counted(i));
  CHECK(successResultOf(all)[2].value == 2);
  CHECK(Counted::copies == copies);
}

TEST_CASE("a gather that was dropped lets its inputs run on, and frees their values") {
  UnhandledErrors errors;
  const AllCounted counted;
  Inputs<Counted> in(3);
  { auto dropped = gatherResults(std::move(in.deferreds)); }
  in.triggers[0].callback(Counted(1));
  in.triggers[1].errback(Refused());
  CHECK(errors.tookOne<FirstError>());
  in.triggers[2].callback(Counted(1));
}

TEST_CASE("a value whose move throws is what a gather fails with") {
  const AllCounted counted;
  Inputs<ThrowsOnMove> in(2);
  auto all = gatherResults(std::move(in.deferreds));
  in.triggers[0].callback(ThrowsOnMove(1));
  ThrowsOnMove::movesLeft = 3;
  in.triggers[1].callback(ThrowsOnMove(2));
  ThrowsOnMove::movesLeft = -1;
  REQUIRE(all.called());
  failureResultOf<ThrowsOnMove::Thrown>(all);
}

TEST_CASE("an input that was given away makes a gather fail, not leak or crash") {
  const UnhandledErrors none;
  const AllCounted counted;
  Inputs<Counted> in(2);
  auto taken = in.deferreds[1].addCallback([](Counted c) { return c.value; });
  auto all = gatherResults(std::move(in.deferreds));   // the second one is empty now
  const Failure failure = failureResultOf<FirstError>(all);
  CHECK(failure.as<FirstError>()->index == 1);
  CHECK(failure.as<FirstError>()->subFailure.check<AlreadyChainedError>());
  in.triggers[0].callback(Counted(1));
  in.triggers[1].callback(Counted(2));
  CHECK(successResultOf(taken) == 2);
}

TEST_CASE("an input of another type that was given away makes a gather fail, not leak or crash") {
  const UnhandledErrors none;
  const AllCounted counted;
  Deferred<Counted> first;
  Deferred<int> second;
  Trigger<Counted> trigger = first.takeTrigger();
  Trigger<int> other = second.takeTrigger();
  auto taken = second.addCallback([](int x) { return x; });
  auto all = gatherResults(std::move(first), std::move(second));
  CHECK(failureResultOf<FirstError>(all).as<FirstError>()->subFailure.check<AlreadyChainedError>());
  trigger.callback(Counted(1));
  other.callback(2);
  CHECK(successResultOf(taken) == 2);
}

// ---- cancelling

TEST_CASE("cancelling a gather cancels every input") {  // C6
  const UnhandledErrors none;
  int asked = 0;
  std::vector<Deferred<int>> inputs;
  for (int i = 0; i < 3; ++i) inputs.push_back(Deferred<int>([&] { ++asked; }));
  const auto ends = takeTriggers(inputs);
  auto all = gatherResults(std::move(inputs));
  all.cancel();
  CHECK(asked == 3);
  const Failure failure = failureResultOf<FirstError>(all);
  CHECK(failure.as<FirstError>()->index == 0);
  CHECK(failure.as<FirstError>()->subFailure.check<CancelledError>());
}

TEST_CASE("a gather that is cancelled and dropped reports nothing") {
  const UnhandledErrors none;
  Inputs<int> in(3);
  {
    auto all = gatherResults(std::move(in.deferreds));
    all.cancel();
  }
  Inputs<int> racers(2);
  auto first = race(std::move(racers.deferreds));
  first.cancel();
}

TEST_CASE("a coroutine that awaits a gather, cancelled and dropped, reports nothing") {
  const UnhandledErrors none;
  Inputs<int> in(2);
  const auto body = [](std::vector<Deferred<int>> inputs) -> Deferred<> {
    auto all = gatherResults(std::move(inputs));
    co_await all;
  };
  auto running = body(std::move(in.deferreds));
  running.cancel();
  CHECK(running.called());
}

TEST_CASE("cancelling a gather that has fired does nothing, also to the inputs that still run") {  // C6
  UnhandledErrors errors;
  int asked = 0;
  Deferred<int> slow([&] { ++asked; });
  Trigger<int> trigger = slow.takeTrigger();
  auto all = gatherResults(listOf<int>(fail<int>(Refused()), std::move(slow)));
  all.cancel();
  CHECK(asked == 0);
  failureResultOf<FirstError>(all);
  trigger.callback(1);
}

TEST_CASE("an input that survives a gather's cancel is waited for") {
  const UnhandledErrors none;
  Deferred<int> stubborn([] { return true; });
  Trigger<int> trigger = stubborn.takeTrigger();
  auto all = gatherResults(listOf<int>(std::move(stubborn)));
  all.cancel();
  assertNoResult(all);
  trigger.callback(4);
  CHECK(successResultOf(all) == std::vector<int>{4});
}

TEST_CASE("a canceller that throws hinders neither the other inputs nor the gather") {  // C6
  const UnhandledErrors none;
  const LogCapture log;
  int asked = 0;
  Pending<int> pending;
  auto all = gatherResults(listOf<int>(pending.make([] { throw Refused(); }), pending.make([&] { ++asked; })));
  all.cancel();
  CHECK(asked == 1);
  CHECK(log.contains("refused"));
  failureResultOf<FirstError>(all);
}

TEST_CASE("a callback that runs in a gather's cancel may drop the gather") {
  const UnhandledErrors none;
  const AllCounted counted;
  std::optional<Deferred<int>> end;
  Inputs<Counted> in(3);
  end.emplace(gatherResults(std::move(in.deferreds)).addBoth([&, c = Counted(1)](Outcome<std::vector<Counted>>) {
    end.reset();
    return c.value;
  }));
  end->cancel();
  CHECK_FALSE(end);
}

TEST_CASE("a canceller of one input may fire another, and drop the gather") {
  UnhandledErrors errors;
  const AllCounted counted;
  std::optional<Deferred<std::vector<Counted>>> all;
  Trigger<Counted> second;
  std::vector<Deferred<Counted>> inputs;
  inputs.push_back(Deferred<Counted>([&, c = Counted(1)] {
    second.callback(Counted(2));
    all.reset();
  }));
  Trigger<Counted> first = inputs[0].takeTrigger();
  inputs.emplace_back();
  second = inputs[1].takeTrigger();
  all.emplace(gatherResults(std::move(inputs)));
  all->cancel();
  CHECK_FALSE(all);
}

TEST_CASE("the value of an input may drop the gather in its destructor") {
  const UnhandledErrors none;
  struct Dropper {
    Dropper(std::optional<Deferred<int>>& d) : d(&d) {}
    Dropper(Dropper&& other) noexcept : d(std::exchange(other.d, nullptr)) {}
    ~Dropper() {
      if (d) d->reset();
    }
    std::optional<Deferred<int>>* d;
  };
  std::optional<Deferred<int>> end;
  Inputs<Dropper> in(2);
  end.emplace(gatherResults(std::move(in.deferreds)).addErrback([](Failure f) { return f; }).addCallback([](std::vector<Dropper>) { return 1; }));
  in.triggers[0].callback(Dropper(end));
  in.triggers[1].callback(Dropper(end));
  CHECK_FALSE(end);
}

// ---- DeferredList

TEST_CASE("DeferredList gives an Outcome for each input, in order, and never fails") {  // C1
  const UnhandledErrors none;
  Inputs<int> in(3);
  auto list = DeferredList(std::move(in.deferreds));
  in.triggers[2].callback(2);
  in.triggers[1].errback(Refused());
  assertNoResult(list);
  in.triggers[0].callback(0);
  auto outcomes = successResultOf(list);
  REQUIRE(outcomes.size() == 3);
  CHECK(*outcomes[0] == 0);
  CHECK(outcomes[1].failure().check<Refused>());
  CHECK(*outcomes[2] == 2);
}

TEST_CASE("DeferredList of nothing, and of inputs that have fired, fires at once") {  // C1 C5
  const UnhandledErrors none;
  CHECK(successResultOf(DeferredList(std::vector<Deferred<int>>())).empty());
  CHECK(successResultOf(DeferredList(listOf<int>(succeed(1), fail<int>(Refused())))).size() == 2);
}

TEST_CASE("DeferredList with fireOnOneCallback fires with the first value and its index; the others go on") {  // C2
  const UnhandledErrors none;
  int asked = 0;
  Deferred<int> other([&] { ++asked; });
  Trigger<int> otherEnd = other.takeTrigger();
  Inputs<int> in(1);
  auto first = DeferredList(listOf<int>(std::move(other), std::move(in.deferreds[0])), fireOnOneCallback);
  in.triggers[0].callback(8);
  const Indexed<int> winner = successResultOf(first);
  CHECK(winner.index == 1);
  CHECK(winner.value == 8);
  CHECK(asked == 0);
  otherEnd.callback(1);
}

TEST_CASE("DeferredList with fireOnOneCallback fails with all failures when all fail, also when there are none") {  // C2
  const UnhandledErrors none;
  Inputs<int> in(2);
  auto first = DeferredList(std::move(in.deferreds), fireOnOneCallback);
  in.triggers[1].errback(Timeout());
  in.triggers[0].errback(Refused());
  const Failure failure = failureResultOf<FailureGroup>(first);
  const auto& failures = failure.as<FailureGroup>()->failures;
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].check<Refused>());
  CHECK(failures[1].check<Timeout>());
  auto none2 = DeferredList(std::vector<Deferred<int>>(), fireOnOneCallback);
  CHECK(failureResultOf<FailureGroup>(none2).as<FailureGroup>()->failures.empty());
}

TEST_CASE("DeferredList with fireOnOneErrback fails at the first failure; the others go on, and report theirs") {  // C3 C4
  UnhandledErrors errors;
  for (const bool consume : {false, true}) {
    Inputs<int> in(3);
    auto list = DeferredList(std::move(in.deferreds), fireOnOneErrback, consume);
    in.triggers[2].errback(Refused());
    CHECK(failureResultOf<FirstError>(list).as<FirstError>()->index == 2);
    in.triggers[0].errback(Timeout());
    CHECK(errors.take().size() == (consume ? 0u : 1u));
    in.triggers[1].callback(1);
  }
}

TEST_CASE("DeferredList with fireOnOneErrback gives all outcomes when none fails") {  // C3
  Inputs<int> in(2);
  auto list = DeferredList(std::move(in.deferreds), fireOnOneErrback);
  in.triggers[0].callback(1);
  in.triggers[1].callback(2);
  CHECK(successResultOf(list).size() == 2);
}

TEST_CASE("cancelling a DeferredList cancels every input and lists the errors; once fired it does nothing") {  // C6
  const UnhandledErrors none;
  int asked = 0;
  std::vector<Deferred<int>> inputs;
  for (int i = 0; i < 3; ++i) inputs.push_back(Deferred<int>([&] { ++asked; }));
  const auto ends = takeTriggers(inputs);
  auto list = DeferredList(std::move(inputs));
  list.cancel();
  list.cancel();
  CHECK(asked == 3);
  auto outcomes = successResultOf(list);
  REQUIRE(outcomes.size() == 3);
  for (const auto& outcome : outcomes) CHECK(outcome.failure().check<CancelledError>());
}

// ---- race

TEST_CASE("race gives the first value and cancels the others, whose results are ignored") {  // C9
  const UnhandledErrors none;
  int asked = 0;
  std::vector<Deferred<int>> inputs;
  std::vector<Trigger<int>> triggers;
  for (int i = 0; i < 3; ++i) {
    inputs.push_back(Deferred<int>([&] { ++asked; }));
    triggers.push_back(inputs.back().takeTrigger());
  }
  auto first = race(std::move(inputs));
  triggers[1].callback(11);
  CHECK(asked == 2);
  const Indexed<int> winner = successResultOf(first);
  CHECK(winner.index == 1);
  CHECK(winner.value == 11);
}

TEST_CASE("race goes on when one fails, and ignores the failure when another wins") {  // C9
  const UnhandledErrors none;
  Inputs<int> in(2);
  auto first = race(std::move(in.deferreds));
  in.triggers[0].errback(Refused());
  assertNoResult(first);
  in.triggers[1].callback(1);
  CHECK(successResultOf(first).index == 1);
}

TEST_CASE("race fails with a FailureGroup when all fail, in the order of the inputs, also when there are none") {  // C9
  const UnhandledErrors none;
  Inputs<int> in(2);
  auto first = race(std::move(in.deferreds));
  in.triggers[1].errback(Timeout());
  in.triggers[0].errback(Refused());
  const Failure failure = failureResultOf<FailureGroup>(first);
  CHECK(failure.as<FailureGroup>()->failures[0].check<Refused>());
  CHECK(std::string(failure.what()) == "all 2 failed: [refused] [timeout]");
  failureResultOf<FailureGroup>(race(std::vector<Deferred<int>>()));
}

TEST_CASE("race with inputs that have fired takes the first of them in order, and cancels all others") {  // C9 C5
  const UnhandledErrors none;
  int asked = 0;
  Pending<int> pending;
  const auto canceller = [&] { ++asked; };
  auto first = race(listOf<int>(pending.make(canceller), fail<int>(Refused()), succeed(2), succeed(3), pending.make(canceller)));
  CHECK(successResultOf(first).index == 2);
  CHECK(asked == 2);
}

TEST_CASE("cancelling a race cancels all and ends with a FailureGroup") {  // C9
  const UnhandledErrors none;
  int asked = 0;
  std::vector<Deferred<int>> inputs;
  for (int i = 0; i < 2; ++i) inputs.push_back(Deferred<int>([&] { ++asked; }));
  const auto ends = takeTriggers(inputs);
  auto first = race(std::move(inputs));
  first.cancel();
  CHECK(asked == 2);
  const Failure failure = failureResultOf<FailureGroup>(first);
  for (const Failure& f : failure.as<FailureGroup>()->failures) CHECK(f.check<CancelledError>());
}

TEST_CASE("the loser of a race may win late, in its canceller, without harm") {
  const UnhandledErrors none;
  const AllCounted counted;
  Trigger<Counted> loser;
  std::vector<Deferred<Counted>> inputs;
  inputs.push_back(Deferred<Counted>([&] { loser.callback(Counted(2)); }));
  loser = inputs[0].takeTrigger();
  inputs.emplace_back();
  Trigger<Counted> winner = inputs[1].takeTrigger();
  auto first = race(std::move(inputs));
  winner.callback(Counted(1));
  const Indexed<Counted> result = successResultOf(first);
  CHECK(result.index == 1);
  CHECK(result.value.value == 1);
}

TEST_CASE("a loser of a race that does not stop when asked is let go, not waited for") {
  const UnhandledErrors none;
  const AllCounted counted;
  std::vector<Deferred<Counted>> inputs;
  inputs.push_back(Deferred<Counted>([] { return true; }));
  Trigger<Counted> slow = inputs[0].takeTrigger();
  inputs.push_back(succeed(Counted(1)));
  auto first = race(std::move(inputs));
  CHECK(successResultOf(first).index == 1);
  slow.errback(Refused());
}

TEST_CASE("a value whose move throws is what a race fails with") {
  const AllCounted counted;
  const UnhandledErrors none;
  Inputs<ThrowsOnMove> in(2);
  auto first = race(std::move(in.deferreds));
  ThrowsOnMove::movesLeft = 2;
  in.triggers[0].callback(ThrowsOnMove(1));
  ThrowsOnMove::movesLeft = -1;
  REQUIRE(first.called());
  failureResultOf<ThrowsOnMove::Thrown>(first);
}

TEST_CASE("a FailureGroup of many says so in a bounded text") {  // C9
  std::vector<Failure> failures;
  for (int i = 0; i < 1000; ++i) failures.push_back(Failure(Refused()));
  const FailureGroup group(std::move(failures));
  CHECK(std::string(group.what()).size() < 600);
}

}  // namespace
}  // namespace weft::test
