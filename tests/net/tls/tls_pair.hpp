// A TLS client and server in one world.
#pragma once

#include "../tls_world.hpp"

#include <weft/core/log.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>

namespace weft::net {

/// Keeps what happens to it.
class Keeper : public Protocol {
 public:
  void connectionMade() override {
    made = true;
    if (onMade) onMade(*this);
  }
  void dataReceived(std::string_view bytes) override {
    data += bytes;
    ++pieces;
    if (onData) onData(*this);
  }
  void connectionLost(const Failure& why) override {
    lost = true;
    reason = why;
    if (onLost) onLost();
  }
  std::string data;
  int pieces = 0;
  bool made = false, lost = false;
  Failure reason{nullptr};
  std::function<void(Keeper&)> onMade, onData;
  std::function<void()> onLost;
};

/// A server that keeps its protocols, in memory.
struct TlsServer {
  explicit TlsServer(const CertificateOptions& options = localhostOptions(), const MemoryLink& link = MemoryLink().latency(0.001)) : context(options) {
    world.network.setLink(link);
    tls = std::make_shared<TlsFactory>(context, factory([this] {
                                         auto made = std::make_shared<Keeper>();
                                         if (prepare) prepare(*made);
                                         protocols.push_back(made);
                                         return made;
                                       }));
    port = world.network.listen(443, tls);
  }

  /// A handshake as a client.
  Deferred<std::shared_ptr<Transport>> connect(const TlsClientContext& client, std::string host = "localhost") {
    return world.network.connect("127.0.0.1", 443).addCallback([options = optionsForClientTLS(std::move(host), client)](std::shared_ptr<Transport> transport) {
      return startTLS(std::move(transport), options);
    });
  }
  std::shared_ptr<Transport> connected(const TlsClientContext& client, std::string host = "localhost") {
    return resultOf(world, connect(client, std::move(host)));
  }
  template <class E> E error(const TlsClientContext& client, std::string host = "localhost") { return errorOf<E>(world, connect(client, std::move(host))); }
  CertificateError::Reason refusal(const TlsClientContext& client, std::string host = "localhost") {
    const auto refused = error<CertificateError>(client, host);
    CHECK(std::string(refused.what()).find(" is refused: ") != std::string::npos);
    CHECK(refused.host == host);
    return refused.reason;
  }
  /// One connection, with a Keeper at each end.
  std::shared_ptr<Keeper> open(const TlsClientContext& client) {
    auto keeper = std::make_shared<Keeper>();
    const std::size_t before = protocols.size();
    connected(client)->setProtocol(keeper);
    REQUIRE(world.until([&] { return protocols.size() > before; }));
    world.settle();
    return keeper;
  }

  MemoryWorld world;
  TlsServerContext context;
  std::shared_ptr<TlsFactory> tls;
  std::vector<std::shared_ptr<Keeper>> protocols;
  std::function<void(Keeper&)> prepare;
  std::unique_ptr<Port> port;
};

}  // namespace weft::net
