// The connections of an Agent: when they are used again, how many there are, whose turn it is.
#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"

#include <functional>
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

TEST_CASE("one connection serves request after request") {      // L2
  World world;
  ScriptedServer server(world.network, 80, reply("x"));
  Agent agent(world.network);
  for (int i = 0; i < 5; ++i) CHECK(world.get(textOf(agent.get("http://a/"))) == "x");
  CHECK(server.peers.size() == 1);
  const AgentStats stats = agent.stats();
  CHECK(stats.requests == 5);
  CHECK(stats.reused == 4);
  CHECK(stats.connects == 1);
  CHECK(stats.open == 1);
  CHECK(stats.idle == 1);
}

TEST_CASE("a connection is not used again when something on it is unclear") {      // L18
  const std::vector<std::string> replies{
      reply("x", "Connection: close\r\n"),
      "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
      reply("x") + "surplus",
      reply("x") + reply("y"),
      "HTTP/1.1 200 OK\r\nConnection: something, CLOSE\r\nContent-Length: 1\r\n\r\nx",
  };
  for (const std::string& bytes : replies) {
    CAPTURE(bytes);
    World world;
    ScriptedServer server(world.network, 80, bytes);
    Agent agent(world.network);
    CHECK(world.get(textOf(agent.get("http://a/"))) == "x");
    CHECK(agent.stats().open == 0);
    CHECK(world.get(textOf(agent.get("http://a/"))) == "x");
    CHECK(server.peers.size() == 2);
    CHECK(server.openConnections() == 0);
  }
  World world;
  ScriptedServer server(world.network, 80, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx");
  Agent agent(world.network);
  world.get(textOf(agent.get("http://a/")));
  world.get(textOf(agent.get("http://a/")));
  CHECK(server.peers.size() == 1);
  Request last("GET", "http://a/");
  last.setHeader("Connection", "close");
  world.get(textOf(agent.request(std::move(last))));
  CHECK(agent.stats().open == 0);
}

TEST_CASE("bytes on an idle connection close it, and are nobody's answer") {
  World world;
  ScriptedServer server(world.network, 80, reply("mine"));
  Agent agent(world.network);
  CHECK(world.get(textOf(agent.get("http://a/"))) == "mine");
  server.peers[0]->send(reply("not yours"));
  world.run();
  CHECK(agent.stats().open == 0);
  CHECK(world.get(textOf(agent.get("http://a/"))) == "mine");
  CHECK(server.peers.size() == 2);
}

TEST_CASE("a reused connection that dies before the first byte costs one silent retry of an idempotent request") {      // L2, F30
  World world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string& request) {
    if (peer.requests == 2 && peer.number == 0)
      peer.close();
    else
      peer.send(reply(request.substr(0, request.find(' '))));
  });
  Agent agent(world.network);
  CHECK(world.get(textOf(agent.get("http://a/"))) == "GET");
  CHECK(world.get(textOf(agent.get("http://a/"))) == "GET");
  CHECK(server.peers.size() == 2);
  CHECK(server.requests == 3);
  CHECK(agent.stats().retries == 1);
}

TEST_CASE("a POST is not sent twice, and nothing is sent three times") {
  World world;
  int closeFrom = 2;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    if (server.requests >= closeFrom)
      peer.close();
    else
      peer.send(reply("x"));
  });
  Agent agent(world.network);
  world.get(textOf(agent.get("http://a/")));
  world.error<ResponseNeverReceived>(agent.post("http://a/", "a", "text/plain"));
  CHECK(server.requests == 2);
  closeFrom = 100;
  world.get(textOf(agent.get("http://a/")));
  closeFrom = 4;
  world.error<ResponseNeverReceived>(agent.get("http://a/"));
  CHECK(server.requests == 5);
}

TEST_CASE("408 on a reused connection is no answer but a farewell") {
  World world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    if (peer.requests == 1) {
      peer.send(reply("x"));
    } else {
      peer.send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      peer.close();
    }
  });
  Agent agent(world.network);
  world.get(textOf(agent.get("http://a/")));
  CHECK(world.get(textOf(agent.get("http://a/"))) == "x");
  CHECK(server.peers.size() == 2);
}

TEST_CASE("an idle connection is closed after a while, and when its server closes it") {
  World world;
  ScriptedServer server(world.network, 80, reply("x"));
  Agent agent(world.network, AgentOptions().setKeepAlive(30));
  world.get(textOf(agent.get("http://a/")));
  world.run(28);
  CHECK(agent.stats().idle == 1);
  world.run(2);
  CHECK(agent.stats().open == 0);
  CHECK(server.openConnections() == 0);
  world.get(textOf(agent.get("http://a/")));
  server.peers.back()->close();
  world.run();
  CHECK(agent.stats().open == 0);
}

TEST_CASE("no more than maxPerHost connections to an origin; the others wait in order") {      // L2
  World world;
  std::vector<std::string> order;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    order.push_back(request.substr(4, request.find(' ', 4) - 4));
    world.clock.callLater(0.1, [&peer] { peer.send(reply("x")); });
  });
  Agent agent(world.network, AgentOptions().setMaxPerHost(2));
  std::vector<Deferred<std::string>> all;
  for (int i = 0; i < 10; ++i) all.push_back(textOf(agent.get("http://a/" + std::to_string(i))));
  world.run(0.05);
  CHECK(agent.stats().open == 2);
  CHECK(agent.stats().waiting == 8);
  world.run(1);
  for (auto& one : all) CHECK(successResultOf(one) == "x");
  CHECK(server.peers.size() == 2);
  CHECK(order == std::vector<std::string>{"/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9"});
}

TEST_CASE("origins take turns when they share the total, and idle connections make room") {
  World world;
  std::vector<std::string> order;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    const auto host = request.find("Host: ") + 6;
    order.push_back(request.substr(host, 1));
    world.clock.callLater(0.1, [&peer] { peer.send(reply("x")); });
  });
  Agent agent(world.network, AgentOptions().setMaxPerHost(4).setMaxTotal(1));
  std::vector<Deferred<std::string>> all;
  for (const char* host : {"a", "a", "a", "a", "b", "b", "c"})
    all.push_back(textOf(agent.get("http://" + std::string(host) + "/")));
  world.run(0.01);
  CHECK(agent.stats().open == 1);
  world.run(2);
  for (auto& one : all) CHECK(successResultOf(one) == "x");
  CHECK(order.size() == 7);
  // The first a, then in turns, so that b and c do not wait for all of a.
  CHECK(std::vector<std::string>(order.begin(), order.begin() + 4) == std::vector<std::string>{"a", "a", "b", "c"});
  CHECK(agent.stats().open == 1);
}

TEST_CASE("cancel frees the place at once: waiting, connecting, sent, in the body") {      // L6
  World world;
  world.network.setLink(MemoryLink().latency(0.1));
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /half")) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    if (request.starts_with("GET /whole")) peer.send(reply("x"));
  });
  Agent agent(world.network, AgentOptions().setMaxPerHost(1));

  auto connecting = agent.get("http://a/silent");
  auto waiting = agent.get("http://a/silent");
  CHECK(agent.stats().open == 1);
  CHECK(agent.stats().waiting == 1);
  waiting.cancel();
  CHECK(agent.stats().waiting == 0);
  failureResultOf<CancelledError>(waiting);
  connecting.cancel();
  CHECK(agent.stats().open == 0);
  failureResultOf<CancelledError>(connecting);

  auto sent = agent.get("http://a/silent");
  auto next = textOf(agent.get("http://a/whole"));
  world.run(1);
  assertNoResult(sent);
  assertNoResult(next);
  sent.cancel();
  failureResultOf<CancelledError>(sent);
  CHECK(agent.stats().open == 1);                                          // the next one's, already
  world.run(1);
  CHECK(successResultOf(next) == "x");

  auto body = textOf(agent.get("http://a/half"));
  world.run(1);
  assertNoResult(body);
  CHECK(agent.stats().open == 1);
  body.cancel();
  failureResultOf<CancelledError>(body);
  CHECK(agent.stats().open == 0);
  world.run(1);
  CHECK(server.openConnections() == 0);
}

TEST_CASE("a body that nobody reads does not hold its connection once the response is dropped") {      // L3
  World world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nsome");
  });
  Agent agent(world.network, AgentOptions().setMaxPerHost(1));
  {
    Response response = world.get(agent.get("http://a/"));
    CHECK(!response.body.complete());
    CHECK(agent.stats().open == 1);
  }
  CHECK(agent.stats().open == 0);
  world.run();
  CHECK(server.openConnections() == 0);
}

TEST_CASE("requests that a response's callback sends find the connection free") {
  World world;
  ScriptedServer server(world.network, 80, reply("x"));
  Agent agent(world.network);
  int left = 1000;
  std::function<void()> again = [&] {
    if (left-- == 0) return;
    agent.get("http://a/").addCallback([&](Response) { again(); }).detach();
  };
  again();
  world.run(1);
  CHECK(left == -1);
  CHECK(server.requests == 1000);
  CHECK(server.peers.size() == 1);
}
