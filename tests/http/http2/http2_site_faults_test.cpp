// A Site that speaks HTTP/2 on a network that breaks, at random and at every single operation: answers are those of their requests, every handler ends, and nothing is left.
#include <weft/http/server/site.hpp>

#include <doctest/doctest.h>

#include "http/server/server_world.hpp"
#include "http/server/service.hpp"
#include "support/random.hpp"
#include "support/scale.hpp"
#include "support/temporary_folder.hpp"

#include <weft/http/forms/multipart.hpp>
#include <weft/net/testing/failing_network.hpp>
#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/endpoint.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::http;
using net::MemoryLink;
using net::MemoryNetwork;
using test::Random;
using test::server::Silence;

namespace {

constexpr std::size_t kFile = 30'000;
const std::vector<std::string> kPlaces = {"/short", "/long", "/sized", "/file/f.txt", "/late", "/never", "/wrong", "/events", "/proxied/long"};

struct Folder {
  Folder() { std::ofstream(folder / "f.txt", std::ios::binary) << test::patterned(kFile); }
  test::TemporaryFolder folder;
};

SiteOptions limits() { return SiteOptions().setHeadTimeout(5).setBodyTimeout(5).setHandlerTimeout(10).setKeepAlive(20).setMinimumRate(0); }
AgentOptions clientLimits() { return AgentOptions().setConnectTimeout(3).setTlsTimeout(3).setFirstByteTimeout(30).setIdleTimeout(10).setTotalTimeout(60); }
AgentOptions http2Limits() { return clientLimits().setHttp2PriorKnowledge(true); }

MemoryLink badLink(Random& random) {
  MemoryLink link;
  link.latency(0.01).jitter(0.02).chunks(1, 1 + random(300)).window(500 + random(20'000));
  switch (random(10)) {
    case 0: link.resetAfter(random(30'000)); break;
    case 1: link.truncateAfter(random(30'000)); break;
    case 2: link.stallAfter(random(30'000)); break;
    case 3: link.resetAfter(random(2000), MemoryLink::Direction::ToServer); break;
    case 4: link.truncateAfter(random(2000), MemoryLink::Direction::ToServer); break;
    case 5: link.stallAfter(random(2000), MemoryLink::Direction::ToServer); break;
    default: break;
  }
  return link;
}

std::string bodyOf(const std::string& place) {
  if (place == "/short") return "short";
  if (place == "/late") return "at last";
  if (place == "/file/f.txt") return test::patterned(kFile);
  if (place == "/events") return "data: 1\n\ndata: 2\n\ndata: 3\n\n";
  return test::patterned(test::Service::kLong);
}

/// A request, and what must come back if it is answered with 200 and read to its end.
struct Asked {
  Request request;
  std::string answer;
};

Asked someRequest(Random& random) {
  const std::string base = "http://a";
  switch (random(5)) {
    case 0: {
      const std::string body = test::patterned(random(40'000));
      return {Request("POST", base + "/echo").setBody(body), body};
    }
    case 1: {
      Multipart form("boundary");
      const std::size_t size = random(20'000);
      form.add("name", "Ada").addFile("file", "f", test::patterned(size));
      return {Request("POST", base + "/form").setMultipart(form), "Ada " + std::to_string(size)};
    }
    case 2: return {Request("POST", base + "/echo").setBody("x").setExpectContinue(), "x"};
    default: {
      const std::string place = kPlaces[random(kPlaces.size())];
      return {Request("GET", base + place), bodyOf(place)};
    }
  }
}

/// All of the body, a piece of it, or nothing. True: what came is right, and all.
Deferred<bool> someUse(Deferred<Response> pending, std::string answer, std::uint64_t how) {
  Response response = co_await pending;
  CHECK(response.majorVersion == 2);
  if (how == 0) co_return false;
  if (how == 1) {
    auto piece = co_await response.body.next();
    co_return false;
  }
  const int status = response.status;
  const std::string body = co_await response.text();
  if (status == 200) CHECK(body == answer);
  const bool known = status == 200 || status == 408 || status == 400 || status == 500 || status == 502 || status == 503 || status == 504;
  CHECK_MESSAGE(known, status);
  co_return status == 200;
}

}  // namespace

TEST_CASE("whatever the network does to a site's HTTP/2, answers are whole and of their requests, every handler ends, and every request has its line in the log") {
  const Silence silence;
  const Folder files;
  std::size_t whole = 0, cut = 0;
  const std::uint64_t seeds = test::seeds(1000);
  constexpr int kAgents = 2, kEach = 6;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    ManualClock clock;
    MemoryNetwork network(clock, seed);
    network.addHost("a");
    // The proxy's own connections come from inside; those of clients are bad.
    network.setLinks([&](const std::string& host, std::uint16_t, std::uint64_t) -> std::optional<MemoryLink> { return host == "a" ? badLink(random) : MemoryLink(); });
    std::uint64_t logged = 0;
    Agent inner(network, clientLimits());
    test::Service service(network, inner, files.folder / "", limits().setAccessLog([&](const AccessEntry& entry) { logged += !entry.method.empty(); }));
    auto port = network.listen(80, service.site);
    std::vector<std::unique_ptr<Agent>> agents;
    std::vector<Deferred<>> pending;
    int ended = 0;
    for (int i = 0; i < kAgents; ++i) {
      agents.push_back(std::make_unique<Agent>(network, http2Limits()));
      for (int n = 0; n < kEach; ++n) {
        auto [request, answer] = someRequest(random);
        auto using_ = someUse(agents.back()->request(std::move(request)), std::move(answer), random(6));
        pending.push_back(std::move(using_).addBoth([&](Outcome<bool> outcome) {
          ++ended;
          (outcome && *outcome ? whole : cut) += 1;
          if (outcome) return;
          const bool known = outcome.failure().check<RequestError, net::Error, CancelledError>();
          CHECK_MESSAGE(known, outcome.failure().what());
        }));
      }
    }
    for (int i = 0; i < 3; ++i) {
      clock.play(static_cast<double>(random(100)) / 50);
      pending[random(pending.size())].cancel();
    }
    Deferred<> closing{nullptr};
    if (random(4) == 0) closing = service.site->close(15);                  // in the midst of it
    clock.play(200);
    CHECK(ended == kAgents * kEach);
    CHECK(service.site->connections() == 0);                                // whatever its clients do
    for (const auto& agent : agents) {
      agent->close();
      CHECK(agent->stats().open == 0);
    }
    inner.close();
    port.reset();
    clock.play(200);
    CHECK(service.alive == 0);
    CHECK(logged >= service.site->requests());                              // and what was refused before a handler saw it
    CHECK(network.openConnections() == 0);
    CHECK(clock.getDelayedCalls().empty());
  }
  CHECK(whole > seeds);
  CHECK(cut > seeds);
}

namespace {

const net::CertificateAuthority& authority() {
  static const net::CertificateAuthority ours;
  return ours;
}

/// A request and response of each kind, some of them at once.
Deferred<> useSite(net::Network& network, bool secure, const std::string& folder) {
  std::optional<net::TlsServerContext> tls;
  if (secure) tls.emplace(net::CertificateOptions(authority().issue(net::CertificateDetails("*.test").name("localhost"))).acceptableProtocols({"h2", "http/1.1"}));
  net::TlsClientOptions trust;
  trust.trustRoot(net::trustRootFromCertificates({authority().certificate()}));
  Agent inner(network, clientLimits());
  test::Service service(network, inner, folder, limits());
  auto port = network.listen(80, service.site);
  std::unique_ptr<net::Port> secured;
  if (tls) secured = network.listen(443, std::make_shared<net::TlsFactory>(*tls, service.site));
  const std::string base = secure ? "https://localhost" : "http://localhost";
  std::optional<Failure> failed;
  {
    Agent agent(network, http2Limits().setTls(trust));
    try {
      for (const std::string& place : kPlaces) {
        auto beside = agent.get(base + "/late");
        Response response = co_await agent.get(base + place);
        const std::string body = co_await response.text();
        CHECK(response.majorVersion == 2);
        if (response.status == 200) CHECK(body == bodyOf(place));
        Response other = co_await beside;
        co_await other.bytes();
      }
      Response head = co_await agent.request(Request("HEAD", base + "/file/f.txt"));
      co_await head.bytes();
      const std::string much = test::patterned(20'000);
      Response echo = co_await agent.request(Request("POST", base + "/echo").setBody(much).setExpectContinue());
      const std::string said = co_await echo.bytes();
      if (echo.status == 200) CHECK(said == much);
    } catch (...) {
      failed.emplace();
    }
    agent.close();
  }
  port.reset();
  secured.reset();
  co_await service.site->close(1);
  CHECK(service.site->connections() == 0);
  inner.close();
  CHECK(service.alive == 0);
  if (failed) std::rethrow_exception(failed->exception());
}

}  // namespace

TEST_CASE("a site's HTTP/2 survives a failure of each single operation of its network, plain and with TLS") {
  const Silence silence;
  const Folder files;
  for (const bool secure : {false, true}) {
    CAPTURE(secure);
    const auto runs = net::failEveryOperation([&](net::Network& network) { return useSite(network, secure, files.folder / ""); });
    CHECK(runs.size() > 50);
    CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return run.error.empty(); }));
    CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return !run.error.empty(); }));
  }
}
