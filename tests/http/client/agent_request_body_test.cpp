#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/reactor.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/http/body_source.hpp>
#include <weft/http/file_error.hpp>
#include <weft/net/tcp_network.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;
using namespace weft::http;
using weft::test::AgentWorld;
using weft::test::reply;
using weft::test::ScriptedServer;
using weft::test::TemporaryFolder;
using weft::test::textOf;
using Peer = ScriptedServer::Peer;

namespace {

AsyncGenerator<std::string> pieces(std::vector<std::string> all) {
  for (std::string& piece : all) co_yield std::move(piece);
}

/// A piece a second.
AsyncGenerator<std::string> slowPieces(Clock& clock, int count) {
  for (int i = 0; i < count; ++i) {
    auto waiting = deferLater(clock, 1);
    co_await waiting;
    std::string piece = std::to_string(i);
    co_yield std::move(piece);
  }
}

AsyncGenerator<std::string> endless(std::size_t* given) {
  for (;;) {
    *given += 10'000;
    std::string piece(10'000, 'x');
    co_yield std::move(piece);
  }
}

struct Broken : std::runtime_error {
  Broken() : std::runtime_error("the table is gone") {}
};

AsyncGenerator<std::string> broken(Clock& clock) {
  std::string piece = "begun";
  co_yield std::move(piece);
  auto waiting = deferLater(clock, 1);
  co_await waiting;
  throw Broken();
}

Request post(std::string_view url = "http://a/") { return Request("POST", url); }

/// Answers once all of the body has come.
void answerAtEnd(ScriptedServer& server, std::string_view end) {
  server.heard = [end = std::string(end)](Peer& peer, std::string_view) {
    if (peer.received.ends_with(end)) peer.send(reply("thanks"));
  };
}

std::string bodyOf(const Peer& peer) { return peer.received.substr(peer.received.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE("a generator's pieces are sent as chunks, as they come") {      // L8
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  answerAtEnd(server, "0\r\n\r\n");
  Agent agent(world.network);
  CHECK(world.get(textOf(agent.request(post().setBodyChunks(pieces({"hello", "", "wonderful big world"}))))) == "thanks");
  CHECK(server.peers[0]->received ==
        "POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: weft\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n13\r\nwonderful big world\r\n0\r\n\r\n");
  auto slow = textOf(agent.request(post().setBodyChunks(slowPieces(world.clock, 3))));
  world.run(1.5);
  CHECK(server.peers[0]->received.ends_with("\r\n\r\n1\r\n0\r\n"));
  assertNoResult(slow);
  world.run(2);
  CHECK(successResultOf(slow) == "thanks");
  CHECK(server.peers.size() == 1);
  CHECK(agent.stats().idle == 1);
}

TEST_CASE("with a length the pieces go out as they are, and another number of bytes is an error") {      // L8
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  answerAtEnd(server, "world");
  Agent agent(world.network);
  CHECK(world.get(textOf(agent.request(post().setBodyChunks(pieces({"hello ", "world"}), 11)))) == "thanks");
  CHECK(server.peers[0]->received.ends_with("Content-Length: 11\r\n\r\nhello world"));

  const auto few = world.error<RequestBodyLengthError>(agent.request(post().setBodyChunks(pieces({"hello"}), 11)));
  CHECK(few.announced == 11);
  CHECK(few.given == 5);
  CHECK(few.url == "http://a/");
  const auto many = world.error<RequestBodyLengthError>(agent.request(post().setBodyChunks(pieces({"hello", "1234567"}), 11)));
  CHECK(many.given == 12);
  CHECK(bodyOf(*server.peers.back()) == "hello");       // what was too much has not left
  CHECK(agent.stats().open == 0);
  CHECK(world.get(textOf(agent.request(post().setBodyChunks(pieces({}), 0).setBody("world")))) == "thanks");
}

TEST_CASE("a body of no bytes is sent as such") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, reply("x"));
  Agent agent(world.network);
  world.get(agent.request(post().setBodyChunks(pieces({}), 0)));
  CHECK(server.peers[0]->received.ends_with("Content-Length: 0\r\n\r\n"));
  world.get(agent.request(post().setBodyChunks(pieces({}))));
  CHECK(server.peers.back()->received.ends_with("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
}

TEST_CASE("what a generator throws is the request's error, and the connection is given up") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  Agent agent(world.network);
  const auto error = world.error<RequestBodyFailed>(agent.request(post().setBodyChunks(broken(world.clock))), 2);
  CHECK(error.reason.check<Broken>());
  CHECK(std::string(error.what()) == "requesting http://a/: the body to send could not be had: the table is gone");
  CHECK(bodyOf(*server.peers[0]) == "5\r\nbegun\r\n");
  CHECK(agent.stats().open == 0);
  CHECK(server.openConnections() == 0);
}

TEST_CASE("a generator is asked for no more than the server takes") {      // L8
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  server.heard = [](Peer& peer, std::string_view) { peer.transport().pauseReading(); };
  Agent agent(world.network, AgentOptions().setIdleTimeout(5));
  std::size_t given = 0;
  auto response = agent.request(post().setBodyChunks(endless(&given)));
  world.run(4);
  CHECK(given < 500'000);
  CHECK(given > 50'000);
  assertNoResult(response);
  world.run(2);
  failureResultOf<IdleTimeout>(response);              // nothing moves
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a slow source is waited for, within the total time") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  answerAtEnd(server, "0\r\n\r\n");
  Agent agent(world.network, AgentOptions().setIdleTimeout(0.5).setFirstByteTimeout(0.5).setTotalTimeout(20));
  CHECK(world.get(textOf(agent.request(post().setBodyChunks(slowPieces(world.clock, 10)))), 11) == "thanks");
  world.error<TotalTimeout>(agent.request(post().setBodyChunks(slowPieces(world.clock, 100))), 21);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("cancel ends a generator in the middle") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  Agent agent(world.network);
  auto response = agent.request(post().setBodyChunks(slowPieces(world.clock, 100)));
  world.run(3.5);
  response.cancel();
  failureResultOf<CancelledError>(response);
  CHECK(agent.stats().open == 0);
  world.run(0.1);
  CHECK(world.clock.getDelayedCalls().empty());
  auto another = agent.request(post().setBodyChunks(slowPieces(world.clock, 100)));
  world.run(1.5);
  agent.close();
  failureResultOf<AgentClosed>(another);
  world.run(0.1);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("a file is sent with its length, and again when that is needed") {
  AgentWorld world;
  TemporaryFolder folder;
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += std::to_string(i) + '\n';
  std::ofstream(folder / "table") << content;
  ScriptedServer server(world.network, 80);
  server.heard = [&](Peer& peer, std::string_view) {
    if (peer.number == 0 && peer.requests == 2) return peer.close();       // it dies with the second
    if (peer.received.ends_with("19999\n") || peer.received.starts_with("GET")) peer.send(reply("thanks"));
  };
  Agent agent(world.network);
  world.get(agent.get("http://a/"));
  Request put("PUT", "http://a/");
  put.setBodyFile(folder / "table");
  CHECK(put.isBodyRepeatable());
  CHECK(world.get(textOf(agent.request(put))) == "thanks");
  CHECK(agent.stats().retries == 1);
  CHECK(server.peers.back()->received.find("Content-Length: " + std::to_string(content.size()) + "\r\n") != std::string::npos);
  CHECK(bodyOf(*server.peers.back()) == content);
  CHECK(world.get(textOf(agent.request(put))) == "thanks");                // requests are values: this one is as good as new
}

TEST_CASE("a file that cannot be read is an error before anything is connected") {
  AgentWorld world;
  TemporaryFolder folder;
  Agent agent(world.network);
  const std::string missing = folder / "missing";
  const auto error = world.error<RequestBodyFailed>(agent.request(post().setBodyFile(missing)));
  REQUIRE(error.reason.check<FileError>());
  CHECK(error.reason.as<FileError>()->path == missing);
  CHECK(error.reason.as<FileError>()->systemError == ENOENT);
  CHECK(world.error<RequestBodyFailed>(agent.request(post().setBodyFile(folder / ""))).reason.as<FileError>()->systemError == EISDIR);
  CHECK(world.network.attempts() == 0);
  CHECK(agent.stats().waiting == 0);
}

TEST_CASE("a file that shrinks while it is sent is a wrong length") {
  AgentWorld world;
  TemporaryFolder folder;
  const std::string path = folder / "log";
  std::ofstream(path) << std::string(1'000'000, 'x');
  ScriptedServer server(world.network, 80);
  Agent agent(world.network);
  world.network.setLink(net::MemoryLink().latency(0.1));
  auto response = agent.request(post().setBodyFile(path));
  world.run(0.25);
  std::filesystem::resize_file(path, 100'000);
  world.run(5);
  CHECK(failureResultOf<RequestBodyLengthError>(response).as<RequestBodyLengthError>()->announced == 1'000'000);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a reused connection that dies is replaced only when the body can be sent again") {
  const auto run = [](Request request) {
    AgentWorld world;
    ScriptedServer server(world.network, 80);
    server.heard = [](Peer& peer, std::string_view) {
      if (peer.number == 0 && peer.requests == 2) return peer.close();
      if (peer.received.ends_with("\r\n\r\n") || peer.received.ends_with("y")) peer.send(reply("thanks"));
    };
    Agent agent(world.network);
    world.get(agent.get("http://a/"));
    auto text = textOf(agent.request(std::move(request)));
    world.run(1);
    auto outcome = text.result();
    if (!outcome) CHECK(outcome.failure().check<ResponseNeverReceived>());
    return outcome.ok();
  };
  Request put("PUT", "http://a/");
  CHECK(run(Request(put).setBody("body")));
  CHECK(run(Request(put).setBodyChunks([] { return pieces({"bo", "dy"}); })));
  CHECK(!run(Request(put).setBodyChunks(pieces({"bo", "dy"}))));           // it is used up
  CHECK(!run(Request("POST", "http://a/").setBody("body")));               // not idempotent
}

TEST_CASE("a generator is used once; a request that has it cannot be sent again") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  answerAtEnd(server, "0\r\n\r\n");
  Agent agent(world.network);
  Request request = post();
  request.setBodyChunks(pieces({"x"}));
  CHECK(request.isBodyRepeatable());
  world.get(agent.request(request));
  CHECK(!request.isBodyRepeatable());
  world.error<RequestBodyFailed>(agent.request(request));
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a large body in memory waits for the server like any other") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  std::string body;
  for (int i = 0; i < 300'000; ++i) body += std::to_string(i % 10'000) + ' ';
  Agent agent(world.network, AgentOptions().setFirstByteTimeout(1).setIdleTimeout(3));
  world.network.setLink(net::MemoryLink().bandwidth(400'000));
  answerAtEnd(server, body.substr(body.size() - 1000));
  CHECK(world.get(textOf(agent.request(post().setBody(body))), 10) == "thanks");       // longer than it may take once it was sent
  CHECK(bodyOf(*server.peers[0]) == body);
}

TEST_CASE("Expect: 100-continue sends the body when the server says so") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    world.clock.callLater(0.5, [&peer] { peer.send("HTTP/1.1 100 Continue\r\n\r\n"); });
  });
  server.heard = [](Peer& peer, std::string_view) {
    if (peer.received.ends_with("body")) peer.send(reply("thanks"));
  };
  Agent agent(world.network);
  auto text = textOf(agent.request(post().setBody("body").setExpectContinue()));
  world.run(0.4);
  CHECK(server.peers[0]->received.ends_with("Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
  world.run(0.2);
  CHECK(successResultOf(text) == "thanks");
  CHECK(bodyOf(*server.peers[0]) == "body");
  CHECK(agent.stats().idle == 1);
}

TEST_CASE("a server that does not know Expect gets the body after a while") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  answerAtEnd(server, "body");
  Agent agent(world.network, AgentOptions().setContinueTimeout(2));
  auto text = textOf(agent.request(post().setBodyChunks([] { return pieces({"body"}); }, 4).setExpectContinue()));
  world.run(1.9);
  CHECK(bodyOf(*server.peers[0]).empty());
  world.run(0.2);
  CHECK(successResultOf(text) == "thanks");
  CHECK(agent.stats().idle == 1);
}

TEST_CASE("a final answer in place of 100 spares the body, and the connection is not used again") {
  for (const std::string& answer : {reply("no", "", 401), reply("fine already", "", 200), std::string("HTTP/1.1 417 No\r\nContent-Length: 5\r\n\r\nno")}) {
    AgentWorld world;
    ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
      peer.send(answer);
      if (!answer.ends_with("\r\nno")) return;
      world.clock.callLater(5, [&peer] { peer.send(".no"); });             // the rest of it comes later, and is read
    });
    Agent agent(world.network);
    Request request = post();
    request.setBodyChunks(pieces({"body"})).setExpectContinue();
    auto text = textOf(agent.request(request));
    world.run(6);
    CHECK(!successResultOf(text).empty());
    CHECK(bodyOf(*server.peers[0]).empty());
    CHECK(request.isBodyRepeatable());                 // nobody has touched it
    CHECK(agent.stats().open == 0);
  }
}

TEST_CASE("an error in the middle of a body ends the sending, and is the answer") {
  AgentWorld world;
  std::size_t given = 0;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string&) {
    world.clock.callLater(0.1, [&] {
      peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\nto");
      given = 0;
    });
    world.clock.callLater(3, [&] { peer.send("o big"); });
  });
  world.network.setLink(net::MemoryLink().latency(0.01).bandwidth(100'000));
  Agent agent(world.network);
  Response response = world.get(agent.request(post().setBodyChunks(endless(&given))), 1);
  CHECK(response.status == 413);
  CHECK(given < 100'000);
  CHECK(world.get(response.text(), 3) == "too bi");
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a good answer may come while the body is still sent, and both go on") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    if (request.starts_with("POST")) peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  });
  server.heard = [](Peer& peer, std::string_view data) {
    if (!data.starts_with("POST")) peer.send("1\r\n.\r\n");
    if (data.ends_with("0\r\n\r\n")) peer.send("0\r\n\r\n");
  };
  Agent agent(world.network, AgentOptions().setIdleTimeout(1.5).setMinimumRate(1000, 1.5));
  Response response = world.get(agent.request(post().setBodyChunks(slowPieces(world.clock, 5))), 0.5);
  CHECK(response.ok());
  CHECK(world.get(response.text(), 6).size() >= 5);
  CHECK(agent.stats().open == agent.stats().idle);
}

TEST_CASE("an answer that is complete before the body ends it; the next request is fine") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string&) { peer.send(reply("enough")); });
  Agent agent(world.network);
  CHECK(world.get(textOf(agent.request(post().setBodyChunks(slowPieces(world.clock, 5))))) == "enough");
  CHECK(agent.stats().open == 0);
  CHECK(world.get(textOf(agent.get("http://a/"))) == "enough");
  CHECK(world.clock.getDelayedCalls().size() == 1);    // the idle connection's
}

TEST_CASE("a body that fails after the head of the answer has come ends that answer's body") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string&) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  });
  Agent agent(world.network);
  Response response = world.get(agent.request(post().setBodyChunks(broken(world.clock))), 0.5);
  auto text = response.text();
  world.run(1);
  failureResultOf<RequestBodyFailed>(text);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a file over real sockets, read on threads") {
  TemporaryFolder folder;
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += std::to_string(i) + ' ';
  std::ofstream(folder / "table") << content;
  Reactor reactor;
  net::TcpNetwork network(reactor);
  ScriptedServer server(network, 0);
  answerAtEnd(server, "99999 ");
  Agent agent(network);
  std::string text;
  const auto all = [&]() -> Deferred<> {
    Request request("PUT", "http://127.0.0.1:" + std::to_string(server.port()) + "/");
    request.setBodyFile(folder / "table");
    Response response = co_await agent.request(std::move(request));
    text = co_await response.text();
    agent.close();
  };
  Deferred<> done{nullptr};
  reactor.callWhenRunning([&] {
    done = all().addBoth([&](Outcome<> outcome) {
      CHECK(outcome.ok());
      reactor.crash();
    });
  });
  reactor.run(false);
  CHECK(text == "thanks");
  CHECK(bodyOf(*server.peers[0]) == content);
}
