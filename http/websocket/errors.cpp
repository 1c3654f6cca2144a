#include <weft/http/websocket/errors.hpp>

#include <weft/core/internal/text.hpp>

#include <utility>

namespace weft::http {
namespace {

std::string closedText(int code, std::string_view reason, const Failure& cause) {
  std::string text = "the WebSocket is closed (";
  text += code == 1005 ? "no code" : code == 1006 ? "the connection broke" : std::to_string(code);
  text += ')';
  if (!reason.empty()) text.append(": ").append(reason);
  if (cause.exception()) text.append(": ").append(cause.what());
  return text;
}

}  // namespace

WebSocketClosed::WebSocketClosed(int code, std::string_view reason, Failure cause)
    : WebSocketError(closedText(code, reason, cause)), code(code), reason(reason), cause(std::move(cause)) {}

WebSocketProtocolError::WebSocketProtocolError(int code, std::string_view what)
    : WebSocketError("the WebSocket's peer: " + std::string(what) + " (close code " + std::to_string(code) + ")"), code(code) {}

WebSocketTimeout::WebSocketTimeout(std::string_view what, double seconds)
    : WebSocketError("the WebSocket's peer has not answered " + std::string(what) + " in " + weft::detail::plainNumber(seconds) + " s"), seconds(seconds) {}

WebSocketHandshakeError::WebSocketHandshakeError(std::string_view url, int status, std::string_view what)
    : WebSocketError("opening a WebSocket to " + std::string(url.substr(0, 200)) + (url.size() > 200 ? "…: " : ": ") + std::string(what)), url(url), status(status) {}

}  // namespace weft::http
