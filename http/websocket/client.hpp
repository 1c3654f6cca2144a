// connectWebSocket: a WebSocket to a server.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/request.hpp>
#include <weft/http/websocket/options.hpp>
#include <weft/http/websocket/web_socket.hpp>

#include <memory>
#include <string_view>

namespace weft::http {

/// Opens a WebSocket: ws://, or wss:// over TLS.
///
///     auto socket = co_await connectWebSocket(agent, "wss://example.com/feed");
///     co_await socket->send("hello");
///     while (auto message = co_await socket->receive()) use(message->data);
///
/// Goes through the agent: its TLS, its proxies, its time limits for the answer, and, where it is a layer around one, its redirects, cookies and logins. The connection then
/// counts no longer among the agent's, and may outlive it. Offers the subprotocols and the compression of the options.
///
/// Errors: those of Agent::request(), UrlError, UnsupportedScheme; WebSocketHandshakeError when the server does not agree, or not as it must. cancel: as of Agent::request().
/// The agent must outlive the wait.
Deferred<std::shared_ptr<WebSocket>> connectWebSocket(AnyAgent& agent, std::string_view url, WebSocketOptions options = WebSocketOptions());
/// The same with fields of your own: Origin, Authorization, Cookie. A GET without a body, else WebSocketUsageError.
Deferred<std::shared_ptr<WebSocket>> connectWebSocket(AnyAgent& agent, Request request, WebSocketOptions options = WebSocketOptions());

}  // namespace weft::http
