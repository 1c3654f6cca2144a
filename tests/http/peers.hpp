// Peers for tests of the client and the server: a server that a script plays, and what a client sees.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/net/error.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/tls/endpoint.hpp>
#include <weft/net/transport.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::test {

/// A server whose every byte is the test's. It writes down what each connection got and answers each complete request head by `answer`.
class ScriptedServer {
 public:
  class Peer;
  using Answer = std::function<void(Peer&, const std::string& request)>;

  class Peer final : public net::Protocol {
   public:
    explicit Peer(ScriptedServer& server) : server_(&server) { server.peers.push_back(this); }
    void send(std::string_view bytes) {
      if (!lost) transport().write(bytes);
    }
    void close() {
      if (!lost) transport().loseConnection();
    }
    void reset() {
      if (!lost) transport().abortConnection();
    }
    int number = 0;
    int requests = 0;
    std::string received;
    bool lost = false;
    bool peerClosed = false;

   private:
    void connectionMade() override {
      if (server_ && !server_->greeting.empty()) send(server_->greeting);
    }
    void dataReceived(std::string_view data) override {
      received.append(data);
      unread_.append(data);
      if (!server_) return;
      for (std::size_t end; (end = unread_.find("\r\n\r\n")) != std::string::npos;) {
        const std::string request = unread_.substr(0, end + 4);
        unread_.erase(0, end + 4);
        ++requests;
        ++server_->requests;
        if (server_->answer) server_->answer(*this, request);
        if (!server_) return;
      }
      if (server_->heard) server_->heard(*this, data);
    }
    void connectionLost(const Failure&) override { lost = true; }

    friend ScriptedServer;
    ScriptedServer* server_;             // null: it is gone
    std::string unread_;
  };

  /// Listens on that port of the network until it goes; with a context, for TLS.
  ScriptedServer(net::Network& network, std::uint16_t port, Answer answer = {}, std::optional<net::TlsServerContext> tls = {})
      : answer(std::move(answer)) {
    std::shared_ptr<net::Factory> factory = net::factory([this]() -> std::shared_ptr<net::Protocol> {
      auto peer = std::make_shared<Peer>(*this);
      peer->number = static_cast<int>(kept_.size());
      kept_.push_back(peer);
      return peer;
    });
    if (tls) factory = std::make_shared<net::TlsFactory>(*tls, std::move(factory));
    port_ = network.listen(port, std::move(factory));
  }
  /// Answers every request with this.
  ScriptedServer(net::Network& network, std::uint16_t port, std::string reply, std::optional<net::TlsServerContext> tls = {})
      : ScriptedServer(network, port, [reply = std::move(reply)](Peer& peer, const std::string&) { peer.send(reply); }, std::move(tls)) {}

  /// Its connections are reset.
  ~ScriptedServer() {
    for (const auto& peer : kept_) {
      peer->server_ = nullptr;
      if (peer->hasTransport()) peer->reset();
    }
  }
  ScriptedServer(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_->getHost().port(); }

  std::size_t openConnections() const {
    std::size_t open = 0;
    for (const auto& peer : kept_) open += !peer->lost;
    return open;
  }

  Answer answer;
  std::string greeting;                // sent to everybody who connects
  std::function<void(Peer&, std::string_view data)> heard;                 // of all that comes
  std::vector<Peer*> peers;            // in the order in which they came
  int requests = 0;

 private:
  std::vector<std::shared_ptr<Peer>> kept_;
  std::unique_ptr<net::Port> port_;
};

/// "HTTP/1.1 200 OK" with this body and Content-Length.
inline std::string reply(std::string_view body, std::string_view fields = {}, int status = 200) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

}  // namespace weft::test
