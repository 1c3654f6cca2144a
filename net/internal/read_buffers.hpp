// Memory for what comes from peers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace weft::net::detail {

/// What a socket is read into. It begins at a line of the cache: the kernel's copy of 64 KiB to another place takes up to twice as long.
struct FreeReadBuffer {
  void operator()(char* buffer) const noexcept;
};
using ReadBuffer = std::unique_ptr<char[], FreeReadBuffer>;

/// Buffers that go round among the connections of a thread, so that an idle connection holds none and a busy one does not ask the heap for each message (with 64 KiB a
/// message that costs a fifth of an echo).
class ReadBuffers {
 public:
  /// A little over 64 KiB: a message of just that size leaves room, which says that there is no more to read.
  static constexpr std::size_t kSize = 64 * 1024 + 64;

  /// Of kSize bytes, not initialised.
  static ReadBuffer take();
  /// Null does nothing.
  static void give(ReadBuffer buffer) noexcept;

  /// Lets `buffer` hold `size` bytes, by a larger one where it must. What is in it stays.
  static void makeRoom(std::string& buffer, std::size_t size);
  /// Empties `buffer` and takes its memory back.
  static void giveBack(std::string& buffer) noexcept;
};

}  // namespace weft::net::detail
