// Two WebSockets on a network in memory, and one whose peer is the test.
#pragma once

#include "http/websocket/frames.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/websocket/internal/web_socket_connection.hpp>
#include <weft/http/websocket/web_socket.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::test {

inline std::shared_ptr<const http::detail::WebSocketSetting> settingOf(const http::WebSocketOptions& options, bool compressed = false) {
  auto setting = std::make_shared<http::detail::WebSocketSetting>();
  setting->options = options;
  setting->compression.agreed = compressed;
  setting->compression.sendKeepsContext = setting->compression.receiveKeepsContext = options.compression.keepContext;
  return setting;
}

/// A server's protocol that becomes a WebSocket at once.
class Becomes final : public net::Protocol {
 public:
  using Made = std::function<void(std::shared_ptr<http::WebSocket>)>;
  Becomes(std::shared_ptr<const http::detail::WebSocketSetting> setting, Made made) : setting_(std::move(setting)), made_(std::move(made)) {}

 private:
  void connectionMade() override {
    const auto made = made_;
    made(http::detail::makeWebSocket(transport().shared_from_this(), http::WebSocketRole::Server, setting_));
  }
  void dataReceived(std::string_view) override {}

  std::shared_ptr<const http::detail::WebSocketSetting> setting_;
  Made made_;
};

struct WebSocketWorld {
  explicit WebSocketWorld(const http::WebSocketOptions& options = {}, const net::MemoryLink& link = {}, bool compressed = false) {
    network.setLink(link);
    port = network.listen(80, net::factory([this, options, compressed] {
      return std::make_shared<Becomes>(settingOf(options, compressed), [this](std::shared_ptr<http::WebSocket> socket) { server = std::move(socket); });
    }));
    auto connecting = network.connect("localhost", 80);
    clock.play(5);
    client = http::detail::makeWebSocket(successResultOf(connecting), http::WebSocketRole::Client, settingOf(options, compressed));
    clock.play(0);
  }
  void run(double seconds = 0.001) { clock.play(seconds); }
  template <class T> T get(Deferred<T> deferred, double seconds = 1) {
    run(seconds);
    return successResultOf(deferred);
  }
  template <class E, class T> E error(Deferred<T> deferred, double seconds = 1) {
    run(seconds);
    const Failure failure = failureResultOf<E>(deferred);
    return *failure.as<E>();
  }
  /// The next text at that end.
  std::string text(http::WebSocket& socket) {
    const auto message = get(socket.receive());
    if (!message) return "(the end)";
    return message->isText() ? message->data : "(binary) " + message->data;
  }

  ManualClock clock;
  net::MemoryNetwork network{clock, 1};
  std::unique_ptr<net::Port> port;
  std::shared_ptr<http::WebSocket> server, client;
};

/// A server whose client is the test, byte by byte.
struct PlayedClient {
  explicit PlayedClient(const http::WebSocketOptions& options = {}, http::WebSocketRole role = http::WebSocketRole::Server)
      : socket(http::detail::makeWebSocket(transport, role, settingOf(options))) {}
  template <class E> E error() {
    auto receiving = socket->receive();
    const Failure failure = failureResultOf<E>(receiving);
    return *failure.as<E>();
  }

  ManualClock clock;
  std::shared_ptr<net::StringTransport> transport = std::make_shared<net::StringTransport>(clock);
  std::shared_ptr<http::WebSocket> socket;
};

}  // namespace weft::test
