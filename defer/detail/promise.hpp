// The promise type of every coroutine that returns a Deferred: its frame is its own cell.
#pragma once

#include <weft/defer/context.hpp>
#include <weft/defer/detail/link.hpp>

#include <bit>
#include <coroutine>
#include <cstring>
#include <type_traits>

namespace weft::detail {

// Coroutines start at once, in their caller's stack. A recursion of calls thus uses the stack; below this address (half of it is used) a call starts from the
// turn instead, so that a million nested calls are as safe as ten.
inline constinit thread_local std::uintptr_t stackFloor = UINTPTR_MAX;
bool stackIsDeep(std::uintptr_t address) noexcept;               // computes the thread's floor on its first call

[[gnu::always_inline]] inline bool stackHasRoom() noexcept {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return here >= stackFloor || !stackIsDeep(here);
}

struct Start {
  bool await_ready() const noexcept { return stackHasRoom(); }
  template <class P> void await_suspend(std::coroutine_handle<P> coroutine) const { startFromTurn(coroutine.promise()); }
  void await_resume() const noexcept {}
  /// Queues a call of `coroutine`'s fired(), which runs it as if what it waited for had come.
  static void startFromTurn(Waiter& coroutine);
};

/// The caller's place, as a default argument of the functions that a coroutine's frame is built around: as a scalar it takes no room in the frame, where g++ 12
/// keeps 8 bytes for each source_location that appears in an await.
using Place = decltype(__builtin_source_location());
inline std::source_location locationOf(Place place) noexcept { return std::bit_cast<std::source_location>(place); }

/// What all coroutines of weft share: waiting for a cell, and the context.
class CoroutineBase {
 public:
  /// Suspends the coroutine behind `self` until `cell` is ready, or, where it is but the budget is spent, until the loop has polled. False: go on at once.
  [[gnu::always_inline]] bool waitFor(CellBase& cell, CellBase& self) noexcept {
    if (cell.ready()) [[unlikely]] return waitForLoop(cell, self);
    cell.waiter = &self;
    self.link = &cell;
    context.exchange();
    return true;
  }
  /// The place of the await that is being waited at, or was last.
  std::source_location at;
  [[no_unique_address]] CoroutineContext context;

 private:
  bool waitForLoop(CellBase& cell, CellBase& self) noexcept;
};

/// `co_await` on a Deferred.
template <class U> class Awaiter {
 public:
  explicit Awaiter(Cell<U>* cell) noexcept { std::memcpy(cell_, &cell, sizeof cell); }
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  [[gnu::always_inline]] ~Awaiter() { cell().releaseConsumer(); }
  bool await_ready() const noexcept { return cell().ready() && --loopLink.budget > 0; }
  template <class P> [[gnu::always_inline]] bool await_suspend(std::coroutine_handle<P> coroutine) const noexcept {
    return coroutine.promise().waitFor(cell(), coroutine.promise());
  }
  [[gnu::always_inline]] U await_resume() {
    if (cell().failed()) [[unlikely]] cell().failure().rethrow();
    if constexpr (!std::is_void_v<U>) return std::move(cell().value());
  }

 protected:
  Cell<U>& cell() const noexcept {
    Cell<U>* cell;
    std::memcpy(&cell, cell_, sizeof cell);
    return *cell;
  }

 private:
  // A pointer without alignment. In a frame of g++ 12 it follows the frame's own flags, and 15 bytes of padding go: 112 instead of 128 where a coroutine waits
  // in one place.
  std::byte cell_[sizeof(Cell<U>*)];
};

/// `co_await d.outcome()`: look at a failure instead of having it thrown.
template <class U> struct OutcomeOf {
  Cell<U>* cell;
};
template <class U> class OutcomeAwaiter : public Awaiter<U> {
 public:
  using Awaiter<U>::Awaiter;
  Outcome<U> await_resume() { return this->cell().takeOutcome(); }
};

/// Awaitables of weft's own beside Deferred (an async generator's next value) carry this mark.
template <class A> concept OwnAwaiter = requires { typename std::remove_cvref_t<A>::weftAwaiter; };

/// The await_transform of every coroutine of weft. `Self` is a CellBase and a CoroutineBase.
template <class Self> class Awaits : public CoroutineBase {
 public:
  template <class U> [[gnu::always_inline]] Awaiter<U> await_transform(Deferred<U>&& deferred, Place here = __builtin_source_location()) {
    if (static_cast<Self&>(*this).flags & CellBase::kCancelRequested) [[unlikely]] cancelAsRequested(deferred);
    at = locationOf(here);
    return Awaiter<U>(deferred.takeConsumer());
  }
  /// An lvalue too: awaiting is often two statements, since g++ 12 destroys some temporaries of a co_await expression twice.
  template <class U> Awaiter<U> await_transform(Deferred<U>& deferred, Place here = __builtin_source_location()) {
    return await_transform(std::move(deferred), here);
  }
  template <class U> OutcomeAwaiter<U> await_transform(OutcomeOf<U> awaited, Place here = __builtin_source_location()) {
    Self& self = static_cast<Self&>(*this);
    if ((self.flags & CellBase::kCancelRequested) && awaited.cell->pending()) {
      self.flags &= static_cast<std::uint8_t>(~CellBase::kCancelRequested);
      cancelCell(awaited.cell);
    }
    at = locationOf(here);
    return OutcomeAwaiter<U>(awaited.cell);
  }
  template <OwnAwaiter A> A&& await_transform(A&& awaiter, Place here = __builtin_source_location()) noexcept {
    Self& self = static_cast<Self&>(*this);
    if (self.flags & CellBase::kCancelRequested) [[unlikely]] awaiter.cancelRequestedBy(self);
    at = locationOf(here);
    return static_cast<A&&>(awaiter);
  }

 protected:
  template <class U> [[gnu::noinline]] void cancelAsRequested(Deferred<U>& deferred) {
    if (deferred.called()) return;
    static_cast<Self&>(*this).flags &= static_cast<std::uint8_t>(~CellBase::kCancelRequested);
    deferred.cancel();
  }
};

template <class T> class PromiseReturn : public Cell<T> {
  static constexpr bool kByValue = std::is_scalar_v<T>;

 public:
  /// Small plain values by value: a reference would need a temporary, which takes room in the frame.
  void return_value(T value) noexcept
    requires kByValue
  {
    this->setValue(value);
  }
  template <class V = T>
    requires(!kByValue && std::is_convertible_v<V&&, T>)
  void return_value(V&& value) { this->setValue(std::forward<V>(value)); }
  /// `co_return failure`: fail without a throw, which costs 1.4 µs a level.
  void return_value(Failure failure) noexcept { this->setFailure(std::move(failure)); }
  void return_value(Outcome<T>&& outcome) { this->setOutcome(std::move(outcome)); }

 protected:
  ~PromiseReturn() = default;
};
template <> class PromiseReturn<void> : public Cell<void> {
 public:
  void return_void() noexcept { setValue(); }

 protected:
  ~PromiseReturn() = default;
};

template <class T> class Promise final : public PromiseReturn<T>, public Awaits<Promise<T>>, public Pooled {
 public:
  Promise() noexcept { this->flags = CellBase::kCoroutine; }
  Deferred<T> get_return_object() noexcept { return Deferred<T>(this); }
  Start initial_suspend(Place here = __builtin_source_location()) noexcept {
    this->at = locationOf(here);
    return {};
  }
  // Without a byte of its own: g++ 12 keeps it in the frame behind all that the body waits for, where one byte takes eight (f_deep: 112 bytes a level instead of
  // 120, which come in blocks of 128).
  struct Final {
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<Promise> coroutine) const noexcept { return coroutine.promise().end(); }
    void await_resume() const noexcept {}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
    char none[1][0];                                   // a type of size 0, an extension of g++ and clang; at a plain [0] g++ warns of each coroutine
#pragma GCC diagnostic pop
  };
  Final final_suspend() noexcept { return {}; }
  /// False: nobody will look, and the frame frees itself.
  bool end() noexcept {
    this->context.exchange();
    if (!(this->ends & (CellBase::kConsumer | CellBase::kPauser))) {
      if (this->failed()) this->report();
      return false;
    }
    this->releaseProducer();
    turn.next = this->finish();
    return true;
  }
  void unhandled_exception() {
    Failure failure;
    failure.passedThrough(this->at);
    this->replaceByFailure(std::move(failure));
  }

  CellBase* fired(CellBase&) noexcept override {
    this->link = nullptr;
    this->context.exchange();
    handle().resume();
    return std::exchange(turn.next, nullptr);
  }
  CellBase* cancelStep() noexcept override {
    if (!this->pending()) return nullptr;
    if (this->link && this->link->pending()) return this->link;
    this->flags |= CellBase::kCancelRequested;
    return nullptr;
  }
  void dispose() noexcept override { handle().destroy(); }
  std::source_location where() const noexcept override { return this->at; }

 private:
  std::coroutine_handle<Promise> handle() noexcept { return std::coroutine_handle<Promise>::from_promise(*this); }
};

}  // namespace weft::detail
