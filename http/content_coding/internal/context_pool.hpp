// ContextPool: a few contexts of a decompression library, kept by each thread.
#pragma once

#include <weft/http/content_coding/internal/decoding_layer.hpp>

#include <array>
#include <cstddef>
#include <memory>

namespace weft::http::detail {

/// Keeps up to `Kept` contexts of one kind: as many bodies as a thread usually has open. `Context` is default constructible; make ready what take() gives.
///
/// Usable until the very end of a thread: a context that comes back after the pool has gone is freed.
template <class Context, std::size_t Kept = 4> class ContextPool {
 public:
  static std::unique_ptr<Context> take() {
    Shelf* shelf = here();
    if (shelf && shelf->count > 0) {
      ++codecCounts().reused;
      return std::move(shelf->contexts[--shelf->count]);
    }
    ++codecCounts().made;
    return std::make_unique<Context>();
  }
  static void give(std::unique_ptr<Context> context) noexcept {
    Shelf* shelf = here();
    if (shelf && shelf->count < Kept) shelf->contexts[shelf->count++] = std::move(context);
  }

 private:
  struct Shelf {
    ~Shelf() { gone_ = true; }
    std::array<std::unique_ptr<Context>, Kept> contexts;
    std::size_t count = 0;
  };
  static Shelf* here() noexcept {
    static thread_local Shelf shelf;
    return gone_ ? nullptr : &shelf;
  }
  static inline thread_local bool gone_ = false;
};

}  // namespace weft::http::detail
