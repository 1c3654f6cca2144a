#include <weft/http/websocket/web_socket.hpp>

#include <weft/http/websocket/internal/web_socket_connection.hpp>
#include <weft/http/websocket/web_socket_protocol.hpp>

#include <utility>

namespace weft::http {

std::shared_ptr<WebSocket> detail::makeWebSocket(const std::shared_ptr<net::Transport>& transport, WebSocketRole role, std::shared_ptr<const WebSocketSetting> setting) {
  auto connection = std::make_shared<WebSocketConnection>(role, std::move(setting));
  auto socket = std::make_shared<WebSocket>(connection);
  transport->setProtocol(std::move(connection));
  return socket;
}

std::shared_ptr<WebSocket> WebSocket::over(const std::shared_ptr<net::Transport>& transport, WebSocketRole role, WebSocketOptions options) {
  auto setting = std::make_shared<detail::WebSocketSetting>();
  setting->options = std::move(options);
  return detail::makeWebSocket(transport, role, std::move(setting));
}

WebSocket::WebSocket(std::shared_ptr<detail::WebSocketConnection> connection) noexcept : connection_(std::move(connection)) {}

WebSocket::~WebSocket() { connection_->abandon(); }

Deferred<std::optional<WebSocketMessage>> WebSocket::receive() { return connection_->receive(); }
void WebSocket::setProtocol(std::shared_ptr<WebSocketProtocol> protocol) { connection_->setProtocol(std::move(protocol), shared_from_this()); }
void WebSocket::pauseReading() { connection_->setPaused(true); }
void WebSocket::resumeReading() { connection_->setPaused(false); }

Deferred<> WebSocket::send(std::string_view text) { return connection_->send(text, WebSocketKind::Text); }
Deferred<> WebSocket::send(const WebSocketMessage& message) { return connection_->send(message.data, message.kind); }
Deferred<> WebSocket::sendBinary(std::string_view bytes) { return connection_->send(bytes, WebSocketKind::Binary); }
void WebSocket::write(std::string_view data, WebSocketKind kind) { connection_->write(data, kind); }
std::size_t WebSocket::buffered() const noexcept { return connection_->hasTransport() ? connection_->transport().buffered() : 0; }
Deferred<std::chrono::nanoseconds> WebSocket::ping() { return connection_->ping(); }

Deferred<> WebSocket::close(int code, std::string_view reason) { return connection_->close(code, reason); }
Deferred<> WebSocket::whenClosed() { return connection_->whenClosed(); }
void WebSocket::abort() { connection_->abort(); }
bool WebSocket::connected() const noexcept { return connection_->open(); }
int WebSocket::closeCode() const noexcept { return connection_->closeCode(); }
const std::string& WebSocket::closeReason() const noexcept { return connection_->closeReason(); }

const std::string& WebSocket::subprotocol() const noexcept { return connection_->setting().subprotocol; }
bool WebSocket::compresses() const noexcept { return connection_->setting().compression.agreed; }
net::Transport* WebSocket::transport() const noexcept { return connection_->hasTransport() ? &connection_->transport() : nullptr; }

}  // namespace weft::http
