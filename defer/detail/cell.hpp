// Cells: where a result waits for its consumer. And the turn, in which fired cells run their waiters.
//
//   producer end                     cell                        consumer end
//   Trigger, Deferred (unfired),     state, value | Failure      Deferred, the next link,
//   running coroutine, link    ----> [waiter]------------------> a coroutine, a gather
//
// A cell lives as long as one of its ends is held; nothing is counted, nothing is atomic, and one thread owns it all.
#pragma once

#include <weft/core/block_pool.hpp>
#include <weft/core/loop_link.hpp>
#include <weft/core/outcome.hpp>

#include <cassert>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

namespace weft::detail {

class CellBase;

/// Whoever wants a cell's result.
struct Waiter {
  /// `source` has its result. Returns the next cell to carry on with, or null, so that chains of any length unroll in Turn::run's loop.
  virtual CellBase* fired(CellBase& source) noexcept = 0;
  /// May the cell that this waiter waits for be swapped for `replacement`? (Constant memory for endless callback loops.)
  virtual bool rewire(CellBase& replacement) noexcept;

 protected:
  ~Waiter() = default;
};

/// Logs an error that nobody handled (CancelledError excepted); see setUnhandledErrorHandler.
void reportUnhandled(const Failure& failure, std::source_location made) noexcept;
/// Small number of this thread, never 0: what debug builds stamp on cells.
std::uint16_t threadTag() noexcept;
[[noreturn]] void wrongThread(std::source_location made) noexcept;

/// All of a cell that does not depend on its type: 32 bytes.
class CellBase : public Waiter {
 public:
  // state: bits. Neither Value nor Error: pending.
  static constexpr std::uint8_t kValue = 1, kError = 2, kPaused = 4;
  // ends: who still holds the cell. Plain bytes, not bit-fields: those cost 11 ns a fire with g++ 12.
  static constexpr std::uint8_t kProducer = 1, kConsumer = 2, kPauser = 4, kCanceller = 8;
  // flags
  static constexpr std::uint8_t kBoth = 1;              // the Deferred handle still holds the firing end
  static constexpr std::uint8_t kTaken = 2;             // ... and has given the consuming end away
  static constexpr std::uint8_t kSuppressed = 4;        // cancelled without a canceller: one late fire is ignored
  static constexpr std::uint8_t kHasCanceller = 8;
  static constexpr std::uint8_t kCoroutine = 16;
  static constexpr std::uint8_t kCancelRequested = 32;  // cancelled while it was running: the next wait is cancelled instead
  static constexpr std::uint8_t kFiresLater = 64;       // its canceller said that it will still fire
  static constexpr std::uint8_t kSource = 128;          // fired from outside: no code of its user's is behind it

  CellBase() noexcept {
#ifndef NDEBUG
    thread = threadTag();
#endif
  }
  CellBase(const CellBase&) = delete;
  CellBase& operator=(const CellBase&) = delete;

  CellBase* fired(CellBase& source) noexcept override;
  /// Cancels this cell, or names the cell that has to be cancelled in its place.
  virtual CellBase* cancelStep() noexcept { return nullptr; }
  /// Frees the cell.
  virtual void dispose() noexcept = 0;
  /// The failure that it holds; null if it holds none.
  virtual Failure* heldFailure() noexcept { return nullptr; }
  /// Nobody took its failure.
  void report() noexcept {
    if (const Failure* failure = heldFailure()) reportUnhandled(*failure, where());
  }
  /// Gives up the canceller, if there is one.
  virtual void dropCanceller() noexcept {}
  /// Where it was made; of a coroutine, where it waits.
  virtual std::source_location where() const noexcept { return {}; }

  bool called() const noexcept { return (state & (kValue | kError)) != 0; }
  bool pending() const noexcept { return !called(); }
  bool failed() const noexcept { return (state & kError) != 0; }
  /// Fired and not paused: a consumer may take the result.
  bool ready() const noexcept { return static_cast<std::uint8_t>(state - 1) < 2; }

  /// The result is in: who runs next?
  CellBase* finish() noexcept {
    checkThread();
    if (state & kPaused) [[unlikely]] return nullptr;
    if (waiter) [[likely]] return this;
    if (!(ends & kConsumer)) settle();
    return nullptr;
  }
  inline void fire() noexcept;
  /// Nobody will ever take the result.
  [[gnu::noinline]] void settle() noexcept {
    if (failed()) report();
    if (!ends) dispose();
  }
  /// The result has been taken, or is not wanted and that is in order.
  [[gnu::always_inline]] void releaseConsumer() noexcept {
    ends &= static_cast<std::uint8_t>(~kConsumer);
    if (ends) waiter = nullptr;
    else if (plainBlock && !failed()) recycle(this, plainBlock);
    else dispose();
  }
  /// The consumer lets go of a result that it has not looked at.
  void dropConsumer() noexcept {
    ends &= static_cast<std::uint8_t>(~kConsumer);
    waiter = nullptr;
    if (ready()) settle();
    else if (!ends) dispose();
  }
  void releaseProducer() noexcept { ends &= static_cast<std::uint8_t>(~kProducer); }

  void checkThread() const noexcept {
#ifndef NDEBUG
    if (thread && thread != threadTag()) wrongThread(where());
#endif
  }

  Waiter* waiter = nullptr;
  CellBase* link = nullptr;                            // pending: the cell we wait for; fired: next in the turn's queue
  std::uint8_t state = 0;
  std::uint8_t ends = kProducer | kConsumer;
  std::uint8_t flags = 0;
  std::uint8_t pauses = 0;
  std::uint16_t thread = 0;
  bool adopted = false;                                // a link whose handler returned a Deferred: waits for that. Here it takes no room.
  // Not 0: a cell without an error has nothing to destroy, and its block is of this class. That saves a virtual call for each callback and await.
  std::uint8_t plainBlock = 0;

 protected:
  ~CellBase() = default;
};

/// Cancels `cell`, walking to whatever is really being waited for. A loop: a million links deep is fine.
void cancelCell(CellBase* cell) noexcept;
/// One line for each cell that `cell` waits for, itself first.
std::string describeWait(const CellBase* cell);

/// The cells that have fired and whose waiters have yet to run. One per thread.
///
/// A fire outside a turn opens one and runs the chain before it returns. A fire inside one (from a callback or coroutine) is queued and runs right
/// after the current step; so nothing re-enters, and no chain of whatever kind uses the stack. The sketch of symmetric transfer was rejected: g++ 12
/// makes it no tail call below -O2 nor under sanitizers.
struct Turn {
  CellBase* head = nullptr;
  CellBase* tail = nullptr;
  CellBase* next = nullptr;                            // set by a coroutine that ends: who waits for it
  bool running = false;

  void run(CellBase* cell) noexcept {
    running = true;
    for (;;) {
      while (cell) cell = cell->waiter->fired(*cell);
      if (!head) break;
      if (--loopLink.budget <= 0 && yieldToLoop()) return;
      cell = pop();
    }
    running = false;
    if (rethrownRemembered) [[unlikely]] forgetRethrown();
  }
  void fire(CellBase* cell) noexcept {
    if (running) push(cell);
    else run(cell);
  }
  void push(CellBase* cell) noexcept {
    cell->link = nullptr;
    if (head) tail->link = cell;
    else head = cell;
    tail = cell;
  }
  CellBase* pop() noexcept {
    CellBase* cell = head;
    head = cell->link;
    cell->link = nullptr;
    return cell;
  }
  /// The budget is spent: leaves the rest to the loop (true), or, where no loop runs, refills it.
  bool yieldToLoop() noexcept;
  /// Runs what is queued although nothing is firing: for a coroutine that could not start or go on at once.
  void pump() noexcept {
    if (head && !running) run(pop());
  }
  /// Queues a cell from outside or inside a turn, for "soon, but not on this stack".
  void defer(CellBase* cell) noexcept;
};
inline constinit thread_local Turn turn;

/// While it lives, what fires is queued, also outside a turn; then it runs. For loops over lists that fired waiters would change.
class OpenTurn {
 public:
  OpenTurn() noexcept : opened_(!turn.running) { turn.running = true; }
  OpenTurn(const OpenTurn&) = delete;
  ~OpenTurn() {
    if (!opened_) return;
    turn.running = false;
    turn.pump();
  }

 private:
  bool opened_;
};

inline void CellBase::fire() noexcept {
  if (CellBase* cell = finish()) turn.fire(cell);
}

/// What `plainBlock` is to be for a cell of type C, holding a T and members of types M.
template <class C, class T, class... M> inline constexpr std::uint8_t kPlainBlock =
    (std::is_trivially_destructible_v<Stored<T>> && ... && std::is_trivially_destructible_v<M>) ? recycledClass(sizeof(C)) : 0;

/// A cell with its value.
template <class T> class Cell : public CellBase {
  static_assert(!std::is_reference_v<T>, "a Deferred cannot hold a reference: use a pointer or std::reference_wrapper");
  static_assert(alignof(Stored<T>) <= alignof(std::max_align_t), "a Deferred cannot hold an over-aligned type: use std::unique_ptr");

 public:
  template <class... A> void setValue(A&&... arguments) {
    std::construct_at(std::addressof(value_), std::forward<A>(arguments)...);
    state |= kValue;
  }
  void setFailure(Failure&& failure) noexcept {
    std::construct_at(&failure_, std::move(failure));
    state |= kError;
  }
  /// For a destructor that throws after the value was set.
  void replaceByFailure(Failure failure) noexcept {
    if (state & kValue) {
      value_.~Stored<T>();
      state &= static_cast<std::uint8_t>(~kValue);
    }
    setFailure(std::move(failure));
  }
  void setOutcome(Outcome<T>&& outcome) {
    if (outcome) setValue(std::move(*outcome));
    else setFailure(std::move(outcome.failure()));
  }
  void setFrom(Cell& source) {
    if (source.failed()) setFailure(std::move(source.failure_));
    else setValue(std::move(source.value_));
  }
  Stored<T>& value() noexcept { return value_; }
  Failure& failure() noexcept { return failure_; }
  Outcome<T> takeOutcome() { return failed() ? Outcome<T>(std::move(failure_)) : Outcome<T>(std::move(value_)); }
  Failure* heldFailure() noexcept override { return failed() ? &failure_ : nullptr; }

 protected:
  Cell() noexcept {}
  ~Cell() {
    if (state & kError) [[unlikely]] failure_.~Failure();
    else if (state & kValue) value_.~Stored<T>();
  }

 private:
  union {
    Stored<T> value_;
    Failure failure_;
  };
};

/// Releases a consumed cell when the consumer is done with its value.
class ConsumedCell {
 public:
  explicit ConsumedCell(CellBase& cell) noexcept : cell_(cell) {}
  ConsumedCell(const ConsumedCell&) = delete;
  [[gnu::always_inline]] ~ConsumedCell() { cell_.releaseConsumer(); }

 private:
  CellBase& cell_;
};

}  // namespace weft::detail
