// HAProxyWrappingFactory, proxyEndpoint: who really calls, where a proxy stands before the server and says so by the PROXY protocol.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/net/address.hpp>
#include <weft/net/address_range.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/error.hpp>
#include <weft/net/protocol.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

/// The beginning of a connection is no header of the PROXY protocol. what() names the peer and what is wrong.
class HAProxyError : public Error {
 public:
  using Error::Error;
};

/// A header of the PROXY protocol (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt): version 1, a line of text, or version 2, which is binary.
class HAProxyHeader {
 public:
  static constexpr std::size_t kMostOfVersion1 = 107;  // with its CRLF
  static constexpr std::size_t kMost = 16 + 65535;     // of version 2

  /// Reads the header at the beginning of `data`; nothing when more bytes are needed to know. Throws HAProxyError as soon as it cannot be one.
  static std::optional<HAProxyHeader> parse(std::string_view data);

  int version = 1;
  /// Bytes of the header; what follows is the connection's own.
  std::size_t size = 0;
  /// Who has called the proxy, and where. None when the proxy does not say (UNKNOWN, UNSPEC) or speaks for itself (LOCAL, as in checks of health): then the connection's own addresses count.
  Address source, destination;
};

/// What HAProxyWrappingFactory takes. `HAProxyOptions().trust(AddressRange::parse("10.0.0.0/8"))`.
class HAProxyOptions {
 public:
  HAProxyOptions() = default;
  /// Connections are taken from these proxies only, and from UNIX sockets; may be called again for more. From everybody unless called: then nobody else may reach the port, since whoever does says
  /// who he is.
  HAProxyOptions& trust(const AddressRange& proxies) {
    trusted_.push_back(proxies);
    return *this;
  }
  /// The header must have come by then. 10 s unless set.
  HAProxyOptions& timeout(Delay delay) {
    timeout_ = delay;
    return *this;
  }
  /// A longer header of version 2 is refused. 4096 bytes unless set; at least 16 + 216, which the specification asks for.
  HAProxyOptions& most(std::size_t bytes) {
    most_ = bytes;
    return *this;
  }
  bool trusts(const Address& peer) const noexcept;
  Delay timeout() const noexcept { return timeout_; }
  std::size_t most() const noexcept { return most_; }

 private:
  std::vector<AddressRange> trusted_;
  Delay timeout_ = 10;
  std::size_t most_ = 4096;
};

/// Reads the PROXY header of each connection, then asks `wrapped` for a protocol, with the address of who called the proxy; getPeer() and getHost() of that protocol's transport are those of the
/// header. A connection without a header, or with a bad one, is aborted and logged at level Info ("weft.net.haproxy"); so is one of a proxy that is not trusted.
///
///     auto port = network.listen(8080, std::make_shared<HAProxyWrappingFactory>(site, HAProxyOptions().trust(AddressRange::parse("10.0.0.0/8"))));
///
/// With TLS behind the header: `HAProxyWrappingFactory(std::make_shared<TlsFactory>(context, site))`. Checksums and other extensions of version 2 are passed over.
class HAProxyWrappingFactory final : public Factory {
 public:
  explicit HAProxyWrappingFactory(std::shared_ptr<Factory> wrapped, HAProxyOptions options = {});
  ~HAProxyWrappingFactory() override;
  std::shared_ptr<Protocol> buildProtocol(const Address& peer) override;
  void doStart() override;
  void doStop() override;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

/// Listens with `endpoint`; its connections begin with a PROXY header. As a string: `haproxy:tcp:8080`.
std::shared_ptr<ServerEndpoint> proxyEndpoint(std::shared_ptr<ServerEndpoint> endpoint, HAProxyOptions options = {});

}  // namespace weft::net
