#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"

#include <weft/http/parser.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/accumulating_protocol.hpp>
#include <weft/net/tls/certificate_authority.hpp>

#include <memory>
#include <string>
#include <utility>

using namespace weft;
using namespace weft::http;
using weft::test::AgentWorld;
using weft::test::reply;
using weft::test::ScriptedServer;
using weft::test::textOf;
using Peer = ScriptedServer::Peer;

namespace {

const std::string kSwitching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

Request upgradeTo(std::string_view url) { return Request("GET", url).setUpgrade("echo"); }

/// Says 101, and the first bytes of the new protocol at once; then it echoes.
void echo(ScriptedServer& server) {
  server.answer = [](Peer& peer, const std::string&) { peer.send(kSwitching + "welcome\n"); };
  server.heard = [](Peer& peer, std::string_view data) {
    if (!data.starts_with("GET")) peer.send(data);
  };
}

}  // namespace

TEST_CASE("101 gives the connection away, with what came behind it") {      // L17
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  echo(server);
  Agent agent(world.network, AgentOptions().setMaxPerHost(1).setTotalTimeout(5).setIdleTimeout(5));
  Upgraded upgraded = world.get(agent.upgrade(upgradeTo("http://a/chat")));
  CHECK(server.peers[0]->received == "GET /chat HTTP/1.1\r\nHost: a\r\nUser-Agent: weft\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  CHECK(upgraded.response.status == 101);
  CHECK(upgraded.response.headers.get("Upgrade") == "echo");
  CHECK(upgraded.response.body.complete());
  REQUIRE(upgraded.transport);
  CHECK(agent.stats().open == 0);                      // its place is free

  net::Stream stream(std::move(upgraded.transport));
  CHECK(world.get(stream.readUntil("\n")) == "welcome\n");
  CHECK(world.get(textOf([&] {
          server.answer = [](Peer& peer, const std::string&) { peer.send(reply("other")); };
          return agent.get("http://a/");
        }())) == "other");
  world.run(100);                                      // the Agent's timeouts are over
  auto writing = stream.write("hello\n");
  CHECK(world.get(stream.readUntil("\n")) == "hello\n");
  agent.close();
  auto more = stream.write("still here\n");
  CHECK(world.get(stream.readUntil("\n")) == "still here\n");
  auto closed = stream.close();
  world.run();
  CHECK(server.openConnections() == 0);
}

TEST_CASE("an upgrade over TLS, on a connection that had served before, to a protocol") {
  AgentWorld world;
  const net::CertificateAuthority authority;
  ScriptedServer server(world.network, 443, reply("x"), net::TlsServerContext(net::CertificateOptions(authority.issue(net::CertificateDetails("a")))));
  net::TlsClientOptions tls;
  tls.trustRoot(net::trustRootFromCertificates({authority.certificate()}));
  Agent agent(world.network, AgentOptions().setTls(tls));
  world.get(agent.get("https://a/"));
  echo(server);
  Upgraded upgraded = world.get(agent.upgrade(upgradeTo("https://a/")));
  REQUIRE(upgraded.transport);
  CHECK(upgraded.response.isOfReusedConnection());
  CHECK(upgraded.transport->tlsFacts());
  const auto protocol = std::make_shared<net::AccumulatingProtocol>();
  upgraded.transport->setProtocol(protocol);
  protocol->transport().write("ping");
  world.run();
  CHECK(protocol->data == "welcome\nping");
  upgraded.transport->loseConnection();
  world.run();
  CHECK(server.openConnections() == 0);
}

TEST_CASE("a server that goes on with HTTP gives its response, and no connection") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, reply("no such protocol here", "", 426));
  Agent agent(world.network);
  Upgraded refused = world.get(agent.upgrade(upgradeTo("http://a/")));
  CHECK(!refused.transport);
  CHECK(refused.response.status == 426);
  CHECK(world.get(refused.response.text()) == "no such protocol here");
  CHECK(agent.stats().idle == 1);
}

TEST_CASE("101 that nobody asked for is an error, also on a connection that has just asked for one") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, reply("no", "", 426));
  Agent agent(world.network);
  world.get(agent.upgrade(upgradeTo("http://a/")));
  server.answer = [](Peer& peer, const std::string&) { peer.send(kSwitching + "welcome\n"); };
  const auto error = world.error<ResponseFailed>(agent.get("http://a/"));
  REQUIRE(error.reason.check<ParseError>());
  CHECK(error.reason.as<ParseError>()->problem == ParseProblem::UnexpectedUpgrade);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a connection that was given away and that nobody takes is closed") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  echo(server);
  Agent agent(world.network);
  { Upgraded dropped = world.get(agent.upgrade(upgradeTo("http://a/"))); }
  world.run();
  CHECK(server.openConnections() == 0);
  { Response kept = world.get(agent.request(upgradeTo("http://a/"))); }    // still in the response
  world.run();
  CHECK(server.openConnections() == 0);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("interim responses may come before 101, and its body never does") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Go\r\nUpgrade: echo\r\nContent-Length: 5\r\n\r\nbytes");
  Agent agent(world.network);
  Upgraded upgraded = world.get(agent.upgrade(upgradeTo("http://a/")));
  CHECK(upgraded.response.interimResponses() == 1);
  REQUIRE(upgraded.transport);
  net::Stream stream(std::move(upgraded.transport));
  CHECK(world.get(stream.readExactly(5)) == "bytes");
}

TEST_CASE("an upgrade can be cancelled, and times out, like any request") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  Agent agent(world.network, AgentOptions().setFirstByteTimeout(2));
  auto first = agent.upgrade(upgradeTo("http://a/"));
  auto second = agent.upgrade(upgradeTo("http://a/"));
  world.run(1);
  first.cancel();
  failureResultOf<CancelledError>(first);
  world.run(1.1);
  failureResultOf<FirstByteTimeout>(second);
  CHECK(agent.stats().open == 0);
}
