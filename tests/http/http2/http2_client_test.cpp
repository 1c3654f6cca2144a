// An Agent that speaks HTTP/2: what is asked, what comes back, and what the two share of a connection.
#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"
#include "http/http2/http2_server.hpp"

#include <weft/defer/defer_later.hpp>
#include <weft/http/client/retry_agent.hpp>
#include <weft/net/tls/certificate_authority.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using weft::test::AgentWorld;
using weft::test::Http2Server;
using weft::test::reply;
using weft::test::ScriptedServer;
using weft::test::textOf;
using Stream = Http2Server::Stream;

namespace {

AgentOptions knowing() { return AgentOptions().setHttp2PriorKnowledge(true); }

const net::CertificateAuthority& authority() {
  static const net::CertificateAuthority ours;
  return ours;
}

net::TlsServerContext contextOf(std::vector<std::string> protocols) {
  return net::TlsServerContext(net::CertificateOptions(authority().issue(net::CertificateDetails("a").name("b"))).acceptableProtocols(std::move(protocols)));
}

AgentOptions trusting() {
  net::TlsClientOptions tls;
  tls.trustRoot(net::trustRootFromCertificates({authority().certificate()}));
  return AgentOptions().setTls(tls);
}

void hello(Stream& stream) { stream.reply("hello " + stream.path); }

}  // namespace

TEST_CASE("https speaks HTTP/2 where the server does, and says so") {
  AgentWorld world;
  Http2Server server(world.network, 443, hello, contextOf({"h2", "http/1.1"}));
  Agent agent(world.network, trusting());
  Response response = world.get(agent.get("https://a/path?x=1"));
  CHECK(response.status == 200);
  CHECK(world.get(response.text()) == "hello /path?x=1");
  REQUIRE(response.tls());
  CHECK(response.tls()->negotiatedProtocol() == "h2");
  CHECK(response.peer().port() == 443);
  CHECK(!response.isOfReusedConnection());
  const Stream& asked = server.stream(0);
  CHECK(asked.method == "GET");
  CHECK(asked.scheme == "https");
  CHECK(asked.authority == "a");
  CHECK(asked.path == "/path?x=1");
  CHECK(asked.fields.get("user-agent", "") == "weft");
  CHECK(asked.fields.size() == 1);
  CHECK(agent.stats().http2 == 1);

  Response again = world.get(agent.get("https://a/"));
  CHECK(again.isOfReusedConnection());
  CHECK(agent.stats().connects == 1);
  CHECK(agent.stats().idle == 1);
}

TEST_CASE("a server that chooses HTTP/1.1, or knows nothing of ALPN, is spoken to in HTTP/1.1; and so is everybody by an agent that is told to") {
  for (const bool alpn : {true, false}) {
    CAPTURE(alpn);
    AgentWorld world;
    ScriptedServer server(world.network, 443, reply("old"), alpn ? contextOf({"http/1.1"}) : contextOf({}));
    Agent agent(world.network, trusting());
    CHECK(world.get(textOf(agent.get("https://a/"))) == "old");
    CHECK(server.peers[0]->received.starts_with("GET / HTTP/1.1\r\n"));
    CHECK(agent.stats().http2 == 0);
  }
  AgentWorld world;
  ScriptedServer server(world.network, 443, reply("old"), contextOf({"h2", "http/1.1"}));
  Agent agent(world.network, trusting().setHttp2(false));
  CHECK(world.get(textOf(agent.get("https://a/"))) == "old");
}

TEST_CASE("requests share one connection, also those that were made before it was there, and are written together") {
  AgentWorld world;
  Http2Server server(world.network, 443, hello, contextOf({"h2"}));
  Agent agent(world.network, trusting());
  std::vector<Deferred<std::string>> pages;
  for (int i = 0; i < 50; ++i) pages.push_back(textOf(agent.get("https://a/" + std::to_string(i))));
  world.run(1);
  for (int i = 0; i < 50; ++i) CHECK(successResultOf(pages[static_cast<std::size_t>(i)]) == "hello /" + std::to_string(i));
  CHECK(server.peers.size() == 1);
  CHECK(agent.stats().connects == 1);
  CHECK(agent.stats().handshakes == 1);
  CHECK(server.peers[0]->reads <= 6);                  // the preface, the first request, the 49 others, acknowledgements
}

TEST_CASE("a server that speaks HTTP/1.1 is given as many connections as before, once that is known") {
  AgentWorld world;
  ScriptedServer server(world.network, 443, ScriptedServer::Answer(), contextOf({"http/1.1"}));
  Agent agent(world.network, trusting().setMaxPerHost(4));
  std::vector<Deferred<Response>> pages;
  for (int i = 0; i < 6; ++i) pages.push_back(agent.get("https://a/" + std::to_string(i)));
  world.run(1);
  CHECK(server.peers.size() == 4);
  CHECK(agent.stats().waiting == 2);
  for (auto& page : pages) page.cancel();
}

TEST_CASE("when the connection from which the others want to learn does not come about, each tries for itself") {
  AgentWorld world;
  world.network.setLinks([](const std::string&, std::uint16_t, std::uint64_t number) { return number == 0 ? std::optional(net::MemoryLink().refused()) : std::nullopt; });
  Http2Server server(world.network, 443, hello, contextOf({"h2"}));
  Agent agent(world.network, trusting());
  auto first = agent.get("https://a/1");
  auto second = textOf(agent.get("https://a/2"));
  auto third = textOf(agent.get("https://a/3"));
  world.run(1);
  CHECK(failureResultOf<net::ConnectionRefused>(first).check<net::ConnectionRefused>());
  CHECK(successResultOf(second) == "hello /2");
  CHECK(successResultOf(third) == "hello /3");

  auto fourth = agent.get("https://b/");
  fourth.cancel();                                     // while it connects: the next one goes on
  CHECK(world.get(textOf(agent.get("https://b/5"))) == "hello /5");
}

TEST_CASE("http speaks HTTP/2 by prior knowledge only") {
  AgentWorld world;
  Http2Server server(world.network, 80, hello);
  Agent agent(world.network, knowing());
  CHECK(world.get(textOf(agent.get("http://a/x"))) == "hello /x");
  CHECK(server.stream(0).scheme == "http");
  Agent other(world.network);
  CHECK(world.error<RequestError>(other.get("http://a/x"), 200).url == "http://a/x");
}

TEST_CASE("fields that belong to one connection are left out, Host becomes :authority, and names are lower-case on the way") {
  AgentWorld world;
  Http2Server server(world.network, 80, hello);
  Agent agent(world.network, knowing());
  Request request("GET", "http://a/");
  request.setHeader("Host", "other.test").setHeader("Connection", "keep-alive").setHeader("Keep-Alive", "5").setHeader("TE", "trailers").setHeader("Proxy-Connection", "x");
  request.setHeader("X-Ours", "Yes").setHeader("User-Agent", "mine");
  world.get(agent.request(std::move(request)));
  const Stream& asked = server.stream(0);
  CHECK(asked.authority == "other.test");
  CHECK(asked.fields.wire() == "te: trailers\r\nx-ours: Yes\r\nuser-agent: mine\r\n");
}

TEST_CASE("bodies are sent: from memory with their length, as they are made without, and empty ones of a POST") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) { stream.reply(std::to_string(stream.body.size()) + " " + std::string(stream.fields.get("content-length", "none"))); });
  Agent agent(world.network, knowing());
  CHECK(world.get(textOf(agent.request(Request("POST", "http://a/").setBody("12345")))) == "5 5");
  CHECK(world.get(textOf(agent.request(Request("POST", "http://a/")))) == "0 0");
  CHECK(world.get(textOf(agent.request(Request("POST", "http://a/").setBody(std::string(1'000'000, 'x'))))) == "1000000 1000000");
  const auto pieces = [](int count) -> AsyncGenerator<std::string> {
    for (int i = 0; i < count; ++i) {
      std::string piece(1000, 'p');
      co_yield std::move(piece);
    }
  };
  CHECK(world.get(textOf(agent.request(Request("PUT", "http://a/").setBodyChunks(pieces(300))))) == "300000 none");
  CHECK(world.get(textOf(agent.request(Request("PUT", "http://a/").setBodyChunks(pieces(3), 3000)))) == "3000 3000");
  CHECK(world.error<RequestBodyLengthError>(agent.request(Request("PUT", "http://a/").setBodyChunks(pieces(3), 3001))).given == 3000);
  CHECK(world.get(textOf(agent.request(Request("PUT", "http://a/").setBody("asked").setExpectContinue())), 3) == "5 5");
  CHECK(server.peers.size() == 1);                     // what was wrong with one request harmed no other
}

TEST_CASE("a body is taken from its source as fast as the server reads it") {
  AgentWorld world;
  Http2Server server(world.network, 80, hello, {}, Http2Options().setStreamWindow(64 * 1024));
  server.readsBodies = false;
  Agent agent(world.network, knowing());
  int made = 0;
  const auto pieces = [&made]() -> AsyncGenerator<std::string> {
    for (made = 0; made < 100; ++made) {
      std::string piece(10'000, 'p');
      co_yield std::move(piece);
    }
  };
  auto page = textOf(agent.request(Request("PUT", "http://a/big").setBodyChunks(pieces())));
  world.run(1);
  CHECK(made <= 8);
  CHECK(server.stream(0).body.size() <= 64 * 1024);
  CHECK(world.get(textOf(agent.get("http://a/small"))) == "hello /small");      // the connection is free for others
  server.readsBodies = true;
  server.stream(0).read();
  CHECK(world.get(std::move(page)) == "hello /big");
  CHECK(made == 100);
  CHECK(server.stream(0).body.size() == 1'000'000);
}

TEST_CASE("a body that nobody reads stops its own stream, and not the others") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) { stream.reply(stream.path == "/big" ? std::string(3'000'000, 'x') : "small"); });
  Agent agent(world.network, knowing().setIdleTimeout(1000).setTotalTimeout(1000));
  Response big = world.get(agent.get("http://a/big"));
  world.run(1);
  const std::size_t held = 3'000'000 - server.stream(0).unsent();
  CHECK(held <= Http2Options().streamWindow + Body::kReadAhead);
  for (int i = 0; i < 20; ++i) CHECK(world.get(textOf(agent.get("http://a/" + std::to_string(i)))) == "small");
  CHECK(server.peers.size() == 1);
  CHECK(3'000'000 - server.stream(0).unsent() == held);
  CHECK(world.get(big.text()).size() == 3'000'000);
}

TEST_CASE("trailers and interim responses come as with HTTP/1") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) {
    stream.respond(103, {{"link", "</a.css>"}});
    stream.respond(200);
    stream.send("body");
    stream.end({{"x-sum", "42"}});
  });
  Agent agent(world.network, knowing());
  std::string hints;
  Request request("GET", "http://a/");
  request.setOnInterim([&](int status, const Headers& headers) { hints += std::to_string(status) + std::string(headers.get("Link", "")); });
  Response response = world.get(agent.request(std::move(request)));
  CHECK(hints == "103</a.css>");
  CHECK(response.interimResponses() == 1);
  CHECK(world.get(response.text()) == "body");
  CHECK(response.trailers().get("X-Sum", "") == "42");
}

TEST_CASE("answers without a body: HEAD, 204, 304") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) { stream.respond(stream.method == "HEAD" ? 200 : stream.path == "/204" ? 204 : 304, {{"content-length", "70"}, {"etag", "x"}}, true); });
  Agent agent(world.network, knowing());
  Response head = world.get(agent.head("http://a/"));
  CHECK(head.contentLength() == 70);
  CHECK(head.body.complete());
  CHECK(world.get(agent.get("http://a/304")).status == 304);
}
