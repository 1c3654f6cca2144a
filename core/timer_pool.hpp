// Memory for the nodes of one timer wheel.
#pragma once

#include <weft/core/block_pool.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::detail {

/// Gives out blocks of one cache line, by rising address where it can.
///
/// A plain free list hands a million expired timers back in the order in which they expired, that is at random addresses, and every use of one is then a cache miss
/// (j_fire: 430 ns a timer; 190 with this). So a block that is freed goes to a small stack of hot blocks; when that is full, into the bit mask of its slab
/// of 4 KiB, and slabs are used up one after the other.
///
/// Belongs to a wheel, but lives until the last of its blocks is freed: handles may outlive their clock. One thread at a time.
class TimerPool {
 public:
  static constexpr std::size_t kBlock = 64;

  TimerPool() = default;
  TimerPool(const TimerPool&) = delete;
  TimerPool& operator=(const TimerPool&) = delete;

  /// A block for `size` bytes. Larger ones than kBlock come from the thread's block pool. Throws std::bad_alloc.
  void* take(std::size_t size) {
    if (!fits(size)) return allocate(size);
    if (hotCount_ > 0) return hot_[--hotCount_];
    if (current_ && current_->free) return takeFrom(*current_);
    return takeFromNextSlab();
  }
  /// Gives back a block of take(size) of whichever pool.
  static void put(void* block, std::size_t size) noexcept {
    if (!fits(size)) return deallocate(block, size);
    Slab& slab = slabOf(block);
    slab.pool->putBack(slab, block);
  }
  /// The wheel is gone. Deletes the pool when no block is in use any more.
  void abandon() noexcept;

 private:
  static constexpr std::size_t kSlab = 4096;
  static constexpr std::size_t kChunk = 16 * kSlab;
  static constexpr unsigned kHot = 32;

  // One block of each slab holds this: another one in each of 64 neighbours, or they would all want the same few lines of the cache.
  struct Slab {
    TimerPool* pool;
    std::uint64_t free;                                // a bit for each block that can be given out
    Slab* next;                                        // in the queue of slabs that have some
  };
  static_assert(sizeof(Slab) <= kBlock);

  ~TimerPool();
  static constexpr bool fits(std::size_t size) noexcept {
#ifdef WEFT_UNPOOLED
    return size == 0;
#else
    return size <= kBlock;
#endif
  }
  static Slab& slabOf(void* block) noexcept {
    return headOf(reinterpret_cast<std::byte*>(startOf(block)));
  }
  static std::uintptr_t startOf(void* inSlab) noexcept { return reinterpret_cast<std::uintptr_t>(inSlab) & ~std::uintptr_t{kSlab - 1}; }
  static std::size_t headIndex(std::uintptr_t start) noexcept { return start / kSlab % (kSlab / kBlock); }
  static Slab& headOf(std::byte* start) noexcept {
    return *reinterpret_cast<Slab*>(start + headIndex(reinterpret_cast<std::uintptr_t>(start)) * kBlock);
  }
  static std::uint64_t allFree(std::byte* start) noexcept {
    return ~(std::uint64_t{1} << headIndex(reinterpret_cast<std::uintptr_t>(start)));
  }
  static void* takeFrom(Slab& slab) noexcept {
    const auto index = static_cast<std::size_t>(std::countr_zero(slab.free));
    slab.free &= slab.free - 1;
    return reinterpret_cast<std::byte*>(startOf(&slab)) + index * kBlock;
  }
  void* takeFromNextSlab();
  void putBack(Slab& slab, void* block) noexcept {
    if (hotCount_ < kHot) hot_[hotCount_++] = block;
    else putCold(slab, block);
  }
  void putCold(Slab& slab, void* block) noexcept;

  Slab* current_ = nullptr;                            // blocks come from here
  Slab* first_ = nullptr;                              // others with free blocks
  Slab* last_ = nullptr;
  std::byte* fresh_ = nullptr;                         // slabs of the last chunk that were never used
  std::byte* freshEnd_ = nullptr;
  unsigned hotCount_ = 0;
  bool abandoned_ = false;
  std::size_t inUse_ = 0;                              // counted once abandoned
  std::vector<std::byte*> chunks_;
  void* hot_[kHot];
};

}  // namespace weft::detail
