// webSocketHandler, webSocketFactory, webSocketResponse: WebSockets at a server.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>
#include <weft/http/server/handler.hpp>
#include <weft/http/websocket/options.hpp>
#include <weft/http/websocket/web_socket.hpp>
#include <weft/http/websocket/web_socket_protocol.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

namespace weft::http {

/// What is done with one WebSocket. When it has fired, the WebSocket is closed with 1000, or, after an error, which is logged, with 1011; WebSocketClosed and WebSocketProtocolError, the peer's
/// doing, are logged at level Debug. It is not cancelled when the peer goes: receive() says so, and WebSocket::whenClosed().
using WebSocketServe = std::function<Deferred<>(std::shared_ptr<WebSocket>, Request)>;

/// A handler for a Router, a Resource or a Site, which makes a WebSocket of each request for one.
///
///     router.get("/echo", webSocketHandler([](std::shared_ptr<WebSocket> socket) -> Deferred<> {
///       while (auto message = co_await socket->receive()) co_await socket->send(*message);
///     }));
///
/// Checks the handshake (RFC 6455 section 4.2): 405 for another method than GET; 426 for a request that asks for no WebSocket, or for another version than 13; 403 for a page of another
/// origin (WebSocketOptions::originCheck); 400 for whatever is malformed. Takes the first of the client's subprotocols that WebSocketOptions::protocols has, and none if there is none.
///
/// `serve` takes the WebSocket, and the Request if it wants it; a lambda's captures live as long as its runs. Connections share one copy of the options.
Handler webSocketHandler(WebSocketServe serve, WebSocketOptions options = WebSocketOptions());
template <class F>
  requires std::invocable<F&, std::shared_ptr<WebSocket>>
Handler webSocketHandler(F serve, WebSocketOptions options = WebSocketOptions()) {
  return webSocketHandler(WebSocketServe([serve = std::move(serve)](std::shared_ptr<WebSocket> socket, Request) mutable { return serve(std::move(socket)); }), std::move(options));
}

/// The same in Twisted's manner: `make` gives each connection its WebSocketProtocol. What it throws is logged and closes with 1011.
///
///     router.get("/echo", webSocketFactory([](const Request&) { return std::make_shared<Echo>(); }));
Handler webSocketFactory(std::function<std::shared_ptr<WebSocketProtocol>(const Request&)> make, WebSocketOptions options = WebSocketOptions());

/// The same as an answer, for a handler that first looks at the request itself.
///
///     Deferred<Response> feed(Request request) {
///       if (!mayRead(request)) co_return errorResponse(403);
///       co_return webSocketResponse(std::move(request), serveFeed);
///     }
Response webSocketResponse(Request request, WebSocketServe serve, WebSocketOptions options = WebSocketOptions());
template <class F>
  requires std::invocable<F&, std::shared_ptr<WebSocket>>
Response webSocketResponse(Request request, F serve, WebSocketOptions options = WebSocketOptions()) {
  return webSocketResponse(std::move(request), WebSocketServe([serve = std::move(serve)](std::shared_ptr<WebSocket> socket, Request) mutable { return serve(std::move(socket)); }),
                           std::move(options));
}

}  // namespace weft::http
