// Servers that are broken, hostile or half dead: each is a typed error within its bounds, and the next request works.
#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"

#include <weft/http/parser.hpp>
#include <weft/net/error.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;
using namespace weft::http;
using weft::test::AgentWorld;
using weft::test::reply;
using weft::test::ScriptedServer;
using weft::test::textOf;
using Peer = ScriptedServer::Peer;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\n";

/// One bad server at host a, and the proof that afterwards all is well: nothing is open, and the next request gets its own answer.
struct BadDay : AgentWorld {
  explicit BadDay(ScriptedServer::Answer bad, AgentOptions options = AgentOptions()) : agent(network, std::move(options)), server(network, 80) {
    server.answer = [bad = std::move(bad)](Peer& peer, const std::string& request) {
      if (request.find(" /good ") != std::string::npos) return peer.send(reply("good"));
      bad(peer, request);
    };
  }
  ~BadDay() {
    CHECK(agent.stats().open == agent.stats().idle);
    CHECK(agent.stats().waiting == 0);
    CHECK(get(textOf(agent.get("http://a/good"))) == "good");
    agent.close();
    run();
    CHECK(network.openConnections() == 0);
    CHECK(clock.getDelayedCalls().empty());
  }

  /// The problem that the parser saw in the answer.
  std::optional<ParseProblem> problem(std::string_view method = "GET") {
    const auto failed = error<ResponseFailed>(textOf(agent.request(Request(method, "http://a/"))));
    CHECK(agent.stats().open == 0);
    if (!failed.reason.check<ParseError>()) return std::nullopt;
    return failed.reason.as<ParseError>()->problem;
  }

  Agent agent;
  ScriptedServer server;
};

ScriptedServer::Answer sends(std::string bytes, bool closes = false) {
  return [bytes = std::move(bytes), closes](Peer& peer, const std::string&) {
    peer.send(bytes);
    if (closes) peer.close();
  };
}

/// Writes `more` for as long as it is taken, `least` bytes at a time; counts.
class Flood {
 public:
  Flood(std::string first, std::string more) : first_(std::move(first)), more_(std::move(more)) {}
  ScriptedServer::Answer answer() {
    return [this](Peer& peer, const std::string&) {
      peer.send(first_);
      pour(peer);
    };
  }
  std::size_t sent = 0;

 private:
  void pour(Peer& peer) {
    while (!peer.lost && peer.transport().connected() && peer.transport().buffered() == 0 && sent < 100'000'000) {
      peer.send(more_);
      sent += more_.size();
    }
    if (!peer.lost && peer.transport().connected() && sent < 100'000'000)
      peer.transport().clock().callLater(0.001, [this, &peer] { pour(peer); });
  }
  std::string first_, more_;
};

}  // namespace

TEST_CASE("a server that closes in the middle of the head") {
  for (const std::string& part : {std::string("HTTP/1.1 200 OK\r\nX: "), std::string("HT"), kOk, kOk + "X: y\r\n"}) {
    CAPTURE(part);
    BadDay day(sends(part, true));
    CHECK(day.problem() == ParseProblem::Truncated);
  }
}

TEST_CASE("a server that closes in the middle of the body, or lies about its length") {      // F5
  for (const std::string& part : {kOk + "Content-Length: 100\r\n\r\nshort", kOk + "Content-Length: 100\r\n\r\n",
                                  kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", kOk + "Transfer-Encoding: chunked\r\n\r\nff\r\nhello",
                                  kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Tr"}) {
    CAPTURE(part);
    BadDay day(sends(part, true));
    CHECK(day.problem() == ParseProblem::Truncated);
  }
}

TEST_CASE("a server that resets the connection, at whatever byte") {
  const std::string whole = kOk + "X-Field: value\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    AgentWorld world;
    world.network.setLink(net::MemoryLink().resetAfter(at));
    ScriptedServer server(world.network, 80, whole);
    Agent agent(world.network);
    auto text = textOf(agent.get("http://a/"));
    world.run(1);
    auto outcome = text.result();
    CHECK(!outcome.ok());
    if (at == 0)
      CHECK(outcome.failure().check<ResponseNeverReceived>());
    else
      CHECK(outcome.failure().check<ResponseFailed>());
    CHECK(agent.stats().open == 0);
    world.network.setLink(net::MemoryLink());
    CHECK(world.get(textOf(agent.get("http://a/"))) == "hello");
  }
}

TEST_CASE("a byte a second: in the head and in the body, the rate or the total time ends it") {      // F8
  const std::string head = kOk + "X-Field: " + std::string(1000, 'x') + "\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'y');
  for (const std::size_t atOnce : {std::size_t(0), head.size() - 900}) {
    for (const bool byRate : {true, false}) {
      CAPTURE(atOnce);
      CAPTURE(byRate);
      AgentOptions options;
      options.setTotalTimeout(50).setIdleTimeout(5);
      if (byRate)
        options.setMinimumRate(2, 20);
      else
        options.setMinimumRate(0);
      BadDay* today = nullptr;
      BadDay day(
          [&](Peer& peer, const std::string&) {
            peer.send(head.substr(0, atOnce));
            for (std::size_t i = 0; i < 100; ++i)
              today->clock.callLater(static_cast<double>(i), [&peer, c = head[atOnce + i]] { peer.send(std::string(1, c)); });
          },
          options);
      today = &day;
      auto text = textOf(day.agent.get("http://a/"));
      day.run(byRate ? 45 : 49);
      if (byRate) {
        failureResultOf<ResponseTooSlow>(text);
      } else {
        assertNoResult(text);
        day.run(2);
        failureResultOf<TotalTimeout>(text);
      }
      CHECK(day.agent.stats().open == 0);
      day.run(100);
    }
  }
}

TEST_CASE("100 MB of fields, of one field, of a status line: no more is taken than the limits say") {      // F9
  struct Case {
    std::string first, more;
    ParseProblem problem;
  };
  for (const Case& c : {Case{kOk, "X-Field: " + std::string(1000, 'x') + "\r\n", ParseProblem::HeadersTooLarge},
                        Case{kOk, "X: y\r\n", ParseProblem::TooManyHeaders}, Case{kOk + "X: ", std::string(10'000, 'x'), ParseProblem::HeadersTooLarge},
                        Case{kOk, std::string(10'000, 'x'), ParseProblem::HeadersTooLarge},
                        Case{"HTTP/1.1 200 ", std::string(10'000, 'x'), ParseProblem::StartLineTooLong},
                        Case{"HTTP/1.1 200 " + std::string(20'000, 'x') + "\r\n", "X: y\r\n", ParseProblem::StartLineTooLong}}) {
    CAPTURE(static_cast<int>(c.problem));
    Flood flood(c.first, c.more);
    BadDay day(flood.answer());
    CHECK(day.problem() == c.problem);
    CHECK(flood.sent < 1'000'000);
  }
}

TEST_CASE("empty lines without end are no response, however many come") {
  Flood flood("", std::string(10'000, '\r') );
  BadDay day(flood.answer());
  CHECK(day.problem() == ParseProblem::LineEnding);
  Flood lines("", "\r\n\r\n\r\n\r\n");
  BadDay another(lines.answer());
  CHECK(another.problem() == ParseProblem::HeadersTooLarge);
  CHECK(lines.sent < 1'000'000);
}

TEST_CASE("interim responses without end") {      // F9
  Flood flood("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  BadDay day(flood.answer());
  CHECK(day.problem() == ParseProblem::TooManyInterim);
  CHECK(flood.sent < 1'000'000);
}

TEST_CASE("trailers, chunk extensions and zeros of a chunk size without end") {      // F10
  struct Case {
    std::string first, more;
    ParseProblem problem;
  };
  const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
  for (const Case& c : {Case{chunked + "0\r\n", "X-Trailer: " + std::string(1000, 'x') + "\r\n", ParseProblem::HeadersTooLarge},
                        Case{chunked + "0\r\n", "X: y\r\n", ParseProblem::TooManyHeaders},
                        Case{chunked + "5;x=", std::string(1000, 'x'), ParseProblem::ChunkExtensionTooLong},
                        Case{chunked, std::string(1000, '0'), ParseProblem::ChunkExtensionTooLong}}) {
    CAPTURE(c.first);
    Flood flood(c.first, c.more);
    BadDay day(flood.answer());
    CHECK(day.problem() == c.problem);
    CHECK(flood.sent < 1'000'000);
  }
}

TEST_CASE("a body without end stops at its limit") {      // F11
  for (const std::string& first : {kOk + "\r\n", kOk + "Transfer-Encoding: chunked\r\n\r\n"}) {
    const bool chunked = first.size() > kOk.size() + 2;
    Flood flood(first, chunked ? "2710\r\n" + std::string(10'000, 'x') + "\r\n" : std::string(10'000, 'x'));
    BadDay day(flood.answer(), AgentOptions().setMaxBody(2'000'000));
    const auto error = day.error<BodyTooLarge>(textOf(day.agent.get("http://a/")));
    CHECK(error.limit == 2'000'000);
    CHECK(flood.sent < 3'000'000);
  }
}

TEST_CASE("wrong chunk sizes") {
  for (const char* chunks : {"x\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "\r\nhello", "11111111111111111\r\n", "4\r\nhello\r\n0\r\n\r\n",
                             "6\r\nhello\r\n0\r\n\r\n"}) {
    CAPTURE(chunks);
    BadDay day(sends(kOk + "Transfer-Encoding: chunked\r\n\r\n" + chunks, true));
    const auto problem = day.problem();
    REQUIRE(problem);
    CHECK((*problem == ParseProblem::ChunkSize || *problem == ParseProblem::ChunkFraming));
  }
}

TEST_CASE("garbage behind the response, and two responses at once: the first is the answer, and the connection is closed") {
  for (const std::string& more : {std::string("garbage"), std::string("\0\0\0", 3), reply("second"), std::string("\r\n")}) {
    CAPTURE(more);
    BadDay day(sends(reply("first") + more));
    CHECK(day.get(textOf(day.agent.get("http://a/"))) == "first");
    CHECK(day.agent.stats().open == 0);
    CHECK(day.get(textOf(day.agent.get("http://a/"))) == "first");
    CHECK(day.server.peers.size() == 2);
  }
}

TEST_CASE("what comes behind the response a moment later is not the next one's answer either") {
  BadDay* today = nullptr;
  BadDay day([&](Peer& peer, const std::string&) {
    peer.send(reply("first"));
    today->clock.callLater(0.01, [&peer] { peer.send(reply("second")); });
  });
  today = &day;
  CHECK(day.get(textOf(day.agent.get("http://a/")), 0.005) == "first");
  CHECK(day.agent.stats().idle == 1);
  day.run(0.1);
  CHECK(day.agent.stats().open == 0);                  // F29: it was not asked for
}

TEST_CASE("a response before the request is sent") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  server.greeting = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  Agent agent(world.network);
  // The request has left when it is read: to HTTP/1.1 it is its answer.
  CHECK(world.get(agent.get("http://a/")).status == 408);
  CHECK(agent.stats().open == 0);
  server.greeting = "SSH-2.0-OpenSSH_9.2\r\n";
  const auto failed = world.error<ResponseFailed>(agent.get("http://a/"));
  CHECK(failed.reason.as<ParseError>()->problem == ParseProblem::StartLine);
  server.greeting.clear();
  server.answer = sends(reply("good"));
  CHECK(world.get(textOf(agent.get("http://a/"))) == "good");
}

TEST_CASE("bytes that no field may have") {
  for (const std::string& field : {std::string("X: a\0b", 6), std::string("X: a\rb"), std::string("X Y: a"), std::string(": a"), std::string("X\x01: a"),
                                   std::string("X: a\x7F"), std::string("no colon"), std::string("X: a\r\n folded"), std::string("\xC3\xA4: a")}) {
    CAPTURE(field);
    BadDay day(sends(kOk + field + "\r\nContent-Length: 1\r\n\r\nx"));
    CHECK(day.problem());
  }
  BadDay fine(sends(kOk + "X: \xC3\xA4\xFF\r\nContent-Length: 1\r\n\r\nx"));                       // obs-text may be there
  CHECK(fine.get(fine.agent.get("http://a/")).headers.get("X") == "\xC3\xA4\xFF");
}

TEST_CASE("what would smuggle: two lengths, a length with chunks, an unknown coding, HTTP of another kind") {
  for (const std::string& head : {kOk + "Content-Length: 1\r\nContent-Length: 2", kOk + "Content-Length: 1, 2", kOk + "Content-Length: +1", kOk + "Content-Length: 1\r\nTransfer-Encoding: chunked",
                                  kOk + "Transfer-Encoding: chunked, gzip", kOk + "Transfer-Encoding: x", std::string("HTTP/2.0 200 OK\r\nContent-Length: 1"),
                                  std::string("HTTP/1.1 099 No\r\nContent-Length: 1"), std::string("HTTP/1.1 20 No\r\nContent-Length: 1"), std::string("ICY 200 OK")}) {
    CAPTURE(head);
    BadDay day(sends(head + "\r\n\r\nx"));
    CHECK(day.problem());
  }
}

TEST_CASE("no body where one is due: it lasts until the server closes, or the time is over") {
  BadDay day(sends(kOk + "\r\n"), AgentOptions().setIdleTimeout(3));
  auto text = textOf(day.agent.get("http://a/"));
  day.run(2.9);
  assertNoResult(text);
  day.run(0.2);
  failureResultOf<IdleTimeout>(text);
  BadDay closing(sends(kOk + "\r\n", true));
  CHECK(closing.get(textOf(closing.agent.get("http://a/"))) == "");
}

TEST_CASE("a body where none may be is not given to anybody, and the connection is closed") {
  struct Case {
    const char* method;
    std::string bytes;
    int status;
  };
  for (const Case& c : {Case{"HEAD", kOk + "Content-Length: 5\r\n\r\nhello", 200}, Case{"GET", "HTTP/1.1 204 No Content\r\n\r\nhello", 204},
                        Case{"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", 304}}) {
    CAPTURE(c.status);
    BadDay day(sends(c.bytes));
    Response response = day.get(day.agent.request(Request(c.method, "http://a/")));
    CHECK(response.status == c.status);
    CHECK(day.get(response.text()) == "");
    CHECK(day.agent.stats().open == 0);
  }
}

TEST_CASE("a server that never reads, never answers, or hangs up at once") {
  BadDay silent([](Peer&, const std::string&) {}, AgentOptions().setFirstByteTimeout(2));
  silent.error<FirstByteTimeout>(silent.agent.get("http://a/"), 3);
  BadDay closing([](Peer& peer, const std::string&) { peer.close(); });
  CHECK(closing.error<ResponseNeverReceived>(closing.agent.get("http://a/")).reason.check<net::ConnectionDone>());
  BadDay resetting([](Peer& peer, const std::string&) { peer.reset(); });
  CHECK(resetting.error<ResponseNeverReceived>(resetting.agent.get("http://a/")).reason.check<net::ConnectionLost>());
}

TEST_CASE("a host that dies without a word is noticed by the timeouts only") {      // F7
  AgentWorld world;
  ScriptedServer server(world.network, 80, [](Peer& peer, const std::string& request) {
    peer.send(request.starts_with("GET /half") ? kOk + "Content-Length: 10\r\n\r\nhalf" : reply("x"));
  });
  Agent agent(world.network, AgentOptions().setFirstByteTimeout(3).setIdleTimeout(10));
  Response half = world.get(agent.get("http://a/half"));
  world.get(agent.get("http://a/"));
  CHECK(agent.stats().idle == 1);
  world.network.vanish("a");
  auto text = half.text();
  auto onDead = agent.get("http://a/");
  world.run(2.9);
  assertNoResult(text);
  assertNoResult(onDead);
  world.run(0.2);
  failureResultOf<FirstByteTimeout>(onDead);
  world.run(10);
  failureResultOf<IdleTimeout>(text);
  CHECK(agent.stats().open == 0);
  CHECK(world.get(agent.get("http://a/")).ok());
}
