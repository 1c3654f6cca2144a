#include <weft/http/websocket/client.hpp>

#include <weft/http/websocket/internal/extension.hpp>
#include <weft/http/websocket/internal/handshake.hpp>
#include <weft/http/websocket/internal/web_socket_connection.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace weft::http {
namespace {

using detail::WebSocketSetting;

// "a, b"
std::string listOf(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

void prepare(Request& request, const WebSocketOptions& options, std::string_view key) {
  if (request.method() != "GET" || request.hasBody()) throw WebSocketUsageError("connectWebSocket(): the request must be a GET without a body");
  const std::string_view scheme = request.url.scheme();
  if (scheme == "ws") request.url.setProtocol("http");
  else if (scheme == "wss") request.url.setProtocol("https");
  else if (!request.url.isHttp()) throw UnsupportedScheme(request.url.href(), scheme);
  request.setUpgrade("websocket").setHeader("Sec-WebSocket-Key", key).setHeader("Sec-WebSocket-Version", detail::kWebSocketVersion);
  if (const std::string offer = detail::offerCompression(options.compression); !offer.empty()) request.setHeader("Sec-WebSocket-Extensions", offer);
  if (!options.protocols.empty()) request.setHeader("Sec-WebSocket-Protocol", listOf(options.protocols));
}

// RFC 6455 section 4.1, the server's response: what is wrong with it, or nothing.
std::string mistakeIn(const Headers& headers, std::string_view key, WebSocketSetting& setting) {
  if (!headers.hasToken("Upgrade", "websocket")) return "it went on with another protocol (Upgrade: " + headers.getCombined("Upgrade") + ")";
  if (!headers.hasToken("Connection", "Upgrade")) return "its Connection field does not say Upgrade";
  const auto accepts = headers.getAll("Sec-WebSocket-Accept");
  if (accepts.size() != 1 || accepts[0] != detail::acceptOf(key)) return "its Sec-WebSocket-Accept does not answer our key";
  const auto agreed = detail::agreedCompression(headers, setting.options.compression);
  if (!agreed) return "it wants an extension that was not offered so (" + headers.getCombined("Sec-WebSocket-Extensions") + ")";
  setting.compression = *agreed;
  const auto chosen = headers.getAll("Sec-WebSocket-Protocol");
  if (chosen.empty()) return {};
  const auto& offered = setting.options.protocols;
  if (chosen.size() > 1 || std::find(offered.begin(), offered.end(), chosen[0]) == offered.end())
    return "it chose a subprotocol that was not offered (" + headers.getCombined("Sec-WebSocket-Protocol") + ")";
  setting.subprotocol = chosen[0];
  return {};
}

Deferred<std::shared_ptr<WebSocket>> connect(AnyAgent& agent, Request request, std::shared_ptr<WebSocketSetting> setting) {
  const std::string key = detail::newWebSocketKey();
  const std::string url(request.url.href());
  prepare(request, setting->options, key);
  Response response = co_await agent.request(std::move(request));
  const auto transport = response.takeTransport();
  if (!transport) co_return Failure(WebSocketHandshakeError(url, response.status, "the server does not become a WebSocket, and answers " + std::to_string(response.status)));
  if (const std::string mistake = mistakeIn(response.headers, key, *setting); !mistake.empty()) {
    transport->abortConnection();
    co_return Failure(WebSocketHandshakeError(url, response.status, "the server agrees to become a WebSocket, but " + mistake));
  }
  co_return detail::makeWebSocket(transport, WebSocketRole::Client, std::move(setting));
}

}  // namespace

Deferred<std::shared_ptr<WebSocket>> connectWebSocket(AnyAgent& agent, Request request, WebSocketOptions options) {
  auto setting = std::make_shared<WebSocketSetting>();
  setting->options = std::move(options);
  return connect(agent, std::move(request), std::move(setting));
}

Deferred<std::shared_ptr<WebSocket>> connectWebSocket(AnyAgent& agent, std::string_view url, WebSocketOptions options) {
  return maybeDeferred([&] { return connectWebSocket(agent, Request("GET", url), std::move(options)); });
}

}  // namespace weft::http
