#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"

#include <weft/http/parser.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::http;
using weft::net::MemoryLink;
using weft::test::reply;
using weft::test::ScriptedServer;
using weft::test::textOf;
using Peer = ScriptedServer::Peer;
using World = weft::test::AgentWorld;

TEST_CASE("a GET sends what it must and gives head and body") {
  World world;
  ScriptedServer server(world.network, 80, reply("hello", "X-A: b\r\n"));
  Agent agent(world.network);
  Response response = world.get(agent.get("http://a/path?q#fragment"));
  CHECK(response.status == 200);
  CHECK(response.ok());
  CHECK(response.headers.get("x-a") == "b");
  CHECK(response.contentLength() == 5);
  CHECK(response.url.href() == "http://a/path?q#fragment");
  CHECK(response.body.complete());
  CHECK(world.get(response.text()) == "hello");
  CHECK(server.peers[0]->received == "GET /path?q HTTP/1.1\r\nHost: a\r\nUser-Agent: weft\r\n\r\n");
}

TEST_CASE("fields and a body go out as they were given") {
  World world;
  ScriptedServer server(world.network, 8080, reply(""));
  Agent agent(world.network);
  Request request("POST", "http://a:8080/x");
  request.setHeader("user-agent", "me").setHeader("Host", "other").setBody("a=1", "text/plain");
  world.get(agent.request(std::move(request)));
  CHECK(
      server.peers[0]->received ==
      "POST /x HTTP/1.1\r\nuser-agent: me\r\nHost: other\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\na=1");
  world.get(agent.request(Request("PUT", "http://a:8080/y")));
  CHECK(server.peers[0]->received.ends_with(
      "PUT /y HTTP/1.1\r\nHost: a:8080\r\nUser-Agent: weft\r\nContent-Length: 0\r\n\r\n"));
}

TEST_CASE("what cannot be sent is refused before anything is") {
  World world;
  Agent agent(world.network);
  CHECK(world.error<UrlError>(agent.get("no url")).reason == UrlProblem::MissingScheme);
  CHECK(world.error<UnsupportedScheme>(agent.get("ftp://a/")).scheme == "ftp");
  CHECK(world.error<UnsupportedScheme>(agent.get("file:///etc/passwd")).scheme == "file");
  CHECK(world.error<HeaderError>(agent.request(Request("GET", "http://a/").setHeader("Content-Length", "5"))).name ==
        "Content-Length");
  CHECK_THROWS_AS(Request("G T", "http://a/"), HeaderError);
  CHECK_THROWS_AS(Request("GET", "http://a/").setHeader("X", "a\r\nY: b"), HeaderError);
  CHECK(world.network.attempts() == 0);
}

TEST_CASE("HEAD, 204 and 304 have no body, and interim responses are passed over") {
  World world;
  std::string bytes;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) { peer.send(bytes); });
  Agent agent(world.network);
  bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
  Response head = world.get(agent.head("http://a/"));
  CHECK(head.contentLength() == 1000);
  CHECK(world.get(head.bytes()) == "");
  bytes = "HTTP/1.1 204 No Content\r\n\r\n";
  CHECK(world.get(textOf(agent.get("http://a/"))) == "");
  bytes = "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n";
  CHECK(world.get(agent.get("http://a/")).status == 304);
  bytes = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + reply("real");
  CHECK(world.get(textOf(agent.get("http://a/"))) == "real");
  CHECK(server.peers.size() == 1);
}

TEST_CASE("chunked bodies and bodies until close") {
  World world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /chunked")) {
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n");
    } else {
      peer.send("HTTP/1.1 200 OK\r\n\r\nuntil ");
      peer.send("close");
      peer.close();
    }
  });
  Agent agent(world.network);
  CHECK(world.get(textOf(agent.get("http://a/chunked"))) == "abcde");
  CHECK(world.get(textOf(agent.get("http://a/close"))) == "until close");
  CHECK(server.peers.size() == 1);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a body that is cut is an error, never a page") {
  struct Case {
    std::string bytes;
    bool reset;
  };
  for (const Case& c : {Case{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", false},
                        Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false},
                        Case{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true},
                        Case{"HTTP/1.1 200 OK\r\n\r\nuntil close", true}}) {
    CAPTURE(c.bytes);
    World world;
    ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
      peer.send(c.bytes);
      world.clock.callLater(0.1, [&peer, &c] { c.reset ? peer.reset() : peer.close(); });
    });
    Agent agent(world.network);
    const ResponseFailed error = world.error<ResponseFailed>(textOf(agent.get("http://a/")));
    if (c.reset) {
      CHECK(error.reason.check<net::ConnectionLost>());
    } else {
      REQUIRE(error.reason.check<ParseError>());
      CHECK(error.reason.as<ParseError>()->problem == ParseProblem::Truncated);
    }
    CHECK(error.url == "http://a/");
    CHECK(agent.stats().open == 0);
  }
}

TEST_CASE("what is no HTTP is an error that says why") {
  World world;
  ScriptedServer server(world.network, 80, "<html>no head at all");
  Agent agent(world.network);
  const ResponseFailed error = world.error<ResponseFailed>(agent.get("http://a/"));
  REQUIRE(error.reason.check<ParseError>());
  CHECK(error.reason.as<ParseError>()->problem == ParseProblem::StartLine);
  CHECK(std::string(error.what()).find("requesting http://a/: reading a response") == 0);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("errors of connecting are net's own") {
  World world;
  Agent agent(world.network, AgentOptions().setConnectTimeout(5));
  world.error<net::ConnectionRefused>(agent.get("http://a/"));
  world.error<net::DNSLookupError>(agent.get("http://unknown/"));
  world.network.setLink("b", MemoryLink().silent());
  world.error<net::ConnectTimeout>(agent.get("http://b/"), 6);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a connection that closes without a byte is ResponseNeverReceived") {
  World world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string&) { peer.close(); });
  Agent agent(world.network);
  const auto error = world.error<ResponseNeverReceived>(agent.get("http://a/"));
  CHECK(error.reason.check<net::ConnectionDone>());
  CHECK(server.requests == 1);
}

TEST_CASE("each timeout is its own error, at its time, and frees the connection") {
  World world;
  const AgentOptions options = AgentOptions().setFirstByteTimeout(10).setIdleTimeout(5).setTotalTimeout(30);
  ScriptedServer silent(world.network, 1);
  ScriptedServer stalling(world.network, 2, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  ScriptedServer dripping(world.network, 3, [&](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 1; i < 100; ++i) world.clock.callLater(i, [&peer] { peer.send("x"); });
  });
  Agent agent(world.network, options);
  auto first = agent.get("http://a:1/");
  auto idle = textOf(agent.get("http://a:2/"));
  auto total = textOf(agent.get("http://a:3/"));
  world.run(4.9);
  assertNoResult(idle);
  world.run(0.2);
  CHECK(failureResultOf<IdleTimeout>(idle).as<IdleTimeout>()->seconds == 5);
  assertNoResult(first);
  world.run(5);
  CHECK(std::string(failureResultOf<FirstByteTimeout>(first).what()) ==
        "requesting http://a:1/: no byte of the response had come after 10 s");
  assertNoResult(total);
  world.run(20);
  CHECK(failureResultOf<TotalTimeout>(total).as<TotalTimeout>()->url == "http://a:3/");
  world.run();
  CHECK(agent.stats().open == 0);
  CHECK(silent.openConnections() + stalling.openConnections() + dripping.openConnections() == 0);
}

TEST_CASE("the total timeout also counts while a request waits for a connection") {
  World world;
  ScriptedServer server(world.network, 80);
  Agent agent(world.network, AgentOptions().setMaxPerHost(1).setTotalTimeout(100));
  auto first = agent.get("http://a/");
  Request hasty("GET", "http://a/");
  hasty.setTimeout(3);
  auto second = agent.request(std::move(hasty));
  world.run(2.9);
  assertNoResult(second);
  world.run(0.2);
  failureResultOf<TotalTimeout>(second);
  assertNoResult(first);
  CHECK(agent.stats().waiting == 0);
  first.cancel();
  failureResultOf<CancelledError>(first);
}

TEST_CASE("a body over the limit is refused: at once when its length is announced, else when it is reached") {
  World world;
  ScriptedServer announced(world.network, 1, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nx");
  ScriptedServer chunked(world.network, 2, [](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 10; ++i) peer.send("64\r\n" + std::string(100, 'x') + "\r\n");
  });
  ScriptedServer fine(world.network, 3, reply(std::string(500, 'y')));
  Agent agent(world.network, AgentOptions().setMaxBody(500));
  const auto early = world.error<BodyTooLarge>(agent.get("http://a:1/"));
  CHECK(early.announced == 5000);
  CHECK(early.limit == 500);
  world.error<BodyTooLarge>(textOf(agent.get("http://a:2/")));
  CHECK(world.get(textOf(agent.get("http://a:3/"))).size() == 500);
  Request larger("GET", "http://a:2/");
  larger.setMaxBody(2000).setTimeout(5);
  world.error<TotalTimeout>(textOf(agent.request(std::move(larger))), 10);
  Response response = world.get(agent.get("http://a:3/"));
  world.error<BodyTooLarge>(response.bytes(499));
  CHECK(agent.stats().open == 1);
}

TEST_CASE("a long body comes in pieces, and no faster than it is read") {
  World world;
  const std::size_t size = 3'000'000;
  std::string body;
  for (std::size_t i = 0; i < size; ++i) body.push_back(static_cast<char>('a' + i % 23));
  ScriptedServer server(world.network, 80, reply(body));
  Agent agent(world.network);
  Response response = world.get(agent.get("http://a/"), 10);
  CHECK(!response.body.complete());
  CHECK(server.peers[0]->transport().buffered() > size / 2);                // the peer waits
  std::string read;
  for (;;) {
    auto piece = world.get(response.body.next(), 0.01);
    if (!piece) break;
    CHECK(piece->size() <= 3 * Body::kReadAhead);
    read += *piece;
  }
  CHECK(read == body);
  CHECK(agent.stats().idle == 1);
  CHECK(world.get(textOf(agent.get("http://a/"))) == body);
  CHECK(server.peers.size() == 1);
}

TEST_CASE("a slow reader holds up neither other requests nor the idle timeout") {
  World world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string& request) {
    peer.send(reply(request.starts_with("GET /long") ? std::string(2'000'000, 'x') : "short"));
  });
  Agent agent(world.network, AgentOptions().setIdleTimeout(5).setTotalTimeout(1000));
  Response slow = world.get(agent.get("http://a/long"));
  world.run(60);
  CHECK(world.get(textOf(agent.get("http://a/short"))) == "short");
  CHECK(world.get(slow.bytes()).size() == 2'000'000);
}

TEST_CASE("closing the Agent ends everything, and later requests fail") {
  World world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /half")) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    if (request.starts_with("GET /whole")) peer.send(reply("x"));
  });
  Agent agent(world.network, AgentOptions().setMaxPerHost(3));
  auto silent = agent.get("http://a/silent");
  auto half = textOf(agent.get("http://a/half"));
  world.get(textOf(agent.get("http://a/whole")));
  auto more = agent.get("http://a/silent");
  auto waiting = agent.get("http://a/silent");
  auto connecting = agent.get("http://b/silent");
  agent.close();
  failureResultOf<AgentClosed>(silent);
  failureResultOf<AgentClosed>(half);
  failureResultOf<AgentClosed>(more);
  failureResultOf<AgentClosed>(waiting);
  failureResultOf<AgentClosed>(connecting);
  failureResultOf<AgentClosed>(agent.get("http://a/"));
  world.run();
  CHECK(server.openConnections() == 0);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("an Agent may be destroyed by whoever it fires") {
  World world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /half"))
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    else
      peer.send(reply("x"));
  });
  for (const char* url : {"http://a/", "http://a/half", "http://a:1/", "http://unknown/"}) {
    CAPTURE(url);
    auto agent = std::make_unique<Agent>(world.network);
    auto other = agent->get("http://b/half");
    bool fired = false;
    agent->get(url)
        .addBoth([&](Outcome<Response>) {
          agent.reset();
          fired = true;
        })
        .detach();
    world.run(1);
    CHECK(fired);
    CHECK(other.called());
    if (other.result().ok()) continue;
  }
}
