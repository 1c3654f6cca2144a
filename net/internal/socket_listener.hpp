// A listening stream socket. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/net/file_descriptor.hpp>
#include <weft/net/internal/descriptor.hpp>
#include <weft/net/network.hpp>

#include <memory>

namespace weft::net::detail {

/// Accepts connections and gives each its protocol. Belongs to itself: destroys itself when it was closed and nothing is pending.
class SocketListener final : private Descriptor {
 public:
  /// Takes a listening socket. `keep` is let go once it was closed. `shared` as in Descriptor::open. Throws std::system_error, and what doStart() throws.
  static std::unique_ptr<Port> start(SocketLoop& loop, FileDescriptor socket, std::shared_ptr<Factory> factory, std::shared_ptr<void> keep = nullptr,
                                     bool shared = false);

  void stop() noexcept;

 private:
  friend class SocketPort;
  static constexpr int kAcceptsPerEvent = 64;          // then other sockets get their turn

  SocketListener(SocketLoop& loop, std::shared_ptr<Factory> factory, std::shared_ptr<void> keep)
      : Descriptor(loop), keep_(std::move(keep)), factory_(std::move(factory)) {}
  ~SocketListener() = default;

  void readable() noexcept override;
  void writable() noexcept override {}
  void gone() noexcept override { delete this; }
  void loopEnds() noexcept override { stop(); }
  void serve(int socket, const Address& peer) noexcept;
  void outOfDescriptors(int error) noexcept;

  std::shared_ptr<void> keep_;
  FactoryUse factory_;
  class SocketPort* port_ = nullptr;
  DelayedCall retry_;
  bool starved_ = false;                               // accept() failed for want of descriptors or memory, and nothing was accepted since
};

}  // namespace weft::net::detail
