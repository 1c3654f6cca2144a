// Peers for tests of the client and the server: a server that a script plays, and what a client sees.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/net/error.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/transport.hpp>

#include <deque>
#include <functional>
#include <memory>
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
    explicit Peer(ScriptedServer& server) : server_(server) { server_.peers.push_back(this); }
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
    void dataReceived(std::string_view data) override {
      received.append(data);
      unread_.append(data);
      for (std::size_t end; (end = unread_.find("\r\n\r\n")) != std::string::npos;) {
        const std::string request = unread_.substr(0, end + 4);
        unread_.erase(0, end + 4);
        ++requests;
        ++server_.requests;
        if (server_.answer) server_.answer(*this, request);
      }
    }
    void connectionLost(const Failure&) override { lost = true; }

    ScriptedServer& server_;
    std::string unread_;
  };

  /// Listens on that port of the network until it goes.
  ScriptedServer(net::Network& network, std::uint16_t port, Answer answer = {}) : answer(std::move(answer)) {
    port_ = network.listen(port, net::factory([this]() -> std::shared_ptr<net::Protocol> {
      auto peer = std::make_shared<Peer>(*this);
      peer->number = static_cast<int>(kept_.size());
      kept_.push_back(peer);
      return peer;
    }));
  }
  /// Answers every request with this.
  ScriptedServer(net::Network& network, std::uint16_t port, std::string reply)
      : ScriptedServer(network, port, [reply = std::move(reply)](Peer& peer, const std::string&) { peer.send(reply); }) {}

  std::size_t openConnections() const {
    std::size_t open = 0;
    for (const auto& peer : kept_) open += !peer->lost;
    return open;
  }

  Answer answer;
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
