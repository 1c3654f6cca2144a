// Outcome<T>: a value or a Failure, for code that would rather look than catch.
#pragma once

#include <weft/core/failure.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace weft {

/// What stands for void where a value is stored.
struct Unit {
  bool operator==(const Unit&) const = default;
};
template <class T> using Stored = std::conditional_t<std::is_void_v<T>, Unit, T>;

/// How something ended. `if (outcome)` asks whether with a value; `value()` throws the error if it was none; `failure()` may only be called when it
/// failed. Move-only, so that it never copies a page by accident.
template <class T = void> class [[nodiscard]] Outcome {
 public:
  using value_type = T;

  Outcome() requires std::is_void_v<T> : Outcome(Unit{}) {}
  Outcome(Stored<T> value) noexcept(std::is_nothrow_move_constructible_v<Stored<T>>) : failed_(false) {
    std::construct_at(std::addressof(value_), std::move(value));
  }
  Outcome(Failure failure) noexcept : failed_(true) { std::construct_at(&failure_, std::move(failure)); }
  Outcome(Outcome&& other) noexcept(std::is_nothrow_move_constructible_v<Stored<T>>) : failed_(other.failed_) { take(std::move(other)); }
  Outcome& operator=(Outcome&& other) noexcept(std::is_nothrow_move_constructible_v<Stored<T>>) {
    if (this != &other) {
      destroy();
      failed_ = other.failed_;
      take(std::move(other));
    }
    return *this;
  }
  ~Outcome() { destroy(); }

  bool ok() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return !failed_; }

  Stored<T>& value() & {
    if (failed_) failure_.rethrow();
    return value_;
  }
  const Stored<T>& value() const& {
    if (failed_) failure_.rethrow();
    return value_;
  }
  Stored<T> value() && {
    if (failed_) failure_.rethrow();
    return std::move(value_);
  }
  Stored<T>& operator*() noexcept { return value_; }
  const Stored<T>& operator*() const noexcept { return value_; }
  Stored<T>* operator->() noexcept { return std::addressof(value_); }

  Failure& failure() noexcept { return failure_; }
  const Failure& failure() const noexcept { return failure_; }

 private:
  void take(Outcome&& other) {
    if (failed_) std::construct_at(&failure_, std::move(other.failure_));
    else std::construct_at(std::addressof(value_), std::move(other.value_));
  }
  void destroy() noexcept {
    if (failed_) failure_.~Failure();
    else value_.~Stored<T>();
  }

  union {
    Stored<T> value_;
    Failure failure_;
  };
  bool failed_;
};

}  // namespace weft
