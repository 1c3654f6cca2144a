// A cell that is fired by hand, through a Deferred or its Trigger.
#pragma once

#include <weft/defer/detail/cell.hpp>
#include <weft/defer/errors.hpp>

#include <bit>
#include <type_traits>

namespace weft::detail {

/// What a canceller that takes an argument is given: it may fire the Deferred with something else than CancelledError.
template <class T> class FiringEnd {
 public:
  explicit FiringEnd(Cell<T>& cell) noexcept : cell_(cell) {}
  template <class... A> void callback(A&&... value) {
    begin();
    cell_.setValue(std::forward<A>(value)...);
    cell_.fire();
  }
  void errback(Failure failure) {
    begin();
    cell_.setFailure(std::move(failure));
    cell_.fire();
  }

 private:
  void begin() const {
    if (cell_.called()) throw AlreadyCalledError(cell_.where(), {});
  }
  Cell<T>& cell_;
};

// A fired Trigger remembers where it fired, in the place of its cell: a source_location is one pointer, and pointers are even.
static_assert(sizeof(std::source_location) == sizeof(std::uintptr_t));
inline std::uintptr_t firedMark(std::source_location at) noexcept { return std::bit_cast<std::uintptr_t>(at) | 1; }
// Throws live in functions of their own: what may throw is then small enough to become a part of its caller.
[[noreturn]] void throwAlreadyCalled(std::uintptr_t mark);
[[noreturn]] void throwAlreadyCalled(std::source_location made);
[[noreturn]] void throwAlreadyChained();

void reportCancellerError(std::source_location made) noexcept;   // in a catch block

template <class T> struct Source : Cell<T>, Pooled {
  explicit Source(std::source_location made) noexcept : made(made) { this->flags = CellBase::kSource; }
  std::source_location where() const noexcept override { return made; }
  CellBase* cancelStep() noexcept override {
    if (!this->pending()) return nullptr;
    this->flags |= CellBase::kSuppressed;
    cancelled();
    return nullptr;
  }
  void cancelled() noexcept {
    this->setFailure(CancelledError());
    this->fire();
  }
  const std::source_location made;

 protected:
  ~Source() = default;
};

/// Without a canceller.
template <class T> struct PlainSource final : Source<T> {
  explicit PlainSource(std::source_location made) noexcept : Source<T>(made) { this->plainBlock = kPlainBlock<PlainSource, T>; }
  void dispose() noexcept override { delete this; }
};

/// With one. It is dropped at the first fire, so that what it captured cannot form a circle with the result.
template <class T, class C> struct CancellableSource final : Source<T> {
  CancellableSource(C f, std::source_location made) : Source<T>(made) {
    std::construct_at(std::addressof(canceller), std::move(f));
    this->flags |= CellBase::kHasCanceller;
  }
  ~CancellableSource() { dropCanceller(); }
  void dispose() noexcept override { delete this; }
  void dropCanceller() noexcept override {
    if (!(this->flags & CellBase::kHasCanceller)) return;
    this->flags &= static_cast<std::uint8_t>(~CellBase::kHasCanceller);
    canceller.~C();
  }
  CellBase* cancelStep() noexcept override {
    if (!this->pending() || !(this->flags & CellBase::kHasCanceller) || (this->flags & CellBase::kFiresLater)) return nullptr;
    // The canceller may fire this cell, and so drop itself, or let its holder drop the cell: both ends stay held until it has returned.
    this->flags &= static_cast<std::uint8_t>(~CellBase::kHasCanceller);
    this->ends |= CellBase::kCanceller;
    bool firesLater = false;
    try {
      firesLater = run();
    } catch (...) {
      reportCancellerError(this->made);
    }
    canceller.~C();
    if (this->pending()) {
      if (firesLater && (this->ends & CellBase::kProducer)) this->flags |= CellBase::kFiresLater;
      else this->cancelled();
    }
    this->ends &= static_cast<std::uint8_t>(~CellBase::kCanceller);
    if (!this->ends) dispose();
    return nullptr;
  }

 private:
  bool run() {
    if constexpr (std::is_invocable_v<C&, FiringEnd<T>&>) {
      FiringEnd<T> end(*this);
      if constexpr (std::is_same_v<std::invoke_result_t<C&, FiringEnd<T>&>, bool>) return canceller(end);
      else canceller(end);
    } else {
      if constexpr (std::is_same_v<std::invoke_result_t<C&>, bool>) return canceller();
      else canceller();
    }
    return false;
  }
  union {
    C canceller;
  };
};

}  // namespace weft::detail
