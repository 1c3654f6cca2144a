// What net keeps for each reactor. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/internal/read_buffers.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <asio/detail/reactor.hpp>
#include <asio/execution_context.hpp>

namespace weft::net::detail {

class Descriptor;
class SocketConnection;

/// Net's part of a reactor: its sockets, the one buffer that all of them read into, blocks for what could not be sent at once. Lives in the reactor's io_context, is made by
/// the first socket and ends with the reactor; it then closes the sockets that are left.
class SocketLoop final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;
  static constexpr std::size_t kReadBuffer = ReadBuffers::kSize;
  static constexpr std::size_t kBlock = 16 * 1024;
  static constexpr std::size_t kSpareBlocks = 64;

  static SocketLoop& of(Reactor& reactor);
  explicit SocketLoop(asio::execution_context& context);

  Reactor& reactor() const noexcept { return *reactor_; }
  asio::detail::reactor& events() const noexcept { return events_; }
  /// Reads are delivered before the next one, so one buffer serves all sockets.
  char* readBuffer() const noexcept { return readBuffer_.get(); }
  /// The buffer leaves with what is in it; the next read has another.
  ReadBuffer takeReadBuffer() { return std::exchange(readBuffer_, ReadBuffers::take()); }

  char* takeBlock();
  void giveBlock(char* block) noexcept;

  void add(Descriptor& descriptor) noexcept;
  void remove(Descriptor& descriptor) noexcept;

  /// Lets `connection` look at its socket once more, unless an event comes first: 10 to 20 ms from now, later where there are many. See SocketConnection::readable().
  void lookAgain(SocketConnection& connection);
  void forget(SocketConnection& connection) noexcept;
  std::uint32_t sweeps() const noexcept { return sweeps_; }

 private:
  void shutdown() override;
  void planSweep();
  void sweep();

  Reactor* reactor_ = nullptr;
  asio::detail::reactor& events_;
  ReadBuffer readBuffer_;
  std::vector<std::unique_ptr<char[]>> spareBlocks_;
  Descriptor* first_ = nullptr;
  std::vector<SocketConnection*> lookAgain_;
  std::uint32_t sweeps_ = 0;
  bool sweepPlanned_ = false;
};

}  // namespace weft::net::detail
