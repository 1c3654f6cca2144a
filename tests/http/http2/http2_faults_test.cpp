// An Agent that speaks HTTP/2 on a network that breaks, at random and at every single operation: each request ends, and nothing is left.
#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"
#include "http/http2/http2_server.hpp"
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
using weft::test::Http2Server;
using Stream = Http2Server::Stream;

namespace {

/// The same numbers for the same seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 7919) {}
  std::uint64_t operator()(std::uint64_t below) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % below;
  }

 private:
  std::uint64_t state_;
};

const net::CertificateAuthority& authority() {
  static const net::CertificateAuthority ours;
  return ours;
}

net::TlsServerContext serverContext() {
  static const net::TlsServerContext context(
      net::CertificateOptions(authority().issue(net::CertificateDetails("localhost").name("a").name("b"))).acceptableProtocols({"h2", "http/1.1"}));
  return context;
}

AgentOptions trusting() {
  net::TlsClientOptions tls;
  tls.trustRoot(net::trustRootFromCertificates({authority().certificate()}));
  return AgentOptions().setTls(tls).setHttp2PriorKnowledge(true);
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

void answerBadly(Stream& stream, Random& random) {
  switch (random(12)) {
    case 0:
      stream.respond(200);
      stream.send("hello");
      stream.end({{"x-t", "y"}});
      break;
    case 1: stream.reset(Http2Code::RefusedStream); break;
    case 2: stream.reset(Http2Code::InternalError); break;
    case 3:
      stream.respond(100);
      stream.reply("asked");
      break;
    case 4: stream.reply("too large", 413); break;
    case 5: break;
    case 6:
      stream.respond(200, {{"content-length", "3000"}});
      stream.send(std::string(random(3000), 'x'));
      break;
    case 7: stream.peer.session->shutDown(); break;
    case 8: stream.peer.session->terminate(Http2Code::InternalError); break;
    default: stream.reply(std::string(random(300'000), 'x'));
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
    case 3: return Request("PUT", url).setBody(std::string(200'000, 'b'));
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

TEST_CASE("whatever the network does to HTTP/2, every request ends and the pool's counts return to zero") {
  const std::uint64_t seeds = test::seeds(1000);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    ManualClock clock;
    MemoryNetwork network(clock, seed);
    for (const char* name : {"a", "b"}) network.addHost(name);
    network.setLinks([&](const std::string&, std::uint16_t, std::uint64_t) -> std::optional<MemoryLink> { return badLink(random); });
    const auto answer = [&](Stream& stream) { answerBadly(stream, random); };
    Http2Server plain(network, 80, answer);
    Http2Server secure(network, 443, answer, serverContext());
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
      const std::string url = (random(8) == 0 ? "https://" : "http://") + std::string(1, static_cast<char>('a' + random(2))) + "/" + std::to_string(i);
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

/// Requests of all kinds, two at once, to a good server.
Deferred<> useAgent(net::Network& network, bool secure) {
  std::optional<net::TlsServerContext> tls;
  if (secure) tls = serverContext();
  Http2Server server(network, secure ? 443 : 80, [](Stream& stream) {
    if (stream.method == "GET" && stream.path == "/long") return stream.reply(std::string(200'000, 'x'));
    stream.respond(100);
    stream.reply("short");
  }, tls);
  const std::string base = secure ? "https://localhost/" : "http://localhost/";
  Agent agent(network, trusting().setFirstByteTimeout(5).setIdleTimeout(5));
  Response first = co_await agent.get(base);
  const std::string text = co_await first.text();
  CHECK(text == "short");
  auto beside = agent.get(base + "long");
  Response put = co_await agent.request(Request("PUT", base + "put").setBody(std::string(100'000, 'b')));
  CHECK(co_await put.text() == "short");
  Response longer = co_await beside;
  auto chunks = longer.chunks();
  std::size_t size = 0;
  while (auto chunk = co_await chunks.next()) size += chunk->size();
  CHECK(size == 200'000);
  agent.close();
}

}  // namespace

TEST_CASE("requests over HTTP/2 survive a failure of each single operation of the network, plain and with TLS") {
  for (const bool secure : {false, true}) {
    CAPTURE(secure);
    const auto runs = net::failEveryOperation([secure](net::Network& network) { return useAgent(network, secure); });
    CHECK(runs.size() > 15);
    CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return run.error.empty(); }));
    CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return !run.error.empty(); }));
  }
}
