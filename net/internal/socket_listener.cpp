#include <weft/net/internal/socket_listener.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/internal/socket.hpp>
#include <weft/net/internal/socket_connection.hpp>

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace weft::net::detail {

namespace {

constexpr double kRetrySeconds = 0.25;                 // while the process has no descriptor left for accept()

}  // namespace

class SocketPort final : public Port {
 public:
  SocketPort(SocketListener& listener, const Address& host) : listener_(&listener), host_(host) { listener.port_ = this; }
  ~SocketPort() override { stop(); }
  Address getHost() const override { return host_; }
  Deferred<> stopListening() override {
    stop();
    return succeed();
  }
  void stop() noexcept {
    if (SocketListener* const listener = std::exchange(listener_, nullptr)) listener->stop();
  }
  void listenerStopped() noexcept { listener_ = nullptr; }

 private:
  SocketListener* listener_;
  Address host_;
};

std::unique_ptr<Port> SocketListener::start(SocketLoop& loop, FileDescriptor socket, std::shared_ptr<Factory> factory, std::shared_ptr<void> keep,
                                            bool shared) {
  struct Delete {
    void operator()(SocketListener* listener) const noexcept { delete listener; }
  };
  std::unique_ptr<SocketListener, Delete> listener(new SocketListener(loop, std::move(factory), std::move(keep)));
  const Address host = localAddress(socket.get());
  listener->open(socket.release(), shared);
  auto result = std::make_unique<SocketPort>(*listener, host);
  listener.release()->awaitReadable();
  return result;
}

void SocketListener::stop() noexcept {
  if (!isOpen()) return;
  if (port_) std::exchange(port_, nullptr)->listenerStopped();
  if (retry_.active()) retry_.cancel();
  close();
  keep_.reset();
  factory_.stop();
}

void SocketListener::readable() noexcept {
  for (int accepts = 0; isOpen(); ++accepts) {
    if (accepts == kAcceptsPerEvent) return callReadable();
    SocketAddress peer;
    const int socket = ::accept4(this->socket(), peer.data(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      starved_ = false;
      serve(socket, peer.address());
      continue;
    }
    switch (errno) {
      case EAGAIN: return awaitReadable();
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: return outOfDescriptors(errno);
      default: break;                                  // that connection was gone before it was accepted (ECONNABORTED and its like): the next
    }
  }
}

void SocketListener::serve(int socket, const Address& peer) noexcept {
  const std::shared_ptr<Protocol> protocol = factory_.build(peer);
  if (!protocol) {
    ::close(socket);
    return;
  }
  try {
    SocketConnection::connected(*loop(), socket, peer)->setProtocol(protocol);
  } catch (...) {
    kNetLog.failure(Failure(), "serving ", peer);
  }
}

// The connections wait in the system's backlog. Asking again at once would only burn the processor.
void SocketListener::outOfDescriptors(int error) noexcept {
  if (!std::exchange(starved_, true))
    kNetLog.error("accepting on ", localAddress(socket()), ": ", systemErrorText(error), "; connections wait until there is room again");
  retry_ = loop()->reactor().callLater(kRetrySeconds, [this] { readable(); });
}

}  // namespace weft::net::detail
