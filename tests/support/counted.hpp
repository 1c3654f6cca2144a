// Objects that count themselves: a test that moves ownership also proves that nothing leaked and nothing died twice.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <utility>

namespace weft::test {

/// A value that knows how many of its kind are alive. A moved-from one holds -1.
class Counted {
 public:
  explicit Counted(int value = 0) noexcept : value(value) { ++alive; }
  Counted(const Counted& other) noexcept : value(other.value) {
    ++alive;
    ++copies;
  }
  Counted(Counted&& other) noexcept : value(std::exchange(other.value, -1)) { ++alive; }
  Counted& operator=(const Counted& other) noexcept {
    value = other.value;
    ++copies;
    return *this;
  }
  Counted& operator=(Counted&& other) noexcept {
    value = std::exchange(other.value, -1);
    return *this;
  }
  ~Counted() {
    if (dead_ != kAlive) ++diedTwice;
    dead_ = 0;
    --alive;
  }
  bool operator==(const Counted& other) const noexcept { return value == other.value; }

  int value;
  static inline std::atomic<long> alive = 0, copies = 0, diedTwice = 0;      // some die on another thread

 private:
  static constexpr unsigned kAlive = 0xA11FEu;
  unsigned dead_ = kAlive;
};

/// At the head of a test: at its end as many Counted live as at its beginning, and none died twice.
class AllCounted {
 public:
  AllCounted() noexcept : alive_(Counted::alive), diedTwice_(Counted::diedTwice) {}
  AllCounted(const AllCounted&) = delete;
  ~AllCounted() {
    CHECK_MESSAGE(Counted::alive == alive_, "objects leaked, or died too often");
    CHECK_MESSAGE(Counted::diedTwice == diedTwice_, "an object died twice");
  }

 private:
  long alive_, diedTwice_;
};

/// Throws from its move constructor when `movesLeft` has come down to zero; -1: never.
class ThrowsOnMove {
 public:
  struct Thrown : std::runtime_error {
    Thrown() : std::runtime_error("a move threw") {}
  };
  explicit ThrowsOnMove(int value) : counted_(value) {}
  ThrowsOnMove(ThrowsOnMove&& other) : counted_((tick(), std::move(other.counted_))) {}
  ThrowsOnMove& operator=(ThrowsOnMove&&) = delete;
  int value() const noexcept { return counted_.value; }

  static inline int movesLeft = -1;

 private:
  static void tick() {
    if (movesLeft > 0 && --movesLeft == 0) {
      movesLeft = -1;
      throw Thrown();
    }
  }
  Counted counted_;
};

/// Sets something when it goes.
class OnEnd {
 public:
  explicit OnEnd(bool& flag) noexcept : flag_(&flag) {}
  OnEnd(OnEnd&& other) noexcept : flag_(std::exchange(other.flag_, nullptr)) {}
  ~OnEnd() {
    if (flag_) *flag_ = true;
  }

 private:
  bool* flag_;
};

}  // namespace weft::test
