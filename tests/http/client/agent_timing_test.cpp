#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"

#include <weft/net/happy_eyeballs.hpp>
#include <weft/net/names/error.hpp>
#include <weft/net/testing/memory_resolver.hpp>
#include <weft/net/tls/certificate_authority.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using namespace std::chrono_literals;
using weft::net::MemoryLink;
using weft::test::AgentWorld;
using weft::test::reply;
using weft::test::ScriptedServer;
using weft::test::textOf;
using Peer = ScriptedServer::Peer;

namespace {

/// A network whose names are looked up, which takes time and goes wrong.
class NamedNetwork final : public net::Network {
 public:
  explicit NamedNetwork(net::Network& inner) : inner_(inner) {}
  Deferred<std::shared_ptr<net::Transport>> connect(std::string host, std::uint16_t port, const net::ConnectOptions& options = {}) override {
    if (net::Address::parse(host, port)) return inner_.connect(std::move(host), port, options);
    auto addresses = names.resolve(host, port);
    return net::happyEyeballs(clock(), std::move(host), port, std::move(addresses),
                              [this](const net::Address& address) { return inner_.connect(address.host(), address.port()); }, options);
  }
  std::unique_ptr<net::Port> listen(std::uint16_t port, std::shared_ptr<net::Factory> factory, const net::ListenOptions& options = {}) override {
    return inner_.listen(port, std::move(factory), options);
  }
  Deferred<std::vector<net::Address>> resolve(std::string host, std::uint16_t port) override { return names.resolve(std::move(host), port); }
  Clock& clock() noexcept override { return inner_.clock(); }

 private:
  net::Network& inner_;

 public:
  net::MemoryResolver names{inner_.clock()};
};

struct NamedWorld : AgentWorld {
  NamedNetwork named{network};
  NamedWorld() {
    for (const char* name : {"fast", "slow"}) {
      named.names.add(name, network.addHost(name).host());
      network.setLink(network.addHost(name).host(), MemoryLink().latency(0.1));
    }
    named.names.delay("slow", 2);
    named.names.silence("never");
  }
};

}  // namespace

TEST_CASE("a response tells how long each part took") {
  NamedWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    world.clock.callLater(0.5, [&peer] { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"); });
    world.clock.callLater(1.5, [&peer] { peer.send("67890"); });
  });
  world.network.setLink(MemoryLink().latency(0.1));
  Agent agent(world.named);
  auto getting = agent.get("http://slow/");
  world.run(3);
  Response response = successResultOf(getting);
  const ResponseTiming& timing = response.timing();
  CHECK(timing.queue == 0s);
  CHECK(timing.dns == 2s);
  CHECK(timing.connect == 200ms);
  CHECK(timing.tls == 0s);
  CHECK(timing.firstByte == 700ms);
  CHECK(!timing.body);
  CHECK(timing.total() == 2900ms);
  CHECK(response.peer() == *net::Address::parse(response.peer().host(), 80));
  CHECK(!response.isOfReusedConnection());
  world.run(2);
  CHECK(timing.body == 1s);
  CHECK(timing.total() == 3900ms);
  CHECK(world.get(response.text()) == "1234567890");

  Response again = world.get(agent.get("http://slow/"), 3);
  CHECK(again.isOfReusedConnection());
  CHECK(again.peer() == response.peer());
  CHECK(again.timing().dns == 0s);
  CHECK(again.timing().connect == 0s);
  CHECK(again.timing().firstByte == 700ms);
  CHECK(again.timing().body == 1s);
}

TEST_CASE("a response that was here in one piece knows all of it, also with TLS") {
  AgentWorld world;
  const net::CertificateAuthority authority;
  world.network.setLink(MemoryLink().latency(0.1));
  ScriptedServer server(world.network, 443, reply("x"), net::TlsServerContext(net::CertificateOptions(authority.issue(net::CertificateDetails("a")))));
  net::TlsClientOptions tls;
  tls.trustRoot(net::trustRootFromCertificates({authority.certificate()}));
  Agent agent(world.network, AgentOptions().setTls(tls));
  const Response response = world.get(agent.get("https://a/"), 2);
  CHECK(response.timing().connect == 200ms);
  CHECK(response.timing().tls == 200ms);               // one round trip: TLS 1.3
  CHECK(response.timing().firstByte == 200ms);
  CHECK(response.timing().body == 0s);
}

TEST_CASE("the time in the queue is that before a connection was free or begun") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    world.clock.callLater(1, [&peer] { peer.send(reply("x")); });
  });
  Agent agent(world.network, AgentOptions().setMaxPerHost(1));
  auto first = agent.get("http://a/");
  auto second = agent.get("http://a/");
  world.run(3);
  CHECK(successResultOf(first).timing().queue == 0s);
  const Response later = successResultOf(second);
  CHECK(later.timing().queue == 1s);
  CHECK(later.timing().firstByte == 1s);
  CHECK(later.isOfReusedConnection());
}

TEST_CASE("what was repeated on a new connection says so in its times") {
  AgentWorld world;
  world.network.setLink(MemoryLink().latency(0.1));
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string&) {
    if (peer.number == 0 && peer.requests == 2)
      peer.close();
    else
      peer.send(reply("x"));
  });
  Agent agent(world.network);
  world.get(agent.get("http://a/"));
  const Response response = world.get(agent.get("http://a/"));
  CHECK(!response.isOfReusedConnection());
  CHECK(response.timing().queue == 200ms);
  CHECK(response.timing().connect == 200ms);
  CHECK(response.timing().firstByte == 200ms);
}

TEST_CASE("a response that no Agent has received knows nothing of all this") {
  Response response(200, "x");
  CHECK(response.timing().total() == 0s);
  CHECK(!response.peer());
  CHECK(!response.tls());
  CHECK(response.trailers().empty());
  CHECK(response.interimResponses() == 0);
  CHECK(!response.takeTransport());
  CHECK(!response.isOfReusedConnection());
}

TEST_CASE("the look-up has a time of its own, within that of connecting") {      // L7
  NamedWorld world;
  ScriptedServer server(world.network, 80, reply("x"));
  Agent agent(world.named, AgentOptions().setDnsTimeout(1).setConnectTimeout(5));
  auto slow = agent.get("http://slow/");
  auto never = agent.get("http://never/");
  auto fast = agent.get("http://fast/");
  world.run(0.9);
  assertNoResult(slow);
  CHECK(successResultOf(fast).ok());
  world.run(0.2);
  CHECK(failureResultOf<net::DNSTimeout>(slow).as<net::DNSTimeout>()->host == "slow");
  failureResultOf<net::DNSTimeout>(never);
  CHECK(world.named.names.pending() == 0);
  CHECK(agent.stats().open == 1);
}

TEST_CASE("a name that is known but never answers is a timeout of connecting") {
  NamedWorld world;
  world.network.setLinks([](const std::string&, std::uint16_t, std::uint64_t) { return MemoryLink().silent(); });
  Agent agent(world.named, AgentOptions().setDnsTimeout(3).setConnectTimeout(4));
  auto slow = agent.get("http://slow/");
  world.run(3.9);
  assertNoResult(slow);
  world.run(0.2);
  CHECK(failureResultOf<net::ConnectTimeout>(slow).as<net::ConnectTimeout>()->seconds == 4);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("a response that drips is too slow, when the window is over") {      // L7, F8
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    const bool inHead = request.starts_with("GET /head");
    peer.send(inHead ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 1; i < 100; ++i) world.clock.callLater(i, [&peer] { peer.send("x"); });
  });
  Agent agent(world.network, AgentOptions().setMinimumRate(20, 10).setIdleTimeout(5));
  auto body = textOf(agent.get("http://a/body"));
  auto head = agent.get("http://a/head");
  world.run(9.9);
  assertNoResult(body);
  assertNoResult(head);
  world.run(0.2);
  const auto error = *failureResultOf<ResponseTooSlow>(body).as<ResponseTooSlow>();
  CHECK(error.rate == 20);
  CHECK(error.seconds == 10);
  CHECK(error.bytes < 60);
  CHECK(error.bytes > 40);
  CHECK(std::string(error.what()).find("of the response came, less than 20 a second, after 10 s") != std::string::npos);
  failureResultOf<ResponseTooSlow>(head);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("the rate is that of the last window, so that a fast beginning excuses nothing") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(5000, 'x'));
    for (int i = 1; i < 100; ++i) world.clock.callLater(i, [&peer] { peer.send("x"); });
  });
  Agent agent(world.network, AgentOptions().setMinimumRate(20, 10));
  auto body = textOf(agent.get("http://a/"));
  world.run(19.9);
  assertNoResult(body);
  world.run(0.2);
  CHECK(failureResultOf<ResponseTooSlow>(body).as<ResponseTooSlow>()->bytes <= 10);
}

TEST_CASE("a rate of 0 lets it drip, and a reader who takes his time is no slow server") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /long")) return peer.send(reply(std::string(1'000'000, 'x')));
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n");
    for (int i = 1; i <= 50; ++i) world.clock.callLater(i, [&peer] { peer.send("x"); });
  });
  Agent any(world.network, AgentOptions().setMinimumRate(0));
  CHECK(world.get(textOf(any.get("http://a/drip")), 60).size() == 50);
  Agent agent(world.network, AgentOptions().setMinimumRate(1000, 5).setTotalTimeout(1000));
  Response response = world.get(agent.get("http://a/long"));
  world.run(100);
  CHECK(world.get(response.bytes()).size() == 1'000'000);
}

TEST_CASE("a head that stops in the middle is an idle timeout, not one of the first byte") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, "HTTP/1.1 200 OK\r\nX-Begun:");
  Agent agent(world.network, AgentOptions().setIdleTimeout(3).setFirstByteTimeout(20));
  auto response = agent.get("http://a/");
  world.run(2.9);
  assertNoResult(response);
  world.run(0.2);
  CHECK(failureResultOf<IdleTimeout>(response).as<IdleTimeout>()->seconds == 3);
}

TEST_CASE("a request's own timeout replaces the Agent's, also a longer one") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    world.clock.callLater(8, [&peer] { peer.send(reply("x")); });
  });
  Agent agent(world.network, AgentOptions().setTotalTimeout(5));
  Request patient("GET", "http://a/");
  patient.setTimeout(10);
  Request hasty("GET", "http://a/");
  hasty.setTimeout(2);
  auto first = agent.request(std::move(patient));
  auto second = agent.request(std::move(hasty));
  auto third = agent.get("http://a/");
  world.run(2.1);
  CHECK(failureResultOf<TotalTimeout>(second).as<TotalTimeout>()->seconds == 2);
  world.run(3);
  CHECK(failureResultOf<TotalTimeout>(third).as<TotalTimeout>()->seconds == 5);
  world.run(4);
  CHECK(successResultOf(first).ok());
}

TEST_CASE("trailers come after the body, and interim responses are counted and told") {      // L17
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    world.clock.callLater(2, [&peer] { peer.send("0\r\nDigest: abc\r\nX: y\r\n\r\n"); });
  });
  Agent agent(world.network);
  std::vector<std::string> interim;
  Request request("GET", "http://a/");
  request.setOnInterim([&](int status, const Headers& headers) {
    interim.push_back(std::to_string(status) + ' ' + std::string(headers.get("Link", "")));
  });
  Response response = world.get(agent.request(std::move(request)));
  CHECK(interim == std::vector<std::string>{"102 ", "103 </style.css>"});
  CHECK(response.interimResponses() == 2);
  CHECK(response.trailers().empty());
  CHECK(!response.headers.has("Digest"));
  CHECK(world.get(response.text(), 3) == "hello");
  CHECK(response.trailers().get("digest") == "abc");
  CHECK(response.trailers().size() == 2);
  Response plain = world.get(agent.get("http://a/"), 3);
  CHECK(plain.interimResponses() == 2);
  CHECK(plain.trailers().get("X") == "y");
  CHECK(agent.stats().connects == 1);
}

TEST_CASE("who hears of an interim response may cancel the request, or throw") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, "HTTP/1.1 103 Early Hints\r\n\r\n" + reply("x"));
  Agent agent(world.network);
  Deferred<Response> pending{nullptr};
  Request request("GET", "http://a/");
  request.setOnInterim([&](int, const Headers&) { pending.cancel(); });
  pending = agent.request(std::move(request));
  world.run();
  failureResultOf<CancelledError>(pending);
  CHECK(agent.stats().open == 0);

  Request other("GET", "http://a/");
  other.setOnInterim([](int, const Headers&) { throw std::runtime_error("no"); });
  const auto error = world.error<ResponseFailed>(agent.request(std::move(other)));
  CHECK(error.reason.check<std::runtime_error>());
  CHECK(agent.stats().open == 0);
}
