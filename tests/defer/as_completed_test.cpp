#include <weft/defer/as_completed.hpp>

#include <weft/defer/testing.hpp>

#include "support/counted.hpp"
#include "support/triggers.hpp"
#include "support/unhandled_errors.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <utility>
#include <vector>

// Row C10, which Twisted lacks.
namespace weft::test {
namespace {

struct Refused : std::runtime_error {
  Refused() : std::runtime_error("refused") {}
};

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

TEST_CASE("asCompleted gives each result as it comes, with its place among the inputs") {
  const AllCounted counted;
  Inputs<Counted> in(3);
  std::vector<int> got;
  const auto consumer = [&](std::vector<Deferred<Counted>> inputs) -> Deferred<> {
    auto replies = asCompleted(std::move(inputs));
    while (auto reply = co_await replies.next()) got.push_back(static_cast<int>(reply->index) * 10 + reply->value().value);
  };
  auto running = consumer(std::move(in.deferreds));
  in.triggers[2].callback(Counted(2));
  CHECK(got == std::vector<int>{22});
  in.triggers[0].callback(Counted(0));
  in.triggers[1].callback(Counted(1));
  CHECK(got == std::vector<int>{22, 0, 11});
  successResultOf(running);
}

TEST_CASE("asCompleted of nothing ends at once") {
  auto replies = asCompleted(std::vector<Deferred<int>>());
  CHECK_FALSE(successResultOf(replies.nextDeferred()));
}

TEST_CASE("a failure among the inputs is one of the results") {
  const UnhandledErrors none;
  Inputs<int> in(2);
  auto replies = asCompleted(std::move(in.deferreds));
  in.triggers[1].errback(Refused());
  auto first = successResultOf(replies.nextDeferred());
  REQUIRE(first);
  CHECK(first->index == 1);
  CHECK_THROWS_AS((void)first->value(), Refused);
  in.triggers[0].callback(5);
  auto second = successResultOf(replies.nextDeferred());
  CHECK(second->value() == 5);
  CHECK_FALSE(successResultOf(replies.nextDeferred()));
}

TEST_CASE("results that come before they are asked for are given in the order of their coming") {
  Inputs<int> in(3);
  auto replies = asCompleted(std::move(in.deferreds));
  in.triggers[1].callback(1);
  in.triggers[2].callback(2);
  in.triggers[0].callback(0);
  for (const std::size_t expected : {1u, 2u, 0u}) CHECK(successResultOf(replies.nextDeferred())->index == expected);
}

TEST_CASE("dropped early, asCompleted cancels the inputs that are still out") {
  const UnhandledErrors none;
  const AllCounted counted;
  for (const bool begun : {false, true}) {
    int asked = 0;
    std::vector<Deferred<Counted>> inputs;
    for (int i = 0; i < 3; ++i) inputs.push_back(Deferred<Counted>([&] { ++asked; }));
    auto ends = takeTriggers(inputs);
    {
      auto replies = asCompleted(std::move(inputs));
      ends[0].callback(Counted(1));
      if (begun) successResultOf(replies.nextDeferred());
    }
    CHECK(asked == 2);
  }
}

TEST_CASE("cancelled while it waits, asCompleted cancels the inputs that are still out") {
  const UnhandledErrors none;
  int asked = 0;
  std::vector<Deferred<int>> inputs;
  for (int i = 0; i < 2; ++i) inputs.push_back(Deferred<int>([&] { ++asked; }));
  const auto ends = takeTriggers(inputs);
  const auto consumer = [](std::vector<Deferred<int>> in) -> Deferred<> {
    auto replies = asCompleted(std::move(in));
    while (auto reply = co_await replies.next()) {
    }
  };
  auto running = consumer(std::move(inputs));
  running.cancel();
  failureResultOf<CancelledError>(running);
  CHECK(asked == 2);
}

TEST_CASE("an input that will not stop may still deliver after asCompleted has gone") {
  const UnhandledErrors none;
  const AllCounted counted;
  std::vector<Deferred<Counted>> inputs;
  inputs.push_back(Deferred<Counted>([] { return true; }));
  Trigger<Counted> trigger = inputs[0].takeTrigger();
  { auto replies = asCompleted(std::move(inputs)); }
  trigger.callback(Counted(1));
}

}  // namespace
}  // namespace weft::test
