// Buffers that the TLS connections of a thread take turns with.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace weft::net::detail {

/// Blocks of one size, a few of them kept per thread: nothing is allocated in the steady state, and an idle connection holds none.
template <std::size_t Size> class Buffers {
 public:
  static constexpr std::size_t kSize = Size;
  static constexpr std::size_t kSpares = 8;

  static char* take() {
    if (!gone && !spares.blocks.empty()) {
      char* const block = spares.blocks.back().release();
      spares.blocks.pop_back();
      return block;
    }
    return new char[Size];
  }
  static void give(char* block) {
    if (!gone && spares.blocks.size() < kSpares) spares.blocks.emplace_back(block);
    else delete[] block;
  }

  /// One block for a while.
  struct Lease {
    Lease() = default;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { give(data); }
    char* const data = take();
  };

 private:
  struct Spares {
    Spares() { blocks.reserve(kSpares); }
    ~Spares() { gone = true; }
    std::vector<std::unique_ptr<char[]>> blocks;
  };
  static inline constinit thread_local bool gone = false;        // a connection may outlive its thread's spares
  static inline thread_local Spares spares;
};

using LargeBuffers = Buffers<64 * 1024>;
using RecordBuffers = Buffers<16 * 1024>;

}  // namespace weft::net::detail
