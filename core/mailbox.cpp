#include <weft/core/mailbox.hpp>

#include <cstring>
#include <sched.h>

namespace weft {

// Never called: they only stand for themselves.
const detail::MailKind Mailbox::kEnd{nullptr, nullptr, &typeid(void), 0};
const detail::MailKind Mailbox::kSkip{nullptr, nullptr, &typeid(void), 0};

Mailbox::Mailbox() : tail_(startOf(takeSegment())), head_(tail_.load(std::memory_order_relaxed)) {}

Mailbox::~Mailbox() {
  while (!empty()) const Batch unrun(*this);           // a callable's destructor may post again
  for (auto& spare : spare_) ::operator delete(spare.load(), std::align_val_t{kSegment});
  ::operator delete(&segmentOf(head_), std::align_val_t{kSegment});
}

Mailbox::Reservation Mailbox::reserveBeyondEnd(std::uintptr_t at, std::uint32_t units) noexcept {
  for (;;) {
    Segment& full = segmentOf(at);
    if (unitOf(at) <= kUnits) {                        // we are the one who crosses the end
      Segment* const fresh = takeSegment();
      if (unitOf(at) < kUnits) kindAt(placeOf(at)).store(&kEnd, std::memory_order_release);
      const std::uintptr_t start = startOf(fresh);
      tail_.store((start + (std::uintptr_t{units} << 1)) | (at & kAsleep), std::memory_order_release);
      full.next.store(fresh, std::memory_order_release);   // from here on the consumer may reuse `full`
      return {placeOf(start), (at & kAsleep) != 0};
    }
    // Not "until the segment is another one": by the time we look it may have come round again.
    for (int spins = 0;; ++spins) {
      const std::uintptr_t now = tail_.load(std::memory_order_acquire);
      if (&segmentOf(now) != &full || unitOf(now) <= kUnits) break;
      if (spins >= 64) sched_yield();
    }
    at = tail_.fetch_add(std::uintptr_t{units} << 1, std::memory_order_acq_rel);
    if (unitOf(at) + units <= kUnits) return {placeOf(at), (at & kAsleep) != 0};
  }
}

void Mailbox::abandon(const Reservation& reserved, std::uint32_t units) noexcept {
  const std::uint64_t size = units;
  std::memcpy(reserved.place + sizeof(void*), &size, sizeof size);
  kindAt(reserved.place).store(&kSkip, std::memory_order_release);
  // The consumer, if it sleeps, may as well sleep on.
}

std::uintptr_t Mailbox::currentEnd() const noexcept {
  const std::uintptr_t tail = tail_.load(std::memory_order_acquire) & ~kAsleep;
  if (unitOf(tail) <= kUnits) return tail;
  return (tail & ~kInSegment) | (kUnits << 1);         // posters wait for the next segment: theirs is not in this batch
}

const detail::MailKind* Mailbox::findFarther(std::uintptr_t end) noexcept {
  while (head_ != end) {
    if (unitOf(head_) >= kUnits) {
      Segment& used = segmentOf(head_);
      Segment* const next = used.next.load(std::memory_order_acquire);
      if (!next) return nullptr;                       // just being linked
      head_ = startOf(next);
      retire(used);
      continue;
    }
    const Kind* const kind = kindAt(headPlace()).load(std::memory_order_acquire);
    if (kind == &kEnd) {
      kindAt(headPlace()).store(nullptr, std::memory_order_relaxed);
      head_ = (head_ & ~kInSegment) | (kUnits << 1);
    } else if (kind == &kSkip) {
      std::uint64_t units = 0;
      std::memcpy(&units, headPlace() + sizeof(void*), sizeof units);
      pass(static_cast<std::uint32_t>(units));
    } else {
      return kind;                                     // null: reserved, not yet posted
    }
  }
  return nullptr;
}

Mailbox::Segment* Mailbox::takeSegment() noexcept {
  for (auto& spare : spare_)
    if (spare.load(std::memory_order_relaxed))
      if (Segment* const segment = spare.exchange(nullptr, std::memory_order_acquire)) return segment;
  void* const memory = ::operator new(kSegment, std::align_val_t{kSegment});
  std::memset(memory, 0, kSegment);
  return new (memory) Segment;
}

void Mailbox::retire(Segment& segment) noexcept {
  segment.next.store(nullptr, std::memory_order_relaxed);
  for (auto& spare : spare_) {
    if (spare.load(std::memory_order_relaxed)) continue;
    spare.store(&segment, std::memory_order_release);
    return;
  }
  ::operator delete(&segment, std::align_val_t{kSegment});
}

}  // namespace weft
