#include <weft/core/generator.hpp>

#include "support/counted.hpp"
#include "support/scale.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using weft::test::AllCounted;
using weft::test::Counted;
using weft::test::kMillion;

namespace {

Generator<int> countTo(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}

std::vector<int> all(Generator<int> generator) {
  std::vector<int> values;
  for (const int value : generator) values.push_back(value);
  return values;
}

struct Oops : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace

TEST_CASE("a generator gives its values one at a time, and then null") {
  auto generator = countTo(2);
  CHECK(*generator.next() == 0);
  CHECK(*generator.next() == 1);
  CHECK_FALSE(generator.done());
  CHECK(generator.next() == nullptr);
  CHECK(generator.done());
  CHECK(generator.next() == nullptr);
}

TEST_CASE("nothing runs before the first next()") {
  bool ran = false;
  const auto body = [&]() -> Generator<int> {
    ran = true;
    co_return;
  };
  {
    auto unused = body();
    CHECK_FALSE(ran);
  }
  CHECK_FALSE(ran);
  auto generator = body();
  CHECK(body().next() == nullptr);
  CHECK(ran);
}

TEST_CASE("a generator is a range, also for the standard's algorithms") {
  CHECK(all(countTo(4)) == std::vector<int>{0, 1, 2, 3});
  CHECK(all(countTo(0)).empty());
  static_assert(std::input_iterator<Generator<int>::Iterator>);
  static_assert(std::ranges::input_range<Generator<int>>);
  auto generator = countTo(10);
  int sum = 0;
  for (const int value : generator) {
    sum += value;
    if (value == 4) break;
  }
  for (const int value : generator) sum += 100 * value;  // goes on behind the value at which we left
  CHECK(sum == 10 + 100 * (5 + 6 + 7 + 8 + 9));
}

TEST_CASE("an endless generator ends when it is dropped, and destroys what it holds") {
  const AllCounted allCounted;
  const auto endless = []() -> Generator<Counted> {
    const Counted local;
    for (int i = 0;; ++i) co_yield Counted(i);
  };
  auto generator = endless();
  for (const Counted& value : generator)
    if (value.value == 3) break;
}

TEST_CASE("a value is not copied on its way, and may be moved from") {
  const AllCounted allCounted;
  Counted::copies = 0;
  const auto body = []() -> Generator<Counted> {
    Counted named(1);
    co_yield named;
    CHECK(named.value == -1);                          // the caller took it
    co_yield Counted(2);
  };
  auto generator = body();
  Counted taken = std::move(*generator.next());
  CHECK(taken.value == 1);
  CHECK(generator.next()->value == 2);
  CHECK(generator.next() == nullptr);
  CHECK(Counted::copies == 0);
}

TEST_CASE("constants are copied, move-only types moved, converted values converted") {
  const auto strings = [](const std::vector<std::string>& from) -> Generator<std::string> {
    for (const std::string& each : from) co_yield each;
    co_yield "literal";
  };
  const std::vector<std::string> from{"a", "b"};
  auto generator = strings(from);
  std::string joined;
  for (std::string& each : generator) joined += std::move(each);
  CHECK(joined == "abliteral");
  CHECK(from[0] == "a");

  const auto pointers = []() -> Generator<std::unique_ptr<int>> {
    co_yield std::make_unique<int>(1);
    auto named = std::make_unique<int>(2);
    co_yield named;
  };
  auto two = pointers();
  CHECK(**two.next() == 1);
  CHECK(**two.next() == 2);
}

TEST_CASE("aggregates that own something are yielded by name") {
  struct Item {
    std::string title;
    Counted counted;
  };
  static_assert(detail::kBreaksAsTemporary<Item>);     // co_yield Item{...} does not compile: g++ 12 would destroy it twice
  const AllCounted allCounted;
  const auto items = []() -> Generator<Item> {
    Item item{"first", Counted(1)};
    co_yield item;
    item.title = "second";
    co_yield item;
  };
  std::string titles;
  for (const Item& item : items()) titles += item.title;
  CHECK(titles == "firstsecond");
}

TEST_CASE("what is sent is the value of the yield") {
  const auto averager = []() -> Generator<double, double> {
    double sum = 0, average = 0;
    for (int count = 1;; ++count) {
      sum += co_yield average;
      average = sum / count;
    }
  };
  auto generator = averager();
  CHECK_THROWS_AS(generator.send(1.0), GeneratorError);  // there is no yield yet
  generator.next();
  CHECK(*generator.send(10.0) == 10);
  CHECK(*generator.send(20) == 15);
  CHECK(*generator.next() == 10);                      // nothing sent: 0.0
}

TEST_CASE("a sent value that the generator did not wait for is not kept") {
  const AllCounted allCounted;
  const auto body = []() -> Generator<int, Counted> { co_yield 1; };
  auto generator = body();
  generator.next();
  CHECK(generator.send(Counted(5)) == nullptr);
  CHECK(generator.send(Counted(6)) == nullptr);
}

TEST_CASE("an exception ends the generator and reaches the caller") {
  const AllCounted allCounted;
  const auto body = []() -> Generator<int> {
    const Counted local;
    co_yield 1;
    throw Oops("inside");
  };
  auto generator = body();
  generator.next();
  CHECK_THROWS_AS(generator.next(), Oops);
  CHECK(generator.done());
  CHECK(generator.next() == nullptr);
}

TEST_CASE("throwInto() throws at the yield; the generator may catch it and go on") {
  std::string caught;
  const auto body = [&]() -> Generator<int> {
    for (int i = 0;; ++i) {
      try {
        co_yield i;
      } catch (const Oops& oops) {
        caught += oops.what();
      }
    }
  };
  auto generator = body();
  CHECK(*generator.next() == 0);
  CHECK(*generator.throwInto(Oops("a")) == 1);
  CHECK(*generator.throwInto(Oops("b")) == 2);
  CHECK(caught == "ab");
  CHECK_THROWS_AS(generator.throwInto(std::logic_error("not caught")), std::logic_error);
  CHECK(generator.done());
  CHECK_THROWS_AS(generator.throwInto(Oops("after the end")), Oops);
}

TEST_CASE("throwInto() before the start throws there and then, and nothing ever runs") {
  bool ran = false;
  const auto body = [&]() -> Generator<int> {
    ran = true;
    co_yield 1;
  };
  auto generator = body();
  CHECK_THROWS_AS(generator.throwInto(Oops("early")), Oops);
  CHECK(generator.done());
  CHECK(generator.next() == nullptr);
  CHECK_FALSE(ran);
}

TEST_CASE("close() lets the generator clean up") {
  std::string log;
  const auto body = [&](bool stubborn) -> Generator<int> {
    try {
      for (int i = 0;; ++i) co_yield i;
    } catch (const GeneratorExit&) {
      log += "exit ";
      if (!stubborn) throw;
    }
    co_yield 99;
  };
  auto generator = body(false);
  generator.next();
  generator.close();
  CHECK(generator.done());
  generator.close();                                   // no effect
  CHECK(log == "exit ");

  auto stubborn = body(true);
  stubborn.next();
  CHECK_THROWS_WITH_AS(stubborn.close(), "the generator yielded after close()", GeneratorError);
  CHECK_FALSE(stubborn.done());

  auto unstarted = body(false);
  unstarted.close();
  CHECK(unstarted.next() == nullptr);

  const auto fails = []() -> Generator<int> {
    try {
      co_yield 1;
    } catch (...) {
      throw Oops("cleaning up failed");
    }
  };
  auto failing = fails();
  failing.next();
  CHECK_THROWS_AS(failing.close(), Oops);
}

TEST_CASE("a generator may return a value") {
  const auto body = [](bool fail) -> Generator<int, void, std::string> {
    co_yield 1;
    if (fail) throw Oops("no result");
    co_return "result";
  };
  auto generator = body(false);
  generator.next();
  CHECK_THROWS_AS(generator.returned(), GeneratorError);
  generator.next();
  CHECK(generator.returned() == "result");
  auto failing = body(true);
  failing.next();
  CHECK_THROWS_AS(failing.next(), Oops);
  CHECK_THROWS_AS(failing.returned(), GeneratorError);
}

// ---------------------------------------------------------------- elementsOf

namespace {

Generator<int, void, std::string> part(int from, int to) {
  for (int i = from; i < to; ++i) co_yield i;
  co_return "to " + std::to_string(to);
}

Generator<int, int> echo(std::string& log) {
  for (;;) {
    try {
      const int sent = co_yield 1;
      log += std::to_string(sent) + ' ';
      if (sent < 0) co_return;
    } catch (const Oops& oops) {
      log += oops.what();
    }
  }
}

Generator<long> nested(std::size_t depth) {
  if (depth > 0) co_yield elementsOf(nested(depth - 1));
  co_yield static_cast<long>(depth);
}

Generator<int> tree(int depth) {
  if (depth == 0) {
    co_yield 1;
    co_return;
  }
  co_yield elementsOf(tree(depth - 1));
  co_yield elementsOf(tree(depth - 1));
}

struct CountedFrame {
  static Generator<int> chain(std::size_t depth) {
    const Counted local;
    if (depth > 0) co_yield elementsOf(chain(depth - 1));
    else co_yield 7;
  }
};

}  // namespace

TEST_CASE("elementsOf() yields what the inner generator yields, and gives what it returned") {
  const AllCounted allCounted;
  const auto outer = []() -> Generator<int, void, std::string> {
    const std::string a = co_yield elementsOf(part(0, 2));
    auto inner = part(2, 5);
    const std::string b = co_yield elementsOf(std::move(inner));
    co_yield 5;
    const std::string c = co_yield elementsOf(part(9, 9));
    co_return a + ", " + b + ", " + c;
  };
  auto generator = outer();
  std::string values;
  for (const int value : generator) values += std::to_string(value);
  CHECK(values == "012345");
  CHECK(generator.returned() == "to 2, to 5, to 9");
}

TEST_CASE("an inner generator that has already begun, or delegates itself, goes on where it was") {
  auto inner = nested(3);
  CHECK(*inner.next() == 0);
  CHECK(*inner.next() == 1);
  const auto outer = [](Generator<long> begun) -> Generator<long> {
    co_yield elementsOf(std::move(begun));
    co_yield 100;
  };
  auto generator = outer(std::move(inner));
  std::vector<long> values;
  for (const long value : generator) values.push_back(value);
  CHECK(values == std::vector<long>{2, 3, 100});

  auto finished = countTo(0);
  finished.next();
  const auto over = [](Generator<int> generator) -> Generator<int> {
    co_yield elementsOf(std::move(generator));
    co_yield 1;
  };
  CHECK(all(over(std::move(finished))) == std::vector<int>{1});
}

TEST_CASE("what is sent or thrown in reaches the innermost generator") {
  std::string log;
  const auto outer = [&]() -> Generator<int, int> {
    co_yield elementsOf(echo(log));
    log += "back ";
    const int sent = co_yield 2;
    log += "outer " + std::to_string(sent);
  };
  auto generator = outer();
  generator.next();
  generator.send(5);
  generator.throwInto(Oops("oops "));
  CHECK(*generator.send(-1) == 2);
  CHECK(generator.send(8) == nullptr);
  CHECK(log == "5 oops -1 back outer 8");
}

TEST_CASE("an inner exception comes out at elementsOf(), where it can be caught") {
  const AllCounted allCounted;
  const auto inner = []() -> Generator<int> {
    const Counted local;
    co_yield 1;
    throw Oops("inner");
  };
  const auto outer = [&]() -> Generator<int> {
    bool caught = false;
    try {
      co_yield elementsOf(inner());
    } catch (const Oops&) {
      caught = true;
    }
    CHECK(Counted::alive == 0);                        // the inner frame is gone by now
    if (caught) co_yield 2;
  };
  CHECK(all(outer()) == std::vector<int>{1, 2});
}

TEST_CASE("close() unwinds a chain from the inside") {
  std::string log;
  struct Note {
    std::string& log;
    char letter;
    ~Note() { log += letter; }
  };
  const auto inner = [&]() -> Generator<int> {
    const Note note{log, 'i'};
    co_yield 1;
  };
  const auto outer = [&]() -> Generator<int> {
    const Note note{log, 'o'};
    co_yield elementsOf(inner());
  };
  auto generator = outer();
  generator.next();
  generator.close();
  CHECK(log == "io");
  {
    auto dropped = outer();
    dropped.next();
  }
  CHECK(log == "ioio");
}

TEST_CASE("a tree of generators yields every leaf") {
  int leaves = 0;
  for (const int leaf : tree(10)) leaves += leaf;
  CHECK(leaves == 1024);
}

TEST_CASE("a million levels of elementsOf() need no stack: to run, to unwind, to be dropped half-way") {
  const AllCounted allCounted;
  const std::size_t depth = kMillion;
  long sum = 0;
  for (const long value : nested(depth)) sum += value;
  CHECK(sum == static_cast<long>(depth * (depth + 1) / 2));
  {
    auto dropped = CountedFrame::chain(depth);
    CHECK(*dropped.next() == 7);
    CHECK(Counted::alive == static_cast<long>(depth) + 1);
  }
  CHECK(Counted::alive == 0);
  {
    auto closed = CountedFrame::chain(depth / 20);
    closed.next();
    closed.close();
    CHECK(Counted::alive == 0);
  }
}

TEST_CASE("a moved generator goes on; an assigned one drops what it had") {
  const AllCounted allCounted;
  auto a = CountedFrame::chain(3);
  a.next();
  auto b = std::move(a);
  CHECK(b.next() == nullptr);
  b = CountedFrame::chain(2);
  b.next();
  b = CountedFrame::chain(1);
  CHECK(*b.next() == 7);
}
