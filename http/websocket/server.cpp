#include <weft/http/websocket/server.hpp>

#include <weft/core/log.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/http/url.hpp>
#include <weft/http/websocket/internal/extension.hpp>
#include <weft/http/websocket/internal/handshake.hpp>
#include <weft/http/websocket/internal/web_socket_connection.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace weft::http {
namespace {

using detail::Compression;
using detail::WebSocketSetting;

/// What the connections of one handler share.
class Serving {
 public:
  Serving(WebSocketServe serve, WebSocketOptions options) : serve(std::move(serve)), options(std::move(options)) {}

  const WebSocketServe serve;
  const WebSocketOptions options;

  /// Most connections agree upon the same.
  std::shared_ptr<const WebSocketSetting> settingOf(const Compression& compression, std::string_view subprotocol) {
    for (const auto& known : settings_)
      if (known->compression == compression && known->subprotocol == subprotocol) return known;
    auto setting = std::make_shared<WebSocketSetting>();
    setting->options = options;
    setting->compression = compression;
    setting->subprotocol = subprotocol;
    if (settings_.size() < kKnown) settings_.push_back(setting);
    return setting;
  }

 private:
  static constexpr std::size_t kKnown = 16;
  std::vector<std::shared_ptr<const WebSocketSetting>> settings_;
};

// A page of the same host and port: section 10.2.
bool isSameOrigin(std::string_view origin, const Request& request) {
  const auto page = Url::tryParse(origin);
  return page && page->hasHost() && equalIgnoringCase(page->hostAndPort(), request.headers.get("Host", ""));
}

Response refusal(int status, std::string_view why) { return Response(status, std::string(why).append("\n"), "text/plain; charset=utf-8"); }

Response answer(Request request, const std::shared_ptr<Serving>& serving) {
  const Headers& headers = request.headers;
  const WebSocketOptions& options = serving->options;
  if (request.method() != "GET") return refusal(405, "A WebSocket is opened by GET.").setHeader("Allow", "GET");
  if (request.majorVersion != 1 || request.minorVersion < 1) return refusal(400, "A WebSocket is opened over HTTP/1.1.");
  if (!headers.hasToken("Upgrade", "websocket") || !headers.hasToken("Connection", "Upgrade"))
    return refusal(426, "This is the place of a WebSocket.").setHeader("Upgrade", "websocket").setHeader("Sec-WebSocket-Version", detail::kWebSocketVersion);
  if (const auto versions = headers.getAll("Sec-WebSocket-Version"); versions.size() != 1 || versions[0] != detail::kWebSocketVersion)
    return refusal(versions.size() == 1 ? 426 : 400, "WebSockets of version 13 are spoken here.").setHeader("Upgrade", "websocket").setHeader("Sec-WebSocket-Version", detail::kWebSocketVersion);
  const auto keys = headers.getAll("Sec-WebSocket-Key");
  if (keys.size() != 1 || !detail::isWebSocketKey(keys[0])) return refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64.");
  const auto offered = detail::parseSubprotocols(headers.getCombined("Sec-WebSocket-Protocol"));
  if (!offered) return refusal(400, "Sec-WebSocket-Protocol must be a list of different names.");
  const auto compression = detail::acceptCompression(headers, options.compression);
  if (!compression) return refusal(400, "Sec-WebSocket-Extensions is malformed.");
  if (request.hasBody()) return refusal(400, "A request for a WebSocket has no body.");
  if (const auto origins = headers.getAll("Origin"); !origins.empty()) {
    if (origins.size() > 1) return refusal(400, "There is more than one Origin.");
    if (!(options.originCheck ? options.originCheck(origins[0], request) : isSameOrigin(origins[0], request))) return refusal(403, "Pages of this origin may not use the WebSocket.");
  }
  std::string subprotocol;
  for (const std::string& name : *offered) {
    if (std::find(options.protocols.begin(), options.protocols.end(), name) == options.protocols.end()) continue;
    subprotocol = name;
    break;
  }
  Response response;
  if (!compression->field.empty()) response.setHeader("Sec-WebSocket-Extensions", compression->field);
  if (!subprotocol.empty()) response.setHeader("Sec-WebSocket-Protocol", subprotocol);
  response.setHeader("Sec-WebSocket-Accept", detail::acceptOf(keys[0]));
  auto setting = serving->settingOf(compression->compression, subprotocol);
  response.setUpgrade("websocket", [serving, setting = std::move(setting), request = std::move(request)](std::shared_ptr<net::Transport> transport) mutable {
    auto socket = detail::makeWebSocket(transport, WebSocketRole::Server, std::move(setting));
    maybeDeferred(serving->serve, socket, std::move(request))
        .addBoth([serving, socket](Outcome<> outcome) {
          if (outcome) return socket->close(1000).detach();
          const bool ofPeer = outcome.failure().check<WebSocketClosed, WebSocketProtocolError>();
          if (ofPeer) kWebSocketLog.debug("serving a WebSocket: ", outcome.failure());
          else kWebSocketLog.failure(outcome.failure(), "serving a WebSocket");
          socket->close(1011).detach();
        })
        .detach();
  });
  return response;
}

}  // namespace

Handler webSocketHandler(WebSocketServe serve, WebSocketOptions options) {
  return [serving = std::make_shared<Serving>(std::move(serve), std::move(options))](Request request) { return succeed(answer(std::move(request), serving)); };
}

Handler webSocketFactory(std::function<std::shared_ptr<WebSocketProtocol>(const Request&)> make, WebSocketOptions options) {
  return webSocketHandler(WebSocketServe([make = std::move(make)](std::shared_ptr<WebSocket> socket, Request request) {
                            socket->setProtocol(make(request));
                            return socket->whenClosed();
                          }),
                          std::move(options));
}

Response webSocketResponse(Request request, WebSocketServe serve, WebSocketOptions options) {
  return answer(std::move(request), std::make_shared<Serving>(std::move(serve), std::move(options)));
}

}  // namespace weft::http
