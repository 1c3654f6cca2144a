#include <weft/http/websocket/client.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"
#include "http/client/world.hpp"
#include "http/websocket/frames.hpp"

#include <weft/http/client/redirect_agent.hpp>
#include <weft/http/server/site.hpp>
#include <weft/http/websocket/internal/handshake.hpp>
#include <weft/http/websocket/server.hpp>
#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/endpoint.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using test::AgentWorld;
using test::fieldOf;
using test::ScriptedServer;
using Peer = ScriptedServer::Peer;

namespace {

Deferred<> echo(std::shared_ptr<WebSocket> socket) {
  while (auto message = co_await socket->receive()) co_await socket->send(*message);
}

/// The right answer to a request, but for what is replaced.
std::string agreement(const std::string& request, std::string_view replaced = {}, std::string_view by = {}) {
  std::string answer = "HTTP/1.1 101 Go\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: " + http::detail::acceptOf(fieldOf(request, "Sec-WebSocket-Key")) + "\r\n";
  if (const auto at = answer.find(replaced); !replaced.empty()) answer.replace(at, answer.find("\r\n", at) + 2 - at, by);
  return answer + "\r\n";
}

}  // namespace

TEST_CASE("a client opens a WebSocket with a Site, talks, and its place in the pool is free") {
  AgentWorld world;
  auto site = std::make_shared<Site>(webSocketHandler(echo, WebSocketOptions().addProtocol("talk")));
  const auto port = world.network.listen(80, site);
  Agent agent(world.network);
  auto socket = world.get(connectWebSocket(agent, "ws://a/chat", WebSocketOptions().addProtocol("other").addProtocol("talk")));
  CHECK(agent.stats().open == 0);
  CHECK(socket->subprotocol() == "talk");
  CHECK(socket->compresses());
  const std::string text(5000, 'x');
  auto sending = socket->send(text);
  CHECK(world.get(socket->receive())->data == text);
  successResultOf(sending);
  agent.close();                                       // the WebSocket goes on without it
  socket->write("still here");
  CHECK(world.get(socket->receive())->data == "still here");
  auto closing = socket->close();
  world.run(1);
  successResultOf(closing);
  CHECK(socket->closeCode() == 1000);
  CHECK(world.network.openConnections() == 0);
}

TEST_CASE("wss is TLS") {
  AgentWorld world;
  const net::CertificateAuthority authority;
  auto site = std::make_shared<Site>(webSocketHandler(echo));
  const auto port = world.network.listen(443, std::make_shared<net::TlsFactory>(net::TlsServerContext(net::CertificateOptions(authority.issue(net::CertificateDetails("a")))), site));
  net::TlsClientOptions tls;
  tls.trustRoot(net::trustRootFromCertificates({authority.certificate()}));
  Agent agent(world.network, AgentOptions().setTls(tls));
  auto socket = world.get(connectWebSocket(agent, "wss://a/"));
  CHECK(socket->transport()->tlsFacts());
  socket->write("secret");
  CHECK(world.get(socket->receive())->data == "secret");
  auto closing = socket->close();
  world.run(1);
  successResultOf(closing);
  CHECK(world.network.openConnections() == 0);
}

TEST_CASE("the request says what RFC 6455 section 4.1 wants, and the caller's own fields") {
  AgentWorld world;
  std::vector<std::string> requests;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    requests.push_back(request);
    peer.send(agreement(request) + test::frame(0x81, "first", false));
  });
  Agent agent(world.network);
  Request request("GET", "ws://a/chat?room=1");
  request.setHeader("Origin", "http://page.example");
  auto socket = world.get(connectWebSocket(agent, std::move(request), WebSocketOptions().addProtocol("x").addProtocol("y")));
  CHECK(world.get(socket->receive())->data == "first");      // it came with the response
  CHECK(!socket->compresses());
  const std::string sent = requests.at(0);
  CHECK(sent.starts_with("GET /chat?room=1 HTTP/1.1\r\n"));
  CHECK(fieldOf(sent, "Host") == "a");
  CHECK(fieldOf(sent, "Upgrade") == "websocket");
  CHECK(fieldOf(sent, "Connection") == "Upgrade");
  CHECK(fieldOf(sent, "Sec-WebSocket-Version") == "13");
  CHECK(fieldOf(sent, "Sec-WebSocket-Protocol") == "x, y");
  CHECK(fieldOf(sent, "Origin") == "http://page.example");
  CHECK(fieldOf(sent, "Sec-WebSocket-Extensions").starts_with("permessage-deflate"));
  CHECK(http::detail::isWebSocketKey(fieldOf(sent, "Sec-WebSocket-Key")));
  auto other = world.get(connectWebSocket(agent, "http://a/", WebSocketOptions().setCompression(WebSocketCompression().setEnabled(false))));
  CHECK(fieldOf(requests.at(1), "Sec-WebSocket-Key") != fieldOf(sent, "Sec-WebSocket-Key"));
  CHECK(fieldOf(requests.at(1), "Sec-WebSocket-Extensions") == "(none)");
}

TEST_CASE("an answer that does not agree, or not as it must, is an error, and the connection is closed") {
  AgentWorld world;
  std::string answer;
  std::string replaced, by;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) { peer.send(answer.empty() ? agreement(request, replaced, by) : answer); });
  Agent agent(world.network);
  const auto error = [&](std::string_view what, std::string_view instead) {
    replaced = what;
    by = instead;
    const auto wrong = world.error<WebSocketHandshakeError>(connectWebSocket(agent, "ws://a/x"));
    CHECK(wrong.status == 101);
    CHECK(wrong.url == "ws://a/x");
    CHECK(server.openConnections() == 0);
    return std::string(wrong.what());
  };
  CHECK(error("Sec-WebSocket-Accept", "").find("does not answer our key") != std::string::npos);
  CHECK(error("Sec-WebSocket-Accept", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n").find("does not answer our key") != std::string::npos);
  CHECK(error("Upgrade: WebSocket", "Upgrade: h2c\r\n").find("another protocol") != std::string::npos);
  CHECK(error("Connection:", "Connection: close\r\n").find("Connection") != std::string::npos);
  CHECK(error("Connection:", "Connection: Upgrade\r\nSec-WebSocket-Extensions: x-snappy\r\n").find("x-snappy") != std::string::npos);
  CHECK(error("Connection:", "Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n").find("permessage-deflate") != std::string::npos);
  CHECK(error("Connection:", "Connection: Upgrade\r\nSec-WebSocket-Protocol: chat\r\n").find("chat") != std::string::npos);

  answer = test::reply("no", "", 403);
  const auto refused = world.error<WebSocketHandshakeError>(connectWebSocket(agent, "ws://a/"));
  CHECK(refused.status == 403);
  CHECK(std::string(refused.what()) == "opening a WebSocket to ws://a/: the server does not become a WebSocket, and answers 403");
}

TEST_CASE("what cannot be asked for is an error of its own") {
  AgentWorld world;
  Agent agent(world.network);
  failureResultOf<UrlError>(connectWebSocket(agent, "ws://"));
  failureResultOf<UnsupportedScheme>(connectWebSocket(agent, "ftp://a/"));
  failureResultOf<WebSocketUsageError>(connectWebSocket(agent, Request("POST", "ws://a/")));
  world.error<net::ConnectionRefused>(connectWebSocket(agent, "ws://a/"));
}

TEST_CASE("opening can be cancelled, and takes no longer than the agent allows") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  Agent agent(world.network, AgentOptions().setFirstByteTimeout(2));
  auto first = connectWebSocket(agent, "ws://a/");
  auto second = connectWebSocket(agent, "ws://a/");
  world.run(1);
  first.cancel();
  failureResultOf<CancelledError>(first);
  world.run(1.1);
  failureResultOf<FirstByteTimeout>(second);
  CHECK(server.openConnections() == 0);
}

TEST_CASE("layers around the agent work for WebSockets, too: a redirect is followed") {
  AgentWorld world;
  auto site = std::make_shared<Site>(webSocketHandler(echo));
  const auto port = world.network.listen(8080, site);
  ScriptedServer server(world.network, 80, test::redirectTo("http://b:8080/there"));
  Agent agent(world.network);
  RedirectAgent redirects(agent, world.clock);
  auto socket = world.get(connectWebSocket(redirects, "ws://a/"));
  socket->write("hi");
  CHECK(world.get(socket->receive())->data == "hi");
}
