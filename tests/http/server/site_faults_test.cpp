// A Site on a network that breaks, at random and at every single operation: answers stay in order and whole, every handler ends, and nothing is left.
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
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using net::MemoryLink;
using net::MemoryNetwork;
using test::Random;
using test::server::Client;
using test::server::Silence;

namespace {

constexpr std::size_t kFile = 30'000;
const std::vector<std::string> kPlaces = {"/short", "/long", "/sized", "/file/f.txt", "/late", "/never", "/wrong", "/events", "/proxied/short", "/proxied/long"};

struct Folder {
  Folder() { std::ofstream(folder / "f.txt", std::ios::binary) << test::patterned(kFile); }
  test::TemporaryFolder folder;
};

SiteOptions limits() { return SiteOptions().setHeadTimeout(5).setBodyTimeout(5).setHandlerTimeout(10).setKeepAlive(20).setMinimumRate(0); }
AgentOptions clientLimits() { return AgentOptions().setConnectTimeout(3).setTlsTimeout(3).setFirstByteTimeout(30).setIdleTimeout(10).setTotalTimeout(60); }

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
  if (place.ends_with("/short")) return "short";
  if (place.ends_with("/long") || place == "/sized") return test::patterned(test::Service::kLong);
  if (place == "/file/f.txt") return test::patterned(kFile);
  if (place == "/late") return "at last";
  if (place == "/events") return "data: 1\n\ndata: 2\n\ndata: 3\n\n";
  return "?";                                                               // an error's page
}

/// Checks answers as their bytes come out of the parser: numbered in order, and whole.
struct Answers final : MessageSink {
  explicit Answers(const std::vector<std::string>& asked) : asked(asked), parser(Parser::Kind::Response, *this, ParserOptions()) {}
  void headReceived() override {}
  void bodyReceived(std::string_view piece) override { body.append(piece); }
  void messageReceived() override {
    const MessageHead& head = parser.head();
    const std::string number(head.headers.get("X-Number", ""));
    if (!last && head.status == 200) {
      REQUIRE(whole < asked.size());
      CHECK(number == "n=" + std::to_string(whole));
      CHECK(body == bodyOf(asked[whole]));
    } else {
      // A client too slow or cut off (408, 400); a handler too slow (503) or wrong (500); a target that cannot be reached
      const bool known = head.status == 408 || head.status == 400 || head.status == 500 || head.status == 502 || head.status == 503 || head.status == 504;
      CHECK_MESSAGE(known, head.status);
    }
    last = !parser.keepAlive();
    ++whole;
    body.clear();
  }

  void read(std::string_view bytes) {
    while (!bytes.empty()) {
      REQUIRE_FALSE(last);                                                  // nothing follows an answer that closes
      bytes.remove_prefix(parser.feed(bytes));
      if (parser.complete()) parser.next();
    }
  }

  const std::vector<std::string>& asked;
  Parser parser;
  std::string body;
  std::size_t whole = 0;
  bool last = false;
};

/// All of the body, a piece of it, or nothing.
Deferred<std::string> someUse(Deferred<Response> pending, std::uint64_t how) {
  Response response = co_await pending;
  if (how == 0) co_return "";
  if (how == 1) co_return (co_await response.body.next()).value_or("");
  co_return co_await response.text();
}

Request someRequest(Random& random) {
  switch (random(4)) {
    case 0: return Request("POST", "http://a/echo").setBody(test::patterned(random(40'000)));
    case 1: {
      Multipart form("boundary");
      form.add("name", "Ada").addFile("file", "f", test::patterned(random(20'000)));
      return Request("POST", "http://a/form").setMultipart(form);
    }
    case 2: return Request("POST", "http://a/echo").setBody("x").setExpectContinue();
    default: return Request("GET", "http://a" + kPlaces[random(kPlaces.size())]);
  }
}

}  // namespace

TEST_CASE("whatever the network does, answers come whole and in their order, every handler ends, and every request has its line in the log") {
  const Silence silence;
  const Folder files;
  std::size_t whole = 0, cut = 0;
  const std::uint64_t seeds = test::seeds(1000);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    ManualClock clock;
    MemoryNetwork network(clock, seed);
    network.addHost("a");
    // The proxy's own connections come from inside; those of clients are bad.
    network.setLinks([&](const std::string& host, std::uint16_t, std::uint64_t) -> std::optional<MemoryLink> { return host == "a" ? badLink(random) : MemoryLink(); });
    std::uint64_t logged = 0;
    SiteOptions options = limits().setAccessLog([&](const AccessEntry& entry) { logged += !entry.method.empty(); });
    Agent inner(network, clientLimits());
    test::Service service(network, inner, files.folder / "", options);
    auto port = network.listen(80, service.site);

    // Clients that pipeline, and may leave or stop reading.
    std::vector<std::pair<std::shared_ptr<Client>, std::vector<std::string>>> pipelines;  // with the places they ask for
    for (int i = 0; i < 2; ++i) {
      auto connecting = net::connectProtocol(network, "a", 80, std::make_shared<Client>());
      clock.play(0.5);
      auto connected = connecting.result();
      if (!connected) continue;
      std::vector<std::string> asked;
      std::string bytes;
      for (std::uint64_t n = 0, count = 1 + random(6); n < count; ++n) {
        asked.push_back(kPlaces[random(kPlaces.size())]);
        bytes += "GET " + asked.back() + "?n=" + std::to_string(n) + " HTTP/1.1\r\nHost: a\r\n\r\n";
      }
      (*connected)->transport().write(bytes);
      pipelines.emplace_back(*connected, std::move(asked));
    }
    // And clients of another kind.
    Agent agent(network, clientLimits());
    std::vector<Deferred<>> pending;
    int ended = 0;
    for (int i = 0; i < 4; ++i) {
      pending.push_back(someUse(agent.request(someRequest(random)), random(5)).addBoth([&ended](Outcome<std::string> outcome) {
        ++ended;
        if (outcome) return;
        const bool known = outcome.failure().check<RequestError, net::Error, CancelledError>();
        CHECK_MESSAGE(known, outcome.failure().what());
      }));
    }
    for (auto& [client, asked] : pipelines) {
      clock.play(static_cast<double>(random(100)) / 50);
      if (client->lost) continue;
      switch (random(6)) {
        case 0: client->transport().abortConnection(); break;
        case 1: client->transport().loseConnection(); break;
        case 2: client->transport().pauseReading(); break;
        default: break;
      }
    }
    if (random(2) == 0) pending[random(pending.size())].cancel();
    clock.play(200);
    CHECK(ended == 4);
    for (const auto& [client, asked] : pipelines) {
      Answers answers(asked);
      answers.read(client->received);
      (answers.whole == asked.size() ? whole : cut) += 1;
    }
    CHECK(service.site->connections() == 0);                                // whatever its clients do
    for (const auto& [client, asked] : pipelines) {
      if (!client->lost) client->transport().abortConnection();
    }
    agent.close();
    inner.close();
    port.reset();
    clock.play(200);
    CHECK(service.alive == 0);
    CHECK(logged == service.site->requests());
    CHECK(network.openConnections() == 0);
    CHECK(clock.getDelayedCalls().empty());
  }
  CHECK(whole > seeds / 4);
  CHECK(cut > seeds / 4);
}

namespace {

const net::CertificateAuthority& authority() {
  static const net::CertificateAuthority ours;
  return ours;
}

/// A request and response of each kind, one after the other.
Deferred<> useSite(net::Network& network, bool secure, const std::string& folder) {
  std::optional<net::TlsServerContext> tls;
  if (secure) tls.emplace(net::CertificateOptions(authority().issue(net::CertificateDetails("*.test").name("localhost"))));
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
    Agent agent(network, clientLimits().setTls(trust));
    try {
      for (const std::string& place : kPlaces) {
        Response response = co_await agent.get(base + place);
        const std::string body = co_await response.text();
        if (response.status == 200) CHECK(body == bodyOf(place));
      }
      Response head = co_await agent.request(Request("HEAD", base + "/file/f.txt"));
      CHECK(head.status == 200);
      co_await head.bytes();
      Response range = co_await agent.request(Request("GET", base + "/file/f.txt").setHeader("Range", "bytes=10-19"));
      const std::string part = co_await range.bytes();
      if (range.status == 206) CHECK(part == test::patterned(kFile).substr(10, 10));
      Response packed = co_await agent.request(Request("GET", base + "/long").setHeader("Accept-Encoding", "gzip"));
      co_await packed.bytes();
      const std::string much = test::patterned(20'000);
      Response echo = co_await agent.request(Request("POST", base + "/echo").setBody(much).setExpectContinue());
      const std::string said = co_await echo.bytes();
      if (echo.status == 200) CHECK(said == much);
      Multipart form("boundary");
      form.add("name", "Ada").addFile("file", "f", much);
      Response filled = co_await agent.request(Request("POST", base + "/form").setMultipart(form));
      const std::string seen = co_await filled.text();
      if (filled.status == 200) CHECK(seen == "Ada 20000");
      Upgraded upgraded = co_await agent.upgrade(Request("GET", base + "/upgrade").setUpgrade("parrot"));
      if (upgraded.transport) upgraded.transport->abortConnection();
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

TEST_CASE("a site survives a failure of each single operation of its network, in requests and answers of each kind, plain and with TLS") {
  const Silence silence;
  const Folder files;
  for (const bool secure : {false, true}) {
    CAPTURE(secure);
    const auto runs = net::failEveryOperation([&](net::Network& network) { return useSite(network, secure, files.folder / ""); });
    CHECK(runs.size() > 100);
    CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return run.error.empty(); }));
    CHECK(std::any_of(runs.begin(), runs.end(), [](const net::FailureRun& run) { return !run.error.empty(); }));
  }
}
