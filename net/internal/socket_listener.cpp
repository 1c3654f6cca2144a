#include <weft/net/internal/socket_listener.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/socket.hpp>
#include <weft/net/internal/socket_connection.hpp>

#include <cerrno>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <unistd.h>

namespace weft::net::detail {

namespace {

const Logger kLog("weft.net");
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

std::unique_ptr<Port> SocketListener::listen(SocketLoop& loop, std::uint16_t port, std::shared_ptr<Factory> factory,
                                          const ListenOptions& options) {
  const std::string& interface = options.interface();
  const auto cannot = [&](int error) { return CannotListenError(interface, port, systemErrorText(error), error); };
  const auto address = Address::parse(interface.empty() ? "0.0.0.0" : interface, port);
  if (!address) throw CannotListenError(interface, port, "this is not a numeric address; name an interface by its address");

  const int socket = ::socket(familyOf(*address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (socket < 0) throw cannot(errno);
  setOption(socket, SOL_SOCKET, SO_REUSEADDR, 1);      // a port whose connections linger in TIME_WAIT is free
  if (address->family() == Address::Family::IPv6) setOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  const SocketAddress local(*address);
  if (::bind(socket, local.data(), local.length) != 0 || ::listen(socket, options.backlog()) != 0) {
    const int error = errno;
    ::close(socket);
    throw cannot(error);
  }

  struct Delete {
    void operator()(SocketListener* listener) const noexcept { delete listener; }
  };
  std::unique_ptr<SocketListener, Delete> listener;
  try {
    listener.reset(new SocketListener(loop, std::move(factory)));
  } catch (...) {                                      // doStart()
    ::close(socket);
    throw;
  }
  try {
    listener->open(socket);
  } catch (const std::system_error& error) {
    throw cannot(error.code().value());
  }
  auto result = std::make_unique<SocketPort>(*listener, localAddress(socket));
  listener.release()->awaitReadable();
  return result;
}

void SocketListener::stop() noexcept {
  if (!isOpen()) return;
  if (port_) std::exchange(port_, nullptr)->listenerStopped();
  if (retry_.active()) retry_.cancel();
  close();
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
    SocketConnection::accepted(*loop(), socket, peer)->setProtocol(protocol);
  } catch (...) {
    kLog.failure(Failure(), "serving ", peer);
  }
}

// The connections wait in the system's backlog. Asking again at once would only burn the processor.
void SocketListener::outOfDescriptors(int error) noexcept {
  if (!std::exchange(starved_, true))
    kLog.error("accepting on ", localAddress(socket()), ": ", systemErrorText(error), "; connections wait until there is room again");
  retry_ = loop()->reactor().callLater(kRetrySeconds, [this] { readable(); });
}

}  // namespace weft::net::detail
