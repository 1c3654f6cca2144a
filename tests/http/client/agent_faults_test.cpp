// An Agent on a network that breaks, at random and at every single operation: each request ends, and nothing is left.
#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"
#include "support/random.hpp"
#include "support/scale.hpp"

#include <weft/defer/defer_later.hpp>
#include <weft/net/testing/failing_network.hpp>
#include <weft/net/tls/certificate_authority.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using weft::net::MemoryLink;
using weft::net::MemoryNetwork;
using weft::test::Random;
using weft::test::reply;
using weft::test::ScriptedServer;
using weft::test::textOf;
using Peer = ScriptedServer::Peer;

namespace {

const net::CertificateAuthority& authority() {
  static const net::CertificateAuthority ours;
  return ours;
}

net::TlsServerContext serverContext() {
  static const net::TlsServerContext context(net::CertificateOptions(authority().issue(net::CertificateDetails("*.test").name("localhost").name("a").name("b").name("c"))));
  return context;
}

AgentOptions trusting() {
  net::TlsClientOptions tls;
  tls.trustRoot(net::trustRootFromCertificates({authority().certificate()}));
  return AgentOptions().setTls(tls);
}

MemoryLink badLink(Random& random) {
  MemoryLink link;
  link.latency(0.01).jitter(0.02).chunks(1, 1 + random(300));
  switch (random(9)) {
    case 0: link.resetAfter(random(3000)); break;
    case 1: link.truncateAfter(random(3000)); break;
    case 2: link.stallAfter(random(3000)); break;
    case 3: link.refused(); break;
    case 4: link.silent(); break;
    case 5: link.resetAfter(random(3000), MemoryLink::Direction::ToServer); break;
    case 6: link.stallAfter(random(1000), MemoryLink::Direction::ToServer); break;
    default: break;
  }
  return link;
}

void answerBadly(Peer& peer, Random& random) {
  switch (random(9)) {
    case 0: peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: y\r\n\r\n"); break;
    case 1: peer.send("HTTP/1.1 200 OK\r\n\r\nuntil close"), peer.close(); break;
    case 2: peer.send(reply("bye", "Connection: close\r\n")), peer.close(); break;
    case 3: peer.send("HTTP/1.1 100 Continue\r\n\r\n" + reply("asked")); break;
    case 4: peer.send(reply("too large", "", 413)); break;
    case 5: break;
    default: peer.send(reply(std::string(random(3000), 'x')));
  }
}

AsyncGenerator<std::string> pieces(Clock& clock, int count) {
  for (int i = 0; i < count; ++i) {
    auto waiting = deferLater(clock, 0.02);
    co_await waiting;
    std::string piece(500, 'p');
    co_yield std::move(piece);
  }
}

Request someRequest(Random& random, Clock& clock, const std::string& url) {
  switch (random(6)) {
    case 0: return Request("POST", url).setBodyChunks(pieces(clock, 5));
    case 1: return Request("PUT", url).setBodyChunks([&clock] { return pieces(clock, 5); }, 2500);
    case 2: return Request("PUT", url).setBody(std::string(1000, 'b')).setExpectContinue();
    case 3: return Request("GET", url).setUpgrade("nothing");
    default: return Request("GET", url);
  }
}

/// All of the body, a piece of it, or nothing.
Deferred<std::string> someUse(Deferred<Response> pending, std::uint64_t how) {
  Response response = co_await pending;
  if (how == 0) co_return "";
  if (how > 1) co_return co_await response.text();
  auto piece = co_await response.body.next();
  co_return piece.value_or("");
}

}  // namespace

TEST_CASE("whatever the network does, every request ends and the pool's counts return to zero") {
  for (std::uint64_t seed = 1; seed <= weft::test::seeds(1000); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    ManualClock clock;
    MemoryNetwork network(clock, seed);
    for (const char* name : {"a", "b", "c"}) network.addHost(name);
    network.setLinks([&](const std::string&, std::uint16_t, std::uint64_t) -> std::optional<MemoryLink> { return badLink(random); });
    const auto answer = [&](Peer& peer, const std::string&) { answerBadly(peer, random); };
    ScriptedServer plain(network, 80, answer);
    ScriptedServer secure(network, 443, answer, serverContext());
    Agent agent(network, trusting()
                             .setMaxPerHost(2)
                             .setMaxTotal(3)
                             .setConnectTimeout(3)
                             .setTlsTimeout(3)
                             .setFirstByteTimeout(4)
                             .setIdleTimeout(4)
                             .setTotalTimeout(20));
    int ended = 0;
    std::vector<Deferred<>> pending;
    constexpr int kRequests = 20;
    for (int i = 0; i < kRequests; ++i) {
      const std::string url = (random(4) == 0 ? "https://" : "http://") + std::string(1, static_cast<char>('a' + random(3))) + "/" + std::to_string(i);
      auto text = someUse(agent.request(someRequest(random, clock, url)), random(5));
      pending.push_back(std::move(text).addBoth([&ended](Outcome<std::string> outcome) {
        ++ended;
        if (outcome) return;
        const bool known = outcome.failure().check<RequestError, net::Error, CancelledError>();
        CHECK_MESSAGE(known, outcome.failure().what());
      }));
    }
    for (int i = 0; i < 4; ++i) {
      clock.play(static_cast<double>(random(100)) / 50);
      pending[random(pending.size())].cancel();
    }
    clock.play(100);
    CHECK(ended == kRequests);
    CHECK(agent.stats().waiting == 0);
    CHECK(agent.stats().open == agent.stats().idle);
    clock.play(100);
    CHECK(agent.stats().open == 0);
    CHECK(clock.getDelayedCalls().empty());
  }
}

namespace {

/// Requests of all kinds, one after the other, to a good server.
Deferred<> useAgent(net::Network& network, bool secure) {
  std::optional<net::TlsServerContext> tls;
  if (secure) tls = serverContext();
  ScriptedServer server(network, secure ? 443 : 80, [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /long")) return peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string("1000\r\n") + std::string(4096, 'x') + "\r\n0\r\nX: y\r\n\r\n");
    if (request.find("GET /upgrade") != std::string::npos) return peer.send("HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\nhello");
    if (request.starts_with("PUT")) return peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    peer.send(reply("short"));
  }, tls);
  server.heard = [](Peer& peer, std::string_view data) {
    if (data.ends_with("end") || data.ends_with("0\r\n\r\n")) peer.send(reply("thanks"));
  };
  const std::string base = secure ? "https://localhost/" : "http://localhost/";
  Agent agent(network, trusting().setFirstByteTimeout(5).setIdleTimeout(5));
  Response first = co_await agent.get(base);
  const std::string text = co_await first.text();
  CHECK(text == "short");
  Response longer = co_await agent.get(base + "long");
  auto chunks = longer.chunks();
  std::size_t size = 0;
  while (auto chunk = co_await chunks.next()) size += chunk->size();
  CHECK(size == 4096);
  Response put = co_await agent.request(Request("PUT", base + "put").setBody("the end").setExpectContinue());
  CHECK(co_await put.text() == "thanks");
  Upgraded upgraded = co_await agent.upgrade(Request("GET", base + "upgrade").setUpgrade("x"));
  REQUIRE(upgraded.transport);
  upgraded.transport->abortConnection();
  agent.close();
}

}  // namespace

TEST_CASE("a session of requests survives a failure of each single operation of the network, plain and with TLS") {
  for (const bool secure : {false, true}) {
    CAPTURE(secure);
    const auto runs = net::failEveryOperation([secure](net::Network& network) { return useAgent(network, secure); });
    CHECK(runs.size() > 15);
    // A failure on a connection that had served before costs nothing; others are errors.
    CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return run.error.empty(); }));
    CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return !run.error.empty(); }));
  }
}
