#include "support/allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constinit thread_local std::uint64_t count = 0;

}  // namespace

std::uint64_t weft::test::allocations() noexcept { return count; }

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_THREAD_SANITIZER
#endif
#elif defined(__SANITIZE_THREAD__)
#define WEFT_THREAD_SANITIZER
#endif
#ifdef WEFT_THREAD_SANITIZER

// This sanitizer is linked whole, its own operator new with it; it calls this instead, for every block. It is called before the sanitizer is ready, so its code must not be watched.
extern "C" __attribute__((no_sanitize("thread"))) void __sanitizer_malloc_hook(const volatile void*, std::size_t) { ++count; }

#else

namespace {

void* allocate(std::size_t size, std::size_t alignment = 0) {
  ++count;
  size = size == 0 ? 1 : size;
  void* block = alignment == 0 ? std::malloc(size) : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

// The other forms of new and delete end in these; but for those of a sanitizer, whose own operator for nothrow would not go with our delete.
void* operator new(std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return allocate(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, static_cast<std::size_t>(alignment)); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

#endif
