// Memory for what comes from peers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace weft::net::detail {

/// Buffers that go round among the connections of a thread, so that an idle connection holds none and a busy one does not ask the heap for each message (with 64 KiB a
/// message that costs a fifth of an echo).
class ReadBuffers {
 public:
  static constexpr std::size_t kSize = 64 * 1024;

  /// Of kSize bytes, not initialised: what a socket is read into.
  static std::unique_ptr<char[]> take();
  /// Null does nothing.
  static void give(std::unique_ptr<char[]> buffer) noexcept;

  /// Lets `buffer` hold `size` bytes, by a larger one where it must. What is in it stays.
  static void makeRoom(std::string& buffer, std::size_t size);
  /// Empties `buffer` and takes its memory back.
  static void giveBack(std::string& buffer) noexcept;
};

}  // namespace weft::net::detail
