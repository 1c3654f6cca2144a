#include <weft/core/mailbox.hpp>

#include "support/counted.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace weft;
using weft::test::Counted;

namespace {

std::size_t runAll(Mailbox& mailbox) {
  Mailbox::Batch batch(mailbox);
  std::size_t count = 0;
  for (; !batch.empty(); ++count) batch.runNext();
  return count;
}

}  // namespace

TEST_CASE("posted calls run in the order of their posts") {
  Mailbox mailbox;
  std::string order;
  for (const char c : {'a', 'b', 'c'}) mailbox.post([&order, c] { order += c; });
  CHECK_FALSE(mailbox.empty());
  CHECK(runAll(mailbox) == 3);
  CHECK(order == "abc");
  CHECK(mailbox.empty());
}

TEST_CASE("what is posted while a batch runs belongs to the next one") {
  Mailbox mailbox;
  int calls = 0;
  mailbox.post([&] {
    ++calls;
    mailbox.post([&] { ++calls; });
  });
  CHECK(runAll(mailbox) == 1);
  CHECK(calls == 1);
  CHECK(runAll(mailbox) == 1);
  CHECK(calls == 2);
}

TEST_CASE("small, large and move-only callables are destroyed once, run or not") {
  {
    Mailbox mailbox;
    int sum = 0;
    const auto postAll = [&] {
      mailbox.post([&sum, c = Counted(1)] { sum += c.value; });
      mailbox.post([&sum, c = Counted(2), big = std::array<char, 200>{}] { sum += c.value + big[0]; });
      mailbox.post([&sum, p = std::make_unique<Counted>(4)] { sum += p->value; });
    };
    postAll();
    CHECK(Counted::alive == 3);
    runAll(mailbox);
    CHECK(sum == 7);
    CHECK(Counted::alive == 0);
    postAll();
    { const Mailbox::Batch unrun(mailbox); }
    CHECK(Counted::alive == 0);
    postAll();
  }
  CHECK(Counted::alive == 0);
  CHECK(Counted::diedTwice == 0);
}

TEST_CASE("a call that throws is over, and the batch goes on") {
  Mailbox mailbox;
  int calls = 0;
  mailbox.post([c = Counted()] { throw std::runtime_error("oops"); });
  mailbox.post([&] { ++calls; });
  {
    Mailbox::Batch batch(mailbox);
    CHECK_THROWS_WITH(batch.runNext(), "oops");
    CHECK(Counted::alive == 0);
    batch.runNext();
  }
  CHECK(calls == 1);
}

TEST_CASE("a callable whose construction throws leaves nothing behind") {
  struct Refuses {
    Refuses() = default;
    Refuses(const Refuses&) { throw std::runtime_error("no copy"); }
    void operator()() const {}
  };
  Mailbox mailbox;
  const Refuses refuses;
  CHECK_THROWS_WITH(mailbox.post(refuses), "no copy");
  CHECK(runAll(mailbox) == 0);
  CHECK(mailbox.empty());
  CHECK_THROWS(mailbox.post(refuses));
  mailbox.post([] {});
  CHECK_THROWS(mailbox.post(refuses));
  CHECK(runAll(mailbox) == 1);
  CHECK(mailbox.empty());
}

TEST_CASE("only the first post to a sleeping consumer is told to wake it") {
  Mailbox mailbox;
  CHECK_FALSE(mailbox.post([] {}));
  CHECK_FALSE(mailbox.announceSleep());                // there is something to do
  runAll(mailbox);
  CHECK(mailbox.announceSleep());
  CHECK(mailbox.post([] {}));
  CHECK_FALSE(mailbox.post([] {}));
  mailbox.awake();
  runAll(mailbox);
  CHECK_FALSE(mailbox.post([] {}));
}

TEST_CASE("a batch names the type of its calls") {
  Mailbox mailbox;
  struct Named {
    void operator()() const {}
  };
  mailbox.post(Named());
  Mailbox::Batch batch(mailbox);
  CHECK(batch.type() == typeid(Named));
  batch.runNext();
  CHECK(batch.empty());
}

TEST_CASE("several threads post, none of their calls is lost and each thread's stay in order") {
  constexpr int kThreads = 4;
  constexpr int kPosts = 20'000;
  Mailbox mailbox;
  std::array<int, kThreads> next{};
  bool inOrder = true;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        mailbox.post([&, t, i] {
          inOrder = inOrder && next[t] == i;
          next[t] = i + 1;
        });
      }
    });
  }
  std::size_t ran = 0;
  while (ran < kThreads * kPosts) ran += runAll(mailbox);
  for (std::thread& thread : threads) thread.join();
  CHECK(inOrder);
  CHECK(mailbox.empty());
}

TEST_CASE("a burst beyond what is kept is freed, and what was posted on a thread that ended runs") {
  Mailbox mailbox;
  constexpr std::size_t kBurst = 3 * Mailbox::kSpareSegments * 64 * 1024 / 32;
  for (int round = 0; round < 3; ++round) {
    std::size_t sum = 0;
    std::thread([&] {
      for (std::size_t i = 0; i < kBurst; ++i) mailbox.post([&sum, i] { sum += i % 2; });
    }).join();
    CHECK(runAll(mailbox) == kBurst);
    CHECK(sum == kBurst / 2);
  }
}

TEST_CASE("calls of all sizes run in order across the ends of segments") {
  Mailbox mailbox;
  int next = 0;
  bool inOrder = true;
  const auto check = [&](int i) {
    inOrder = inOrder && next == i;
    ++next;
  };
  int posted = 0;
  for (int round = 0; round < 2000; ++round) {
    mailbox.post([&check, i = posted++] { check(i); });
    mailbox.post([&check, i = posted++, a = std::array<char, 100>{}] { check(i + a[0]); });
    mailbox.post([&check, i = posted++, a = std::array<char, 220>{}] { check(i + a[0]); });
    mailbox.post([&check, i = posted++, a = std::array<char, 2000>{}] { check(i + a[0]); });
    struct alignas(16) Aligned {
      double value[4];
    };
    mailbox.post([&check, i = posted++, a = Aligned{}] { check(reinterpret_cast<std::uintptr_t>(&a) % 16 == 0 ? i : -1); });
    if (round % 7 == 0) runAll(mailbox);
  }
  runAll(mailbox);
  CHECK(next == posted);
  CHECK(inOrder);
}

TEST_CASE("what a call posts across the end of a segment still belongs to the next batch") {
  Mailbox mailbox;
  int ran = 0;
  for (int i = 0; i < 5000; ++i) {
    mailbox.post([&] {
      ++ran;
      mailbox.post([&] { ++ran; });
    });
  }
  CHECK(runAll(mailbox) == 5000);
  CHECK(runAll(mailbox) == 5000);
  CHECK(mailbox.empty());
  CHECK(ran == 10'000);
}

TEST_CASE("a consumer that sleeps is always woken") {
  constexpr int kPosts = 2000;
  Mailbox mailbox;
  std::atomic<int> wakes{0};
  int ran = 0;
  std::thread poster([&] {
    for (int i = 0; i < kPosts; ++i) {
      if (mailbox.post([&] { ++ran; })) {
        wakes.fetch_add(1);
        wakes.notify_one();
      }
    }
  });
  int woken = 0;
  while (ran < kPosts) {
    runAll(mailbox);
    if (ran == kPosts) break;
    if (!mailbox.announceSleep()) continue;
    wakes.wait(woken);                                 // would hang if a wake were lost
    woken = wakes.load();
    mailbox.awake();
  }
  poster.join();
  CHECK(ran == kPosts);
}
