// What stands behind a WebSocket.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/websocket/internal/deflate.hpp>
#include <weft/http/websocket/internal/frame.hpp>
#include <weft/http/websocket/internal/message_reader.hpp>
#include <weft/http/websocket/web_socket.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http::detail {

/// What is the same for many connections, or rarely used.
struct WebSocketSetting {
  WebSocketOptions options;
  Compression compression;
  std::string subprotocol;
};

/// The protocol of a connection that has become a WebSocket. Held by the transport until the connection has ended, and by the WebSocket.
///
///     Open ──close()──> CloseSent ──the peer's Close──┐
///      │ the peer's Close (answered), or a mistake    ├──> Finishing ──the connection ends──> Ended
///      └──────────────────────────────────────────────┘
class WebSocketConnection final : public net::Protocol, public std::enable_shared_from_this<WebSocketConnection> {
 public:
  WebSocketConnection(WebSocketRole role, std::shared_ptr<const WebSocketSetting> setting);
  ~WebSocketConnection() override;

  Deferred<std::optional<WebSocketMessage>> receive();
  void setProtocol(std::shared_ptr<WebSocketProtocol> protocol, std::shared_ptr<WebSocket> socket);
  void setPaused(bool paused);
  Deferred<> send(std::string_view data, WebSocketKind kind);
  void write(std::string_view data, WebSocketKind kind);
  Deferred<std::chrono::nanoseconds> ping();
  Deferred<> close(int code, std::string_view reason);
  Deferred<> whenClosed();
  void abort();
  /// Nobody has the WebSocket any more.
  void abandon() noexcept;

  bool open() const noexcept { return state_ == State::Open; }
  int closeCode() const noexcept { return closeCode_; }
  const std::string& closeReason() const noexcept;
  const WebSocketSetting& setting() const noexcept { return *setting_; }

  // Protocol
  void connectionMade() override;
  void dataReceived(std::string_view data) override;
  void connectionLost(const Failure& reason) override;

 private:
  enum class State : std::uint8_t { Open, CloseSent, Finishing, Ended };
  using Received = std::optional<WebSocketMessage>;

  struct Pinged {
    std::uint32_t number;
    std::chrono::nanoseconds at;
    Trigger<std::chrono::nanoseconds> trigger;
  };
  /// What most connections never need, or not before their end.
  struct Rare {
    std::string closeReason;
    std::vector<Trigger<>> closing;
    std::vector<Pinged> pings;
    std::optional<std::string> pong;                   // of the last ping, while the peer takes nothing
  };
  Rare& rare() {
    if (!rare_) rare_ = std::make_unique<Rare>();
    return *rare_;
  }

  void process(std::string_view data);
  void handle(MessageReader::Event event);
  void messageReceived();
  void answerPing(std::string_view payload);
  void pongReceived(std::string_view payload);
  void closeReceived();
  bool mustStop() const noexcept;
  void goOn();

  void sendMessage(std::string_view data, WebSocketKind kind);
  void sendInFrames(std::string_view data, WebSocketKind kind, bool compressed);
  void sendFrame(Opcode opcode, bool final, bool compressed, std::string_view payload);
  void sendClose(int code, std::string_view reason);
  void sendPing();
  void flushGathered();

  void breakOff(int code, Failure failure);
  void finish(int code, std::string_view reason, Failure failure);
  void settle();
  Failure closedError() const;
  template <class F> void callProtocol(const char* what, F call);

  std::chrono::nanoseconds now() const noexcept { return transport().clock().now(); }
  std::chrono::nanoseconds deadline() const noexcept;
  void arm();
  void checkTime();

  const std::shared_ptr<const WebSocketSetting> setting_;
  MessageReader reader_;
  std::unique_ptr<MessageDeflater> deflater_;
  std::shared_ptr<WebSocketProtocol> protocol_;
  Trigger<Received> receiver_;
  std::vector<WebSocketMessage> queue_;                // from queueAt_ on
  std::uint32_t queueAt_ = 0;
  std::uint32_t pingNumber_ = 0;
  std::size_t queuedBytes_ = 0;
  std::string* gathered_ = nullptr;                    // while what has come is processed: frames that are sent go there first, so that one write takes them all
  std::unique_ptr<Rare> rare_;
  Failure failure_{nullptr};                           // what receive() ends with; nothing: nullopt
  std::chrono::nanoseconds since_{0};                  // of Open: the last byte; else when that state began
  std::chrono::nanoseconds pingedAt_{0};
  DelayedCall timer_;
  std::uint16_t closeCode_ = 0;
  const WebSocketRole role_;
  State state_ = State::Open;
  bool paused_ = false;                                // the transport's reading
  bool userPaused_ = false;
  bool awaitsPong_ = false;
  bool processing_ = false;
};

/// Makes a WebSocket of a connection after the handshake.
std::shared_ptr<WebSocket> makeWebSocket(const std::shared_ptr<net::Transport>& transport, WebSocketRole role, std::shared_ptr<const WebSocketSetting> setting);

}  // namespace weft::http::detail
