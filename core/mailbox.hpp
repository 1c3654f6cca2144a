// Mailbox: calls that any thread posts and one thread runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace weft {

namespace detail {

/// What a posted call is. `place` is where it lies in its segment.
struct MailKind {
  void (*call)(std::byte* place);                      // and destroys the callable, also when it throws
  void (*destroy)(std::byte* place) noexcept;
  const std::type_info* type;
  std::uint32_t units;                                 // how much room it takes
};

}  // namespace detail

/// A queue of callables: any thread posts, one thread, the consumer, runs them. First in first out, over all threads: a post that happens after another one runs
/// after it.
///
/// Calls lie one behind the other in segments of 64 KiB, each with its callable, so a small post takes 16 or 32 bytes, costs one atomic addition, and is read in
/// sequence (a list of nodes costs four times as much when many wait, by the cache alone):
///
///     segment:  | next | kind, callable | kind, callable | (reserved) | ...  | end |
///
/// The word tail_ holds the segment, the place in it behind the last reservation, and whether the consumer sleeps: a poster learns all three by its addition. The
/// poster that crosses the end of a segment links the next one; only then do others wait, for as long as that takes. A poster that was stopped between its
/// reservation and the end of its post holds up the posts behind it, and the consumer does not sleep meanwhile. Segments are used again; at most kSpareSegments wait
/// for that, the rest of a burst is freed.
class Mailbox {
 public:
  static constexpr std::size_t kSpareSegments = 256;  // 16 MB; fewer and a burst pays for fresh pages (post_awake: 19 ns with 16, 8.5 with 256)

  Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  /// Calls that were never run are destroyed. No thread may be posting any more.
  ~Mailbox();

  /// Adds a call, on any thread. True if the consumer sleeps and the caller must wake it: told to one of the posters only. Callables of up to 240 bytes are kept in
  /// the segment, larger ones on the heap. Throws what copying or moving the callable throws; ends the program if there is no memory for a segment.
  template <class F> bool post(F&& function) {
    using Callable = std::decay_t<F>;
    if constexpr (sizeof(Callable) > kInline || alignof(Callable) > kUnit) {
      return post([boxed = std::make_unique<Callable>(std::forward<F>(function))] { (*boxed)(); });
    } else {
      const Reservation reserved = reserve(kUnitsOf<Callable>);
      void* const storage = reserved.place + kOffsetOf<Callable>;
      if constexpr (std::is_nothrow_constructible_v<Callable, F>) {
        new (storage) Callable(std::forward<F>(function));
      } else {
        try {
          new (storage) Callable(std::forward<F>(function));
        } catch (...) {
          abandon(reserved, kUnitsOf<Callable>);
          throw;
        }
      }
      kindAt(reserved.place).store(&kKind<Callable>, std::memory_order_release);
      return reserved.asleep && endSleep();
    }
  }

  /// Consumer only.
  bool empty() const noexcept { return (tail_.load(std::memory_order_acquire) & ~kAsleep) == head_; }
  /// Consumer only: from now on a poster is told to wake it. False if there is, or will be in a moment, something to run instead.
  bool announceSleep() noexcept {
    std::uintptr_t expected = head_;
    announced_ = tail_.compare_exchange_strong(expected, head_ | kAsleep, std::memory_order_acq_rel) || expected == (head_ | kAsleep);
    return announced_;
  }
  /// Consumer only: posters need not wake it.
  void awake() noexcept {
    if (std::exchange(announced_, false)) endSleep();
  }

  /// What was posted before it was made, oldest first. Calls of a batch that were not run are destroyed with it. One at a time, on the consumer's thread.
  class Batch {
   public:
    explicit Batch(Mailbox& mailbox) noexcept : mailbox_(mailbox), end_(mailbox.currentEnd()), next_(mailbox.find(end_)) {}
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() {
      while (next_) {
        next_->destroy(mailbox_.headPlace());
        advance();
      }
    }

    bool empty() const noexcept { return !next_; }
    /// The type of the next call.
    const std::type_info& type() const noexcept { return *next_->type; }
    /// Runs the next call; throws what it throws.
    void runNext() {
      struct Advance {
        Batch& batch;
        ~Advance() { batch.advance(); }
      } const advance{*this};
      next_->call(mailbox_.headPlace());
    }

   private:
    void advance() noexcept {
      mailbox_.pass(next_->units);
      next_ = mailbox_.find(end_);
    }

    Mailbox& mailbox_;
    const std::uintptr_t end_;
    const detail::MailKind* next_;                     // of the call at the mailbox's head; null: no more in this batch
  };

 private:
  using Kind = detail::MailKind;
  static constexpr std::size_t kSegment = 64 * 1024;
  static constexpr std::size_t kUnit = 16;
  static constexpr std::size_t kInline = 240;

  // A position: the address of a segment, whose lower 16 bits are zero; the unit in it, times two; and the lowest bit. Units beyond the end are posters that wait for
  // the next segment: there is room for 1,600 of them.
  static constexpr std::uintptr_t kAsleep = 1;
  static constexpr std::uintptr_t kInSegment = kSegment - 1;
  static constexpr std::uintptr_t kUnits = kSegment / kUnit;
  static std::uintptr_t unitOf(std::uintptr_t position) noexcept { return (position & kInSegment) >> 1; }
  static std::byte* placeOf(std::uintptr_t position) noexcept {
    return reinterpret_cast<std::byte*>(position & ~kInSegment) + unitOf(position) * kUnit;
  }

  struct Segment {
    std::atomic<Segment*> next{nullptr};
  };
  static Segment& segmentOf(std::uintptr_t position) noexcept { return *reinterpret_cast<Segment*>(position & ~kInSegment); }
  static std::uintptr_t startOf(Segment* segment) noexcept { return reinterpret_cast<std::uintptr_t>(segment) + 2; }   // unit 1
  static std::atomic<const Kind*>& kindAt(std::byte* place) noexcept { return *reinterpret_cast<std::atomic<const Kind*>*>(place); }

  template <class F> static constexpr std::size_t kOffsetOf = alignof(F) > sizeof(void*) ? kUnit : sizeof(void*);
  template <class F> static constexpr std::uint32_t kUnitsOf = (kOffsetOf<F> + sizeof(F) + kUnit - 1) / kUnit;
  template <class F> static F& callableAt(std::byte* place) noexcept { return *std::launder(reinterpret_cast<F*>(place + kOffsetOf<F>)); }
  template <class F> static void call(std::byte* place) {
    struct Destroy {
      F& function;
      ~Destroy() { function.~F(); }
    } const destroy{callableAt<F>(place)};
    destroy.function();
  }
  template <class F> static void destroy(std::byte* place) noexcept { callableAt<F>(place).~F(); }
  template <class F> static constexpr Kind kKind{&call<F>, &destroy<F>, &typeid(F), kUnitsOf<F>};
  static const Kind kEnd;                              // the rest of the segment is unused
  static const Kind kSkip;                             // a post whose callable could not be constructed

  struct Reservation {
    std::byte* place;
    bool asleep;
  };
  Reservation reserve(std::uint32_t units) noexcept {
    const std::uintptr_t at = tail_.fetch_add(std::uintptr_t{units} << 1, std::memory_order_acq_rel);
    if (unitOf(at) + units <= kUnits) [[likely]] return {placeOf(at), (at & kAsleep) != 0};
    return reserveBeyondEnd(at, units);
  }
  Reservation reserveBeyondEnd(std::uintptr_t at, std::uint32_t units) noexcept;
  static void abandon(const Reservation& reserved, std::uint32_t units) noexcept;
  bool endSleep() noexcept { return (tail_.fetch_and(~kAsleep, std::memory_order_acq_rel) & kAsleep) != 0; }

  std::byte* headPlace() const noexcept { return placeOf(head_); }
  std::uintptr_t currentEnd() const noexcept;
  const Kind* find(std::uintptr_t end) noexcept {      // what to run next before `end`
    if (head_ == end) return nullptr;
    if (unitOf(head_) < kUnits) [[likely]] {
      const Kind* const kind = kindAt(headPlace()).load(std::memory_order_acquire);
      if (kind != &kEnd && kind != &kSkip) [[likely]] return kind;
    }
    return findFarther(end);
  }
  const Kind* findFarther(std::uintptr_t end) noexcept;
  void pass(std::uint32_t units) noexcept {            // leaves zeros, which say that nothing was posted there
    std::byte* place = headPlace();
    head_ += std::uintptr_t{units} << 1;
    for (; units > 0; --units, place += kUnit) {
      kindAt(place).store(nullptr, std::memory_order_relaxed);
      *reinterpret_cast<std::uint64_t*>(place + sizeof(void*)) = 0;
    }
  }
  Segment* takeSegment() noexcept;
  void retire(Segment& segment) noexcept;

  std::atomic<Segment*> spare_[kSpareSegments] = {};   // filled by the consumer, emptied by whoever links the next segment
  alignas(64) std::atomic<std::uintptr_t> tail_;
  alignas(64) std::uintptr_t head_;                    // of the consumer, as announced_ is
  bool announced_ = false;
};

}  // namespace weft
