#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"

#include <weft/core/reactor.hpp>
#include <weft/net/error.hpp>
#include <weft/net/tcp_network.hpp>
#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/endpoint.hpp>
#include <weft/net/tls/error.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::http;
using weft::test::AgentWorld;
using weft::test::reply;
using weft::test::ScriptedServer;
using weft::test::textOf;
using Peer = ScriptedServer::Peer;
using Reason = net::CertificateError::Reason;

namespace {

const net::CertificateAuthority& authority() {
  static const net::CertificateAuthority ours("The tests' authority");
  return ours;
}

net::CertificateOptions certificateFor(const std::string& name) { return net::CertificateOptions(authority().issue(net::CertificateDetails(name))); }

net::TlsClientOptions trusting() {
  net::TlsClientOptions options;
  options.trustRoot(net::trustRootFromCertificates({authority().certificate()}));
  return options;
}

AgentOptions trustingAgent() { return AgentOptions().setTls(trusting()); }

}  // namespace

TEST_CASE("https works over any network: verified, with the host's name as SNI, and ALPN h2 and http/1.1") {      // K1, L1
  AgentWorld world;
  ScriptedServer server(world.network, 443, reply("secret"), net::TlsServerContext(certificateFor("a").acceptableProtocols({"http/1.1"})));
  Agent agent(world.network, trustingAgent());
  Response response = world.get(agent.get("https://a/path"));
  CHECK(world.get(response.text()) == "secret");
  CHECK(server.peers[0]->received == "GET /path HTTP/1.1\r\nHost: a\r\nUser-Agent: weft\r\n\r\n");
  const auto tls = response.tls();
  REQUIRE(tls);
  CHECK(tls->version() == net::TlsVersion::Tls13);
  CHECK(tls->negotiatedProtocol() == "http/1.1");
  CHECK(tls->serverName() == "a");
  CHECK(!tls->resumed());
  CHECK(tls->cipher().starts_with("TLS_"));
  CHECK(tls->peerCertificate()->commonName() == "a");
  CHECK(tls->peerCertificateChain().size() == 1);

  Response again = world.get(agent.get("https://a/path"));
  CHECK(again.tls() == tls);                           // the same connection
  CHECK(again.isOfReusedConnection());
  CHECK(agent.stats().handshakes == 1);
  agent.close();
  world.run();
  CHECK(tls->peerCertificate()->commonName() == "a");  // stays true
}

TEST_CASE("http and https are different origins, on their own ports") {
  AgentWorld world;
  ScriptedServer plain(world.network, 80, reply("plain"));
  ScriptedServer secure(world.network, 443, reply("secure"), net::TlsServerContext(certificateFor("a")));
  ScriptedServer other(world.network, 8443, reply("other"), net::TlsServerContext(certificateFor("a")));
  Agent agent(world.network, trustingAgent());
  CHECK(world.get(textOf(agent.get("http://a/"))) == "plain");
  CHECK(world.get(textOf(agent.get("https://a/"))) == "secure");
  CHECK(world.get(textOf(agent.get("https://a:8443/"))) == "other");
  CHECK(other.peers[0]->received.find("Host: a:8443\r\n") != std::string::npos);
  CHECK(agent.stats().open == 3);
  CHECK(!world.get(agent.get("http://a/")).tls());
}

TEST_CASE("a bad certificate is refused with net's error, before anything is sent") {      // K1, F17
  struct Case {
    net::CertificateOptions server;
    Reason reason;
  };
  using Details = net::CertificateDetails;
  const auto now = std::chrono::system_clock::now();
  const net::CertificateAuthority stranger("Somebody else");
  const std::vector<Case> cases{
      {certificateFor("b"), Reason::WrongHost},
      {net::CertificateOptions(stranger.issue(Details("a"))), Reason::UnknownAuthority},
      {net::CertificateOptions(net::selfSigned(Details("a"))), Reason::SelfSigned},
      {net::CertificateOptions(authority().issue(Details("a").validUntil(now - std::chrono::hours(1)).validFrom(now - std::chrono::hours(48)))), Reason::Expired},
      {net::CertificateOptions(authority().issue(Details("a").validFrom(now + std::chrono::hours(24)))), Reason::NotYetValid},
      {net::CertificateOptions(authority().issue(Details("a").purpose(Details::Purpose::Client))), Reason::BadPurpose},
  };
  for (const Case& c : cases) {
    CAPTURE(static_cast<int>(c.reason));
    AgentWorld world;
    ScriptedServer server(world.network, 443, reply("x"), net::TlsServerContext(c.server));
    Agent agent(world.network, trustingAgent());
    const auto error = world.error<net::CertificateError>(agent.get("https://a/"));
    CHECK(error.reason == c.reason);
    CHECK(error.host == "a");
    CHECK(server.requests == 0);
    CHECK(agent.stats().open == 0);
    CHECK(agent.stats().handshakes == 0);
  }
}

TEST_CASE("certificates are verified unless told otherwise, and the system's authorities are read once") {
  AgentWorld world;
  ScriptedServer server(world.network, 443, reply("x"), net::TlsServerContext(certificateFor("a")));
  Agent usual(world.network);
  Agent same(world.network);
  CHECK(world.error<net::CertificateError>(usual.get("https://a/")).reason == Reason::UnknownAuthority);
  CHECK(world.error<net::CertificateError>(same.get("https://a/")).reason == Reason::UnknownAuthority);
  CHECK(server.requests == 0);
  net::TlsClientOptions careless;
  careless.verify(false);
  Agent agent(world.network, AgentOptions().setTls(careless));
  CHECK(world.get(textOf(agent.get("https://a/"))) == "x");
}

TEST_CASE("a numeric host is verified as an address, without SNI") {
  AgentWorld world;
  world.network.addHost("numbers", *net::Address::parse("10.9.8.7", 0));
  world.network.addHost("six", *net::Address::parse("fd00::7", 0));
  ScriptedServer server(world.network, 443, reply("x"),
                        net::TlsServerContext(net::CertificateOptions(authority().issue(net::CertificateDetails("10.9.8.7").name("fd00::7")))));
  Agent agent(world.network, trustingAgent());
  CHECK(world.get(agent.get("https://10.9.8.7/")).tls()->serverName() == "");
  CHECK(world.get(agent.get("https://[fd00::7]/")).ok());
  CHECK(world.error<net::CertificateError>(agent.get("https://numbers/")).reason == Reason::WrongHost);
}

TEST_CASE("a later connection to the host goes on with the session of an earlier one") {      // K8
  AgentWorld world;
  ScriptedServer server(world.network, 443, reply("x", "Connection: close\r\n"), net::TlsServerContext(certificateFor("a").addCertificate(authority().issue(net::CertificateDetails("b")))));
  Agent agent(world.network, trustingAgent());
  for (int i = 0; i < 4; ++i) {
    const Response response = world.get(agent.get("https://a/"));
    CHECK(response.tls()->resumed() == (i > 0));
    CHECK(!response.isOfReusedConnection());
  }
  CHECK(agent.stats().handshakes == 4);
  CHECK(agent.stats().resumed == 3);
  CHECK(!world.get(agent.get("https://b/")).tls()->resumed());
  net::TlsClientOptions without = trusting();
  without.sessionResumption(false);
  Agent other(world.network, AgentOptions().setTls(without));
  for (int i = 0; i < 2; ++i) world.get(other.get("https://a/"));
  CHECK(other.stats().handshakes == 2);
  CHECK(other.stats().resumed == 0);
}

TEST_CASE("the handshake has a time of its own") {
  AgentWorld world;
  ScriptedServer silent(world.network, 443);           // takes connections, and says nothing
  Agent agent(world.network, trustingAgent().setTlsTimeout(3));
  auto response = agent.get("https://a/");
  world.run(2.9);
  assertNoResult(response);
  CHECK(agent.stats().open == 1);
  world.run(0.2);
  CHECK(failureResultOf<net::HandshakeTimeout>(response).as<net::HandshakeTimeout>()->seconds == 3);
  CHECK(agent.stats().open == 0);
  world.run();
  CHECK(silent.openConnections() == 0);
}

TEST_CASE("a server that speaks no TLS, and one that goes away, are errors of the handshake") {
  AgentWorld world;
  ScriptedServer plain(world.network, 443);
  plain.greeting = "HTTP/1.1 400 This is no TLS\r\n\r\n";
  Agent agent(world.network, trustingAgent());
  CHECK(world.error<net::NotTls>(agent.get("https://a/")).received.starts_with("HTTP/1.1"));
  ScriptedServer secure(world.network, 444, reply("x"), net::TlsServerContext(certificateFor("a")));
  world.network.setLink("b", net::MemoryLink().truncateAfter(10));
  world.error<net::HandshakeAborted>(agent.get("https://b:444/"));
  world.network.setLink("c", net::MemoryLink().resetAfter(100));
  world.error<net::ConnectionLost>(agent.get("https://c:444/"));
  CHECK(agent.stats().open == 0);
}

TEST_CASE("cancel in the middle of a handshake frees the place at once") {
  AgentWorld world;
  world.network.setLink(net::MemoryLink().latency(0.1));
  ScriptedServer server(world.network, 443, reply("x"), net::TlsServerContext(certificateFor("a")));
  Agent agent(world.network, trustingAgent());
  auto response = agent.get("https://a/");
  world.run(0.25);                                     // connected, and hello sent
  assertNoResult(response);
  response.cancel();
  CHECK(agent.stats().open == 0);
  failureResultOf<CancelledError>(response);
  world.run(1);
  CHECK(server.openConnections() == 0);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("a TLS connection that ends without close_notify cuts a body that lasts until the end") {      // F18
  AgentWorld world;
  ScriptedServer server(world.network, 443, [](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\n\r\n" + std::string(60'000, 'x'));
    peer.close();
  }, net::TlsServerContext(certificateFor("a")));
  Agent agent(world.network, trustingAgent());
  CHECK(world.get(textOf(agent.get("https://a/"))).size() == 60'000);
  world.network.setLink(net::MemoryLink().truncateAfter(40'000));
  const auto error = world.error<ResponseFailed>(textOf(agent.get("https://a/")));
  CHECK(error.reason.check<net::TlsTruncated>());
  CHECK(agent.stats().open == 0);
}

TEST_CASE("large bodies go both ways through TLS, no faster than they are read") {
  AgentWorld world;
  std::string body;
  for (std::size_t i = 0; i < 2'000'000; ++i) body.push_back(static_cast<char>('a' + i % 23));
  ScriptedServer server(world.network, 443, ScriptedServer::Answer(), net::TlsServerContext(certificateFor("a")));
  server.heard = [&](Peer& peer, std::string_view) {
    if (peer.received.ends_with(body)) peer.send(reply(body));
  };
  Agent agent(world.network, trustingAgent());
  Response response = world.get(agent.request(Request("POST", "https://a/").setBody(body)), 5);
  CHECK(!response.body.complete());
  std::string read;
  for (;;) {
    auto piece = world.get(response.body.next(), 0.01);
    if (!piece) break;
    read += *piece;
  }
  CHECK(read == body);
}

TEST_CASE("https over real sockets") {
  Reactor reactor;
  net::TcpNetwork network(reactor);
  ScriptedServer server(network, 0, reply("over the wire"), net::TlsServerContext(certificateFor("localhost")));
  Agent agent(network, trustingAgent());
  const std::string port = std::to_string(server.port());
  std::vector<std::string> texts;
  std::optional<Failure> wrong;
  const auto all = [&]() -> Deferred<> {
    for (int i = 0; i < 3; ++i) {
      Response response = co_await agent.get("https://localhost:" + port + "/");
      CHECK(response.peer().host() == "127.0.0.1");
      CHECK(response.isOfReusedConnection() == (i > 0));
      std::string text = co_await response.text();
      texts.push_back(std::move(text));
    }
    auto bad = co_await agent.get("https://127.0.0.1:" + port + "/").outcome();
    if (!bad) wrong = bad.failure();
    agent.close();
  };
  Deferred<> done = all().addBoth([&](Outcome<> outcome) {
    CHECK(outcome.ok());
    reactor.crash();
  });
  reactor.run(false);
  done.detach();
  CHECK(texts == std::vector<std::string>(3, "over the wire"));
  REQUIRE(wrong);
  CHECK(wrong->as<net::CertificateError>()->reason == Reason::WrongHost);
  CHECK(agent.stats().handshakes == 1);
}
