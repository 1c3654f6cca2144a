// A Site that speaks HTTP/2: with our Agent, and with clients whose every frame is the test's.
#include <weft/http/server/site.hpp>

#include <doctest/doctest.h>

#include "http/http2/frames.hpp"
#include "http/server/server_world.hpp"

#include <weft/defer/defer_later.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/endpoint.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using namespace weft::test;
using weft::test::server::Client;
using weft::test::server::Silence;

namespace {

/// A Site and an Agent that knows that it speaks HTTP/2.
struct World : server::World {
  explicit World(Handler handler, SiteOptions options = SiteOptions(), AgentOptions agentOptions = AgentOptions())
      : server::World(std::move(handler), std::move(options)), agent(network, agentOptions.setHttp2PriorKnowledge(true)) {}
  template <class T> T get(Deferred<T> deferred, double seconds = 1) {
    run(seconds);
    return successResultOf(deferred);
  }
  std::string text(Request request, double seconds = 1) {
    Response response = get(agent.request(std::move(request)), seconds);
    return get(response.text(), seconds);
  }
  std::string text(const char* url) { return text(Request("GET", url)); }
  Agent agent;
};

AsyncGenerator<std::string> pieces(int count, std::string piece) {
  for (int i = 0; i < count; ++i) {
    std::string copy = piece;
    co_yield std::move(copy);
  }
}

/// The codes of the GOAWAYs, and the ids and codes of the resets, that a client got.
struct Ends {
  explicit Ends(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
    const auto number = [&](std::size_t i) { return at(i) << 24 | at(i + 1) << 16 | at(i + 2) << 8 | at(i + 3); };
    while (bytes.size() >= 9) {
      const std::size_t size = 9 + number(0) / 256;
      if (bytes.size() < size) return;
      if (at(3) == kGoAway) goAways.push_back(number(13));
      if (at(3) == kReset) resets.emplace_back(number(5), number(9));
      if (at(3) == kHeaders) ++heads;
      bytes.remove_prefix(size);
    }
  }
  std::vector<std::uint32_t> goAways;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> resets;
  int heads = 0;
};

}  // namespace

TEST_CASE("a site answers HTTP/2 by prior knowledge and HTTP/1.1 on the same port, with the same handler") {
  World world([](Request request) -> Deferred<Response> {
    co_return Response(200, request.method() + " " + request.target + " " + std::to_string(request.majorVersion) + " " + request.url.href() + " " + std::string(request.headers.get("Host", "")));
  });
  Response response = world.get(world.agent.get("http://a/x?y=1"));
  CHECK(response.majorVersion == 2);
  CHECK(response.minorVersion == 0);
  CHECK(response.headers.get("Server", "") == "weft");
  CHECK(response.headers.has("Date"));
  CHECK(response.contentLength().has_value());
  CHECK(world.get(response.text()) == "GET /x?y=1 2 http://a/x?y=1 a");
  CHECK(world.agent.stats().http2 == 1);
  CHECK(world.site->requests() == 1);
  CHECK(world.site->connections() == 1);
  Agent old(world.network);
  Response other = world.get(old.get("http://a/x"));
  CHECK(other.majorVersion == 1);
  CHECK(world.get(other.text()) == "GET /x 1 http://a/x a");
}

TEST_CASE("a site speaks HTTP/2 over TLS with clients that chose it, and HTTP/1.1 with the others") {
  const net::CertificateAuthority authority;
  World world([](Request request) -> Deferred<Response> { co_return Response(200, request.url.scheme() == "https" ? "secret" : "?"); });
  const net::TlsServerContext context(net::CertificateOptions(authority.issue(net::CertificateDetails("a"))).acceptableProtocols({"h2", "http/1.1"}));
  const auto secure = world.network.listen(443, std::make_shared<net::TlsFactory>(context, world.site));
  net::TlsClientOptions trusting;
  trusting.trustRoot(net::trustRootFromCertificates({authority.certificate()}));
  for (const bool http2 : {true, false}) {
    Agent agent(world.network, AgentOptions().setTls(trusting).setHttp2(http2));
    Response response = world.get(agent.get("https://a/"));
    CHECK(response.majorVersion == (http2 ? 2 : 1));
    CHECK(world.get(response.text()) == "secret");
  }
}

TEST_CASE("the preface may come byte by byte, and what only begins like it is HTTP/1") {
  World world([](Request request) -> Deferred<Response> { co_return Response(200, "hello " + request.target); });
  const auto client = world.connect();
  for (const char byte : opening() + getFrame(1)) {
    client->transport().write(std::string_view(&byte, 1));
    world.run();
  }
  CHECK(Ends(client->received).heads == 1);
  CHECK(client->received.find("hello /") != std::string::npos);
  for (const char* first : {"P", "PR", "PRO"}) {
    const auto other = world.connect();
    const std::string request = "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n";
    other->transport().write(first);
    world.run();
    other->transport().write(request.substr(std::string_view(first).size()));
    world.run();
    CHECK(other->received.starts_with("HTTP/1.1 200 OK\r\n"));
  }
  const auto half = world.connect();
  half->transport().write("PRI * HT");
  world.run(40);
  CHECK(half->lost);                                   // 408, or simply gone: it does not wait for ever
}

TEST_CASE("a site that is told so speaks no HTTP/2") {
  World world([](Request) -> Deferred<Response> { co_return Response(200); }, SiteOptions().setHttp2(false));
  const auto client = world.connect();
  client->transport().write(opening());
  world.run();
  CHECK(client->received.starts_with("HTTP/1.1 "));
}

TEST_CASE("requests of one connection are handled at once and answered as they are done") {
  std::vector<Trigger<Response>> waiting;
  World world([&](Request request) -> Deferred<Response> {
    if (request.target == "/now") return succeed(Response(200, "now"));
    Deferred<Response> later;
    waiting.push_back(later.takeTrigger());
    return later;
  });
  auto first = world.agent.get("http://a/first");
  auto second = world.agent.get("http://a/second");
  CHECK(world.text("http://a/now") == "now");
  REQUIRE(waiting.size() == 2);
  waiting[1].callback(Response(201));
  waiting[0].callback(Response(202));
  CHECK(world.get(std::move(first)).status == 202);
  CHECK(world.get(std::move(second)).status == 201);
  CHECK(world.site->connections() == 1);
}

TEST_CASE("bodies stream both ways, with back-pressure") {
  int made = 0;
  World world([&](Request request) -> Deferred<Response> {
    if (request.target == "/echo") {
      auto chunks = request.chunks();
      std::string all;
      while (auto chunk = co_await chunks.next()) all += *chunk;
      co_return Response(200, std::to_string(all.size()));
    }
    if (request.target == "/unread") co_return Response(200, "not interested");
    const auto counted = [](int* made) -> AsyncGenerator<std::string> {
      for (*made = 0; *made < 300; ++*made) {
        std::string piece(10'000, 'x');
        co_yield std::move(piece);
      }
    };
    Response response(200);
    response.setBodyChunks(counted(&made));
    co_return response;
  });
  CHECK(world.text(Request("PUT", "http://a/echo").setBody(std::string(2'000'000, 'b'))) == "2000000");
  CHECK(world.text(Request("PUT", "http://a/echo").setBodyChunks(pieces(50, std::string(5000, 'p')))) == "250000");
  CHECK(world.text(Request("PUT", "http://a/echo").setBody("asked").setExpectContinue()) == "5");
  CHECK(world.text(Request("PUT", "http://a/unread").setBody(std::string(2'000'000, 'b'))) == "not interested");
  CHECK(world.text("http://a/many").size() == 3'000'000);
  {
    Response many = world.get(world.agent.get("http://a/many"));
    world.run(1);
    CHECK(made < 60);                                  // the client's window, and what it reads ahead
    CHECK(world.text(Request("PUT", "http://a/echo").setBody("x")) == "1");
    auto piece = many.body.next();
    world.run(1);
    CHECK(successResultOf(piece));
  }
  world.run(1);
  CHECK(made < 120);                                   // dropped with its client
  CHECK(world.agent.stats().connects == 1);
}

TEST_CASE("HEAD, 204 and 304 have no body, and an answer may say how long a body would be") {
  World world([](Request request) -> Deferred<Response> {
    if (request.target == "/204") co_return Response(204, "ignored");
    if (request.target == "/304") co_return Response(304, "ignored").setHeader("ETag", "\"x\"");
    co_return Response(200, "seven77").setHeader("Connection", "close").setHeader("Keep-Alive", "5");
  });
  Response head = world.get(world.agent.head("http://a/"));
  CHECK(head.contentLength() == 7);
  CHECK(head.body.complete());
  CHECK(!head.headers.has("Connection"));
  CHECK(!head.headers.has("Keep-Alive"));
  CHECK(world.get(world.agent.get("http://a/204")).status == 204);
  CHECK(world.get(world.agent.get("http://a/304")).headers.get("ETag", "") == "\"x\"");
}

TEST_CASE("what handlers fail with becomes a status, and what is no request is refused") {
  const Silence silence;
  World world([](Request request) -> Deferred<Response> {
    if (request.target == "/418") throw StatusError(418);
    if (request.target == "/large") co_return Response(200, co_await request.text());
    if (request.target == "/upgrade") co_return Response().setUpgrade("x", [](std::shared_ptr<net::Transport>) {});
    if (request.target == "/broken") {
      Response response(200);
      response.setBodyChunks(pieces(1, "half"), 100);
      co_return response;
    }
    throw std::runtime_error("a secret");
  }, SiteOptions().setMaxBody(1000));
  CHECK(world.get(world.agent.get("http://a/418")).status == 418);
  CHECK(world.get(world.agent.get("http://a/500")).status == 500);
  CHECK(world.get(world.agent.get("http://a/upgrade")).status == 500);
  CHECK(world.get(world.agent.request(Request("PUT", "http://a/large").setBody(std::string(5000, 'x')))).status == 413);
  CHECK(world.get(world.agent.request(Request("GET", "http://a/").setHeader("X-A", std::string(30'000, 'x')).setHeader("X-B", std::string(30'000, 'x')).setHeader("X-C", std::string(30'000, 'x')))).status == 431);
  Response broken = world.get(world.agent.get("http://a/broken"));
  auto body = broken.text();
  world.run(1);
  CHECK(failureResultOf<ResponseFailed>(body).check<ResponseFailed>());
  CHECK(world.agent.stats().connects == 1);
}

TEST_CASE("over HTTP/2, too, an error page whose own body fails is answered with the plain one") {
  const server::Silence silence;
  World world([](Request) -> Deferred<Response> { throw StatusError(404); }, SiteOptions().setErrorPage([](int, const Failure*) { return Response(200).setBodyFile("/no/such/page.html"); }));
  auto answer = world.agent.get("http://a/");
  world.run();
  CHECK(successResultOf(answer).status == 500);
}

TEST_CASE("cookies that came one by one are one field") {
  World world([](Request request) -> Deferred<Response> { co_return Response(200, std::string(request.headers.get("Cookie", ""))); });
  const auto client = world.connect();
  client->transport().write(opening() + frame(kHeaders, kEndStream | kEndHeaders, 1, getBlock() + fieldBlock({{"cookie", "a=1"}, {"cookie", "b=2"}})));
  world.run();
  CHECK(client->received.find("a=1; b=2") != std::string::npos);
}

TEST_CASE("a client that goes, or resets its stream, cancels the handler") {
  int cancelled = 0;
  std::vector<Trigger<Response>> kept;
  World world([&](Request) -> Deferred<Response> {
    Deferred<Response> never([&] { ++cancelled; });
    kept.push_back(never.takeTrigger());
    return never;
  });
  auto pending = world.agent.get("http://a/1");
  auto other = world.agent.get("http://a/2");
  world.run();
  pending.cancel();
  world.run();
  CHECK(cancelled == 1);
  CHECK(world.site->connections() == 1);
  world.agent.close();
  world.run();
  CHECK(cancelled == 2);
  CHECK(world.site->connections() == 0);
  CHECK(failureResultOf<AgentClosed>(other).check<AgentClosed>());
}

TEST_CASE("time limits: a head that is not finished, a handler, a body that stops, a client that does not read, and one that has nothing to ask") {
  const Silence silence;
  SiteOptions options;
  options.setHeadTimeout(5).setBodyTimeout(10).setHandlerTimeout(20).setKeepAlive(30);
  World world([&](Request request) -> Deferred<Response> {
    if (request.target == "/body") co_return Response(200, co_await request.text());
    if (request.target == "/long") co_return Response(200, std::string(10'000'000, 'x'));
    Deferred<Response> never;
    co_return co_await never;
  }, options, AgentOptions().setFirstByteTimeout(1000).setTotalTimeout(1000).setIdleTimeout(1000).setKeepAlive(1000));
  const auto half = world.connect();
  half->transport().write(opening() + frame(kHeaders, kEndStream, 1, getBlock()));
  world.run(4);
  CHECK(!half->lost);
  world.run(2);
  CHECK(half->lost);

  CHECK(world.get(world.agent.get("http://a/never"), 21).status == 503);

  const auto stopped = world.connect();
  stopped->transport().write(opening() + frame(kHeaders, kEndHeaders, 1, fieldBlock({{":method", "PUT"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/body"}})) + frame(kData, kNoFlag, 1, "some"));
  world.run(25);
  CHECK(stopped->received.find("too slowly") != std::string::npos);

  Response unread = world.get(world.agent.get("http://a/long"));
  world.run(25);
  auto body = unread.text();
  world.run(1);
  CHECK(failureResultOf<ResponseFailed>(body).check<ResponseFailed>());      // reset: it was not read for too long
  world.run(31);
  CHECK(world.site->connections() == 0);
  CHECK(world.agent.stats().open == 0);
}

TEST_CASE("a flood ends the connection with ENHANCE_YOUR_CALM, and no other one") {
  int handled = 0;
  World world([&](Request) -> Deferred<Response> { ++handled; return succeed(Response(200)); },
              SiteOptions().setHttp2Options(Http2Options().setResets(50, 10).setControlFrames(200, 10)));
  const auto flooding = world.connect();
  flooding->transport().write(opening());
  std::string flood;
  for (std::uint32_t i = 0; i < 500; ++i) flood += getFrame(2 * i + 1) + frame(kReset, kNoFlag, 2 * i + 1, number32(8));
  flooding->transport().write(flood);
  world.run(1);
  CHECK(flooding->lost);
  CHECK(Ends(flooding->received).goAways == std::vector<std::uint32_t>{0xb});
  CHECK(handled == 0);                                 // of streams that were gone before the read was over
  const std::string head = frame(kHeaders, kEndStream, 1, getBlock());
  for (const std::string& each : {frame(kPing, kNoFlag, 0, "12345678"), frame(kSettings, kNoFlag, 0), frame(kContinuation, kNoFlag, 1)}) {
    const auto client = world.connect();
    std::string frames = opening();
    if (each[3] == kContinuation) frames += head;      // which never ends
    for (int i = 0; i < 1000; ++i) frames += each;
    client->transport().write(frames);
    world.run(1);
    CHECK(client->lost);
    CHECK(Ends(client->received).goAways == std::vector<std::uint32_t>{0xb});
    CHECK(client->received.size() < 8000);             // no more acknowledgements than the budget
  }
  CHECK(handled == 0);
  CHECK(world.text("http://a/") == "");
  CHECK(world.site->connections() == 1);
}

TEST_CASE("closing a site: two GOAWAYs, what was begun is answered, and then the connection ends") {
  std::vector<Trigger<Response>> waiting;
  World world([&](Request) -> Deferred<Response> {
    Deferred<Response> later;
    waiting.push_back(later.takeTrigger());
    return later;
  });
  const auto client = world.connect();
  client->transport().write(opening() + getFrame(1));
  const auto idle = world.connect();
  idle->transport().write(opening());
  world.run();
  auto closed = world.site->close(15);
  world.run(0.1);
  CHECK(idle->lost);
  CHECK(Ends(client->received).goAways.size() == 1);
  client->transport().write(getFrame(3));              // on its way when the site began to close
  world.run(1);
  CHECK(Ends(client->received).goAways.size() == 2);
  client->transport().write(getFrame(5));              // too late
  world.run();
  REQUIRE(waiting.size() == 2);
  for (auto& trigger : waiting) trigger.callback(Response(200, "at last"));
  world.run(1);
  CHECK(Ends(client->received).heads == 2);
  CHECK(client->lost);
  CHECK(closed.called());
}

TEST_CASE("the access log gets an entry for each stream") {
  std::vector<AccessEntry> entries;
  std::vector<Trigger<Response>> kept;
  World world([&](Request request) -> Deferred<Response> {
    if (request.target != "/never") return succeed(Response(200, "12345"));
    Deferred<Response> never;
    kept.push_back(never.takeTrigger());
    return never;
  }, SiteOptions().setAccessLog([&](const AccessEntry& entry) { entries.push_back(entry); }));
  world.text("http://a/one");
  auto never = world.agent.get("http://a/never");
  world.run();
  never.cancel();
  world.run();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].target == "/one");
  CHECK(entries[0].majorVersion == 2);
  CHECK(entries[0].status == 200);
  CHECK(entries[0].bytes == 5);
  CHECK(entries[0].complete);
  CHECK(entries[1].target == "/never");
  CHECK(!entries[1].complete);
}
