// All layers around one agent, in the order that docs/http.md gives; and every operation beneath them failing once.
#include <weft/http/client/auth_agent.hpp>
#include <weft/http/client/cache_agent.hpp>
#include <weft/http/client/content_decoder_agent.hpp>
#include <weft/http/client/cookie_agent.hpp>
#include <weft/http/client/logging_agent.hpp>
#include <weft/http/client/redirect_agent.hpp>
#include <weft/http/client/retry_agent.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/failing_network.hpp>

#include "http/client/world.hpp"
#include "http/coded.hpp"
#include "support/scale.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/log.hpp>

#include <set>

using namespace weft;
using namespace weft::http;
using namespace weft::test;

namespace {

const std::string kPage(300'000, 'p');

// A site that takes a client through every layer: a redirect with a cookie, a login, a long gzipped page that may be kept.
std::shared_ptr<Site> makeSite() {
  return std::make_shared<Site>([](Request request) -> Deferred<Response> {
    if (request.url.path() == "/") co_return Response(302, "elsewhere").setHeader("Location", "/page").setHeader("Set-Cookie", "id=1");
    if (request.headers.get("Cookie") != "id=1") co_return Response(403, "no cookie");
    if (request.headers.get("Authorization") != "Basic bWU6c2VjcmV0") co_return Response(401, "who?").setHeader("WWW-Authenticate", "Basic realm=\"x\"");
    co_return Response(200, gzipped(kPage)).setHeader("Content-Encoding", "gzip").setHeader("Cache-Control", "max-age=60").setHeader("Vary", "Accept-Encoding");
  });
}

class Stack {
 public:
  explicit Stack(net::Network& network, std::size_t tries = 3)
      : agent(network, AgentOptions().setFirstByteTimeout(20).setIdleTimeout(20)),
        cache(agent, CacheOptions(folder / "cache")),
        cookies(cache, jar),
        auth(cookies, network.clock()),
        retries(auth, network.clock(), RetryOptions().setSeed(1).setMaxTries(tries).setWholeBodies(tries > 1)),
        redirects(retries, network.clock()),
        decoder(redirects),
        client(decoder, network.clock()) {
    auth.add(Credentials("http://localhost", "me", "secret"));
  }
  TemporaryFolder folder;
  CookieJar jar;
  Agent agent;
  CacheAgent cache;
  CookieAgent cookies;
  AuthAgent auth;
  RetryAgent retries;
  RedirectAgent redirects;
  ContentDecoderAgent decoder;
  LoggingAgent client;
};

Deferred<> visit(net::Network& network, std::size_t tries) {
  auto port = network.listen(80, makeSite());
  Stack stack(network, tries);
  for (int i = 0; i < 2; ++i) {
    Response response = co_await stack.client.get("http://localhost/");
    CHECK(response.status == 200);
    const std::string text = co_await response.text();
    CHECK(text == kPage);
    CHECK(response.history().redirects.size() == 1);
  }
}

}  // namespace

TEST_CASE("a request through every layer, and the same again") {
  ManualClock clock;
  net::MemoryNetwork network(clock);
  auto port = network.listen(80, makeSite());
  Stack stack(network);
  LogCapture log(LogLevel::Info);
  Deferred<Response> pending = stack.client.get("http://localhost/");
  clock.play(1);
  Response response = successResultOf(pending);
  CHECK(response.url.href() == "http://localhost/page");
  CHECK(response.history().redirects.size() == 1);
  CHECK(response.history().contentEncoding == "gzip");
  CHECK(response.history().cache == CacheUse::None);
  CHECK(!response.headers.has("Content-Encoding"));
  Deferred<std::string> text = response.text();
  clock.play(1);
  CHECK(successResultOf(text) == kPage);
  CHECK(log.contains("GET http://localhost/ 200: 300000 bytes in "));
  CHECK(stack.agent.stats().requests == 3);              // the redirect, the 401, the page
  CHECK(stack.agent.stats().connects == 1);
  pending = stack.client.get("http://localhost/");
  clock.play(1);
  Response again = successResultOf(pending);
  CHECK(again.history().cache == CacheUse::Fresh);
  text = again.text();
  clock.play(1);
  CHECK(successResultOf(text) == kPage);
  CHECK(stack.agent.stats().requests == 4);              // the redirect may not be kept
}

TEST_CASE("with every operation failing once, each request ends in its page or a typed error") {
  for (const std::size_t tries : {std::size_t{1}, std::size_t{3}}) {
    CAPTURE(tries);
    LogCapture quiet(LogLevel::Critical);
    const auto runs = net::failEveryOperation([tries](net::Network& network) { return visit(network, tries); }, net::FailureRuns().link(net::MemoryLink().chunks(100, 40'000)));
    CHECK(runs.size() > 10);
    std::size_t failed = 0;
    for (const auto& run : runs) {
      CAPTURE(run.failed);
      failed += !run.error.empty();
      // With tries left, only a server that never came is an error.
      if (tries > 1 && run.failed.find("listen") == std::string::npos) CHECK(run.error == "");
    }
    if (tries == 1) CHECK(failed > 5);
    CHECK(quiet.count() == 0);
  }
}

TEST_CASE("on a network with faults, each request ends, and nothing is left") {
  std::set<std::string> seen;
  int pages = 0;
  for (std::uint64_t seed = 0; seed < seeds(300); ++seed) {
    CAPTURE(seed);
    ManualClock clock;
    net::MemoryNetwork network(clock, seed);
    auto port = network.listen(80, makeSite());
    network.setLinks([seed](const std::string&, std::uint16_t, std::uint64_t number) -> std::optional<net::MemoryLink> {
      std::uint64_t mix = (seed * 31 + number) * 0x9E3779B97F4A7C15u;
      mix ^= mix >> 29;
      net::MemoryLink link;
      link.latency(0.01).jitter(0.02).chunks(1 + mix % 50, 100 + mix % 5000);
      const auto direction = mix & 8 ? net::MemoryLink::Direction::ToClient : net::MemoryLink::Direction::ToServer;
      const std::size_t after = static_cast<std::size_t>((mix >> 8) % 900);
      switch (mix & 7) {
        case 0: link.resetAfter(after, direction); break;
        case 1: link.truncateAfter(after, direction); break;
        case 2: link.stallAfter(after, direction); break;
        case 3: link.refused(); break;
        default: break;
      }
      return link;
    });
    {
      Stack stack(network, seed % 2 ? 3 : 1);
      LogCapture quiet(LogLevel::Critical);
      for (int i = 0; i < 3; ++i) {
        Deferred<std::string> pending = textOf(stack.client.get("http://localhost/"));
        clock.play(400);
        REQUIRE(pending.called());
        Outcome<std::string> outcome = pending.result();
        if (outcome) {
          CHECK(*outcome == kPage);
          ++pages;
        } else {
          CHECK(outcome.failure().check<weft::Error>());
          seen.insert(outcome.failure().typeName());
        }
        CHECK(stack.agent.stats().open == 0);            // idle ones have been closed since
        CHECK(stack.agent.stats().waiting == 0);
      }
      CHECK(quiet.count() == 0);
    }
    port.reset();
    clock.play(400);
    CHECK(network.openConnections() == 0);
    CHECK(clock.getDelayedCalls().empty());
  }
  CHECK(pages > static_cast<int>(seeds(300)));
  CHECK(seen.size() >= 3);
}

TEST_CASE("the stack may be taken down from outside in, at any moment of a request") {
  for (int step = 0; step < 120; ++step) {
    ManualClock clock;
    net::MemoryNetwork network(clock, 1);
    network.setLink(net::MemoryLink().latency(0.01).bandwidth(1'000'000));
    auto port = network.listen(80, makeSite());
    auto stack = std::make_unique<Stack>(network);
    Deferred<std::string> pending = textOf(stack->client.get("http://localhost/"));
    clock.play(0.002 * step);
    stack.reset();
    clock.play(100);
    REQUIRE(pending.called());
    Outcome<std::string> outcome = pending.result();
    if (!outcome) CHECK(outcome.failure().check<weft::Error>());
    port.reset();
    clock.play(400);
    CHECK(network.openConnections() == 0);
  }
}
