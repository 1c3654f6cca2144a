// HandlerMemory: where Asio keeps the handlers of one object that waits again and again.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace weft::detail {

/// Two blocks: for the handler that waits, and for the one before it, which was cancelled and has not been told. More, or larger ones, come from the heap. Asio's own recycling keeps two blocks for
/// a whole thread, and lets go of one that is too small for what is asked: where handlers differ in size, some of them cost memory, by the order in which things happen.
///
/// Must outlive the io_context, which destroys handlers that were never called. One thread.
class HandlerMemory {
 public:
  HandlerMemory() = default;
  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  template <class T> struct Allocator {
    using value_type = T;
    explicit Allocator(HandlerMemory& memory) noexcept : memory(&memory) {}
    template <class U> Allocator(const Allocator<U>& other) noexcept : memory(other.memory) {}
    T* allocate(std::size_t count) { return static_cast<T*>(memory->take(count * sizeof(T))); }
    void deallocate(T* block, std::size_t) noexcept { memory->put(block); }
    template <class U> bool operator==(const Allocator<U>& other) const noexcept { return memory == other.memory; }
    HandlerMemory* memory;
  };

  /// A handler that is kept here: `timer.async_wait(memory.keep([] { … }))`.
  template <class F> struct Kept {
    using allocator_type = Allocator<std::byte>;
    allocator_type get_allocator() const noexcept { return allocator; }
    template <class... A> void operator()(A&&... arguments) { function(std::forward<A>(arguments)...); }
    allocator_type allocator;
    F function;
  };
  template <class F> Kept<F> keep(F function) noexcept { return {Allocator<std::byte>(*this), std::move(function)}; }

 private:
  struct alignas(std::max_align_t) Block {
    std::array<std::byte, 192> bytes;                  // the reactor's timer takes 112
    bool taken = false;
  };

  void* take(std::size_t size) {
    for (Block& block : blocks_)
      if (!block.taken && size <= block.bytes.size()) {
        block.taken = true;
        return block.bytes.data();
      }
    return ::operator new(size);
  }
  void put(void* memory) noexcept {
    for (Block& block : blocks_)
      if (memory == block.bytes.data()) {
        block.taken = false;
        return;
      }
    ::operator delete(memory);
  }

  std::array<Block, 2> blocks_;
};

}  // namespace weft::detail
