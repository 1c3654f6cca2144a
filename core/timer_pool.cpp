#include <weft/core/timer_pool.hpp>

#include <new>

namespace weft::detail {

TimerPool::~TimerPool() {
  for (std::byte* chunk : chunks_) ::operator delete(chunk, std::align_val_t{kSlab});
}

void* TimerPool::takeFromNextSlab() {
  if (first_) {
    current_ = first_;
    first_ = first_->next;
    return takeFrom(*current_);
  }
  if (fresh_ == freshEnd_) {
    chunks_.reserve(chunks_.size() + 1);
    fresh_ = static_cast<std::byte*>(::operator new(kChunk, std::align_val_t{kSlab}));
    freshEnd_ = fresh_ + kChunk;
    chunks_.push_back(fresh_);
  }
  current_ = new (&headOf(fresh_)) Slab{this, allFree(fresh_), nullptr};
  fresh_ += kSlab;
  return takeFrom(*current_);
}

void TimerPool::putCold(Slab& slab, void* block) noexcept {
  if (abandoned_) {
    if (--inUse_ == 0) delete this;
    return;
  }
  const bool wasFull = slab.free == 0;
  slab.free |= std::uint64_t{1} << (reinterpret_cast<std::uintptr_t>(block) % kSlab / kBlock);
  if (!wasFull || &slab == current_) return;
  slab.next = nullptr;
  if (first_) last_->next = &slab;
  else first_ = &slab;
  last_ = &slab;
}

void TimerPool::abandon() noexcept {
  std::size_t blocks = 0;
  for (std::byte* chunk : chunks_) {
    std::byte* const end = chunk + kChunk == freshEnd_ ? fresh_ : chunk + kChunk;
    for (std::byte* slab = chunk; slab != end; slab += kSlab)
      blocks += static_cast<std::size_t>(std::popcount(allFree(slab) & ~headOf(slab).free));
  }
  inUse_ = blocks - hotCount_;
  hotCount_ = kHot;                                    // from now on every block takes the slow way
  abandoned_ = true;
  if (inUse_ == 0) delete this;
}

}  // namespace weft::detail
