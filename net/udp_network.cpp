#include <weft/net/udp_network.hpp>

#include <weft/core/log.hpp>
#include <weft/net/file_descriptor.hpp>
#include <weft/net/internal/descriptor.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/internal/socket.hpp>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <unistd.h>

namespace weft::net {
namespace detail {

namespace {
}

class UdpSocket final : public DatagramTransport, private Descriptor, public std::enable_shared_from_this<UdpSocket> {
 public:
  UdpSocket(SocketLoop& loop, Address::Family family, std::shared_ptr<DatagramProtocol> protocol) noexcept
      : Descriptor(loop), protocol_(std::move(protocol)), family_(family) {}

  void start(FileDescriptor socket) {
    open(socket.release());
    self_ = shared_from_this();
    protocol_->setTransport(this);
    tell("startProtocol", [](DatagramProtocol& protocol) { protocol.startProtocol(); });
    if (isOpen()) callReadable();
  }

  // ---- sending

  bool write(std::string_view data, const Address& to) override {
    if (!isOpen()) return false;
    const SocketAddress address(to);
    return sent(::sendto(socket(), data.data(), data.size(), MSG_NOSIGNAL, address.data(), address.length), to);
  }
  bool write(std::string_view data) override {
    if (!peer_) throw std::logic_error("DatagramTransport::write() without an address needs connect() first");
    return isOpen() && sent(::send(socket(), data.data(), data.size(), MSG_NOSIGNAL), peer_);
  }
  void connect(const Address& peer) override {
    if (!isOpen()) return;
    const SocketAddress address(peer);
    if (::connect(socket(), address.data(), address.length) != 0) throw DatagramError("connecting to", peer, errno);
    peer_ = peer;
  }

  // ---- facts, ending

  Address getHost() const override { return isOpen() ? localAddress(socket()) : Address(); }
  bool listening() const noexcept override { return isOpen(); }
  void pauseReading() override { paused_ = true; }
  void resumeReading() override {
    if (std::exchange(paused_, false) && isOpen()) callReadable();
  }
  Deferred<> stopListening() override {
    if (!protocol_) return succeed();
    stop();
    Deferred<> deferred;
    waiters_.push_back(deferred.takeTrigger());
    return deferred;
  }

  // ---- options

  void setBroadcastAllowed(bool on) override { option("allowing broadcast at", SOL_SOCKET, SO_BROADCAST, int{on}); }
  bool getBroadcastAllowed() const override { return isOpen() && getOption(socket(), SOL_SOCKET, SO_BROADCAST) != 0; }
  void joinGroup(const Address& group, const Address& interface) override { membership("joining", group, interface, IP_ADD_MEMBERSHIP, IPV6_ADD_MEMBERSHIP); }
  void leaveGroup(const Address& group, const Address& interface) override { membership("leaving", group, interface, IP_DROP_MEMBERSHIP, IPV6_DROP_MEMBERSHIP); }
  void setTTL(int hops) override {
    if (isIPv6()) option("setting the hops of", IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops);
    else option("setting the hops of", IPPROTO_IP, IP_MULTICAST_TTL, hops);
  }
  int getTTL() const override { return isIPv6() ? getOption(socket(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS) : getOption(socket(), IPPROTO_IP, IP_MULTICAST_TTL); }
  void setLoopbackMode(bool on) override {
    if (isIPv6()) option("setting the loopback of", IPPROTO_IPV6, IPV6_MULTICAST_LOOP, int{on});
    else option("setting the loopback of", IPPROTO_IP, IP_MULTICAST_LOOP, int{on});
  }
  bool getLoopbackMode() const override {
    return (isIPv6() ? getOption(socket(), IPPROTO_IPV6, IPV6_MULTICAST_LOOP) : getOption(socket(), IPPROTO_IP, IP_MULTICAST_LOOP)) != 0;
  }
  void setOutgoingInterface(const Address& interface) override {
    if (isIPv6()) return option("choosing the interface", IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(interface.scope()), interface);
    option("choosing the interface", IPPROTO_IP, IP_MULTICAST_IF, inAddress(interface), interface);
  }

 private:
  static constexpr int kReadsPerEvent = 64;            // then other sockets get their turn

  bool isIPv6() const noexcept { return family_ == Address::Family::IPv6; }
  static in_addr inAddress(const Address& address) noexcept {
    in_addr result{};
    if (address.family() == Address::Family::IPv4) std::memcpy(&result, address.bytes().data(), sizeof result);
    return result;
  }
  template <class V> void option(std::string_view doing, int level, int name, const V& value, Address about = {}) {
    if (!isOpen()) return;
    if (::setsockopt(socket(), level, name, &value, sizeof value) != 0) throw DatagramError(doing, about ? about : getHost(), errno);
  }
  void membership(std::string_view doing, const Address& group, const Address& interface, int name4, int name6) {
    if (group.family() == Address::Family::IPv6) {
      ipv6_mreq request{};
      std::memcpy(&request.ipv6mr_multiaddr, group.bytes().data(), sizeof request.ipv6mr_multiaddr);
      request.ipv6mr_interface = interface ? interface.scope() : group.scope();
      return option(doing, IPPROTO_IPV6, name6, request, group);
    }
    ip_mreq request{};
    request.imr_multiaddr = inAddress(group);
    request.imr_interface = inAddress(interface);
    option(doing, IPPROTO_IP, name4, request, group);
  }

  bool sent(ssize_t size, const Address& to) {
    if (size >= 0) return true;
    switch (errno) {
      case EAGAIN:
      case ENOBUFS:
      case ENOMEM:
      case EINTR:
      case ECONNREFUSED:                               // of one that was sent before
      case ENOENT:                                     // a UNIX socket that is not there
      case ENETUNREACH:
      case EHOSTUNREACH:
      case ENETDOWN: return false;
      default: throw DatagramError("sending to", to, errno);
    }
  }

  template <class F> void tell(const char* what, F call) noexcept {
    try {
      call(*protocol_);
    } catch (...) {
      kNetLog.failure(Failure(), what, " threw");
    }
  }

  void readable() noexcept override {
    for (int reads = 0; isOpen() && !paused_; ++reads) {
      char* const buffer = loop()->readBuffer();
      if (reads == kReadsPerEvent) return callReadable();
      SocketAddress from;
      const ssize_t size = ::recvfrom(socket(), buffer, SocketLoop::kReadBuffer, 0, from.data(), &from.length);
      if (size >= 0) {
        tell("datagramReceived", [&](DatagramProtocol& protocol) { protocol.datagramReceived({buffer, static_cast<std::size_t>(size)}, from.address()); });
      } else if (errno == EAGAIN) {
        return awaitReadable();
      } else if (errno == ECONNREFUSED) {
        tell("connectionRefused", [](DatagramProtocol& protocol) { protocol.connectionRefused(); });
      } else if (errno != EINTR) {
        kNetLog.debug("receiving datagrams: ", systemErrorText(errno));
      }
    }
  }
  void writable() noexcept override {}
  void gone() noexcept override { ended(); }
  void loopEnds() noexcept override {
    stop();
    ended();
  }
  void stop() noexcept {
    if (!isOpen()) return;
    const Address at = family_ == Address::Family::Unix ? getHost() : Address();
    close();
    if (!at.path().empty() && at.path().front() != '@') ::unlink(std::string(at.path()).c_str());
  }
  void ended() noexcept {
    const std::shared_ptr<UdpSocket> self = std::exchange(self_, nullptr);
    if (const auto protocol = std::exchange(protocol_, nullptr)) {
      protocol_ = protocol;
      tell("stopProtocol", [](DatagramProtocol& stopping) { stopping.stopProtocol(); });
      protocol->setTransport(nullptr);
      protocol_ = nullptr;
    }
    for (Trigger<>& waiter : std::exchange(waiters_, {})) waiter.callback();
    if (pending()) self_ = self;                       // Asio still has an event of ours: it comes back to gone()
  }

  std::shared_ptr<UdpSocket> self_;                    // until it has ended
  std::shared_ptr<DatagramProtocol> protocol_;
  Address peer_;
  std::vector<Trigger<>> waiters_;
  Address::Family family_;
  bool paused_ = false;
};

}  // namespace detail

DatagramPort UdpNetwork::listen(const Address& at, std::shared_ptr<DatagramProtocol> protocol, const DatagramOptions& options) {
  const auto cannot = [&](int error) { return CannotListenError(at, detail::systemErrorText(error), error); };
  if (!at) throw CannotListenError(at, "this is no address", 0);
  if (at.family() == Address::Family::Unix)
    if (const std::string problem = detail::problemOfUnixName(at.path()); !problem.empty()) throw CannotListenError(at, problem);
  FileDescriptor socket(::socket(detail::familyOf(at), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw cannot(errno);
  if (options.shareAddress()) detail::setOption(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (at.family() == Address::Family::IPv6) detail::setOption(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  const detail::SocketAddress local(at);
  if (::bind(socket.get(), local.data(), local.length) != 0) throw cannot(errno);
  auto result = std::make_shared<detail::UdpSocket>(detail::SocketLoop::of(reactor_), at.family(), std::move(protocol));
  try {
    result->start(std::move(socket));
  } catch (const std::system_error& error) {
    throw cannot(error.code().value());
  }
  return DatagramPort(std::move(result));
}

}  // namespace weft::net
