#include <weft/http/client/retry_agent.hpp>

#include "http/client/world.hpp"

using namespace weft;
using namespace weft::http;
using namespace weft::test;

namespace {

RetryOptions seeded() { return RetryOptions().setSeed(7).setFirstDelay(1).setNow([] { return *parseDate("Sun, 06 Nov 1994 08:49:37 GMT"); }); }

struct Retries : World {
  explicit Retries(RetryOptions options = seeded()) : client(agent, clock, std::move(options)) {}
  // Answers with these, one after the other; the last one for ever.
  World& script(std::vector<std::string> replies) {
    return on("/", [replies = std::move(replies), at = std::size_t{0}](const std::string&) mutable { return replies[at + 1 < replies.size() ? at++ : at]; });
  }
  RetryAgent client;
};

std::vector<int> statuses(const std::vector<FailedTry>& tries) {
  std::vector<int> all;
  for (const FailedTry& one : tries) all.push_back(one.status);
  return all;
}

AsyncGenerator<std::string> once() { co_yield "a=1"; }

}  // namespace

TEST_CASE("a status that may pass is tried again, and the response tells what came before") {
  Retries world;
  world.script({reply("down", {}, 503), reply("bad", {}, 502), reply("up")});
  Deferred<Response> pending = world.client.get("http://a/");
  world.run(0.4);
  CHECK(world.heads.size() == 1);
  Response response = world.get(std::move(pending), 10);
  CHECK(response.status == 200);
  CHECK(world.get(response.text()) == "up");
  const auto& tries = response.history().tries;
  CHECK(statuses(tries) == std::vector<int>{503, 502});
  CHECK(tries[0].url.href() == "http://a/");
  CHECK(tries[0].waited >= 0.5);
  CHECK(tries[0].waited <= 1);
  CHECK(tries[1].waited >= 1);
  CHECK(tries[1].waited <= 2);
  CHECK(world.agent.stats().connects == 1);
}

TEST_CASE("after the last try the response is given out as it is") {
  Retries world;
  world.script({reply("down", {}, 503)});
  Response response = world.get(world.client.get("http://a/"), 10);
  CHECK(response.status == 503);
  CHECK(world.get(response.text()) == "down");
  CHECK(statuses(response.history().tries) == std::vector<int>{503, 503});
  CHECK(world.heads.size() == 3);
  for (int status : {200, 301, 404, 501}) {
    Retries once;
    once.script({reply("", {}, status)});
    CHECK(once.get(once.client.get("http://a/"), 10).history().tries.empty());
    CHECK(once.heads.size() == 1);
  }
}

TEST_CASE("errors that may pass are tried again; the last one comes with those before") {
  Retries world;
  const auto error = world.error<RetriesFailed>(world.client.get("http://me:secret@a:1/"), 10);
  CHECK(error.reason.check<net::ConnectionRefused>());
  REQUIRE(error.tries.size() == 2);
  CHECK(error.tries[0].status == 0);
  CHECK(error.tries[0].error.find("refused") != std::string::npos);
  CHECK(error.url == "http://a:1/");
  CHECK(std::string(error.what()).starts_with("requesting http://a:1/: failed 3 times, the last time: "));
  int closed = 0;
  world.server.answer = [&](ScriptedServer::Peer& peer, const std::string&) { ++closed < 3 ? peer.close() : peer.send(reply("up")); };
  CHECK(world.get(textOf(world.client.get("http://a/")), 10) == "up");
  CHECK(closed == 3);
}

TEST_CASE("errors that will not pass are given out at once, as they are") {
  Retries world;
  world.error<UnsupportedScheme>(world.client.get("ftp://a/"));
  world.on("/large", "HTTP/1.1 200 X\r\nContent-Length: 100000000000\r\n\r\n");
  world.error<BodyTooLarge>(world.client.get("http://a/large"));
  CHECK(world.heads.size() == 1);
}

TEST_CASE("what a server may have acted on already is not sent twice, unless that is wished for") {
  Retries world;
  world.script({reply("down", {}, 503), reply("up")});
  CHECK(world.get(world.client.post("http://a/", "a=1", "text/plain"), 10).status == 503);
  CHECK(world.heads.size() == 1);
  world.script({reply("down", {}, 503), reply("up")});
  CHECK(world.get(world.client.request(Request("PUT", "http://a/").setBody("b")), 10).status == 200);
  Retries any(seeded().setAnyMethod(true));
  any.script({reply("down", {}, 503), reply("up")});
  CHECK(any.get(any.client.post("http://a/", "a=1", "text/plain"), 10).status == 200);
  CHECK(any.server.peers[0]->received.ends_with("a=1"));
  // Nothing was sent where nobody listened: any method may be repeated.
  CHECK(world.error<RetriesFailed>(world.client.post("http://a:1/", "a=1", "text/plain"), 10).tries.size() == 2);
}

TEST_CASE("Retry-After is waited for, up to a limit") {
  struct Case {
    const char* value;
    double least, most;
  };
  for (const Case& c : {Case{"7", 7, 7}, Case{"Sun, 06 Nov 1994 08:49:57 GMT", 20, 20}, Case{"0", 0.5, 1}, Case{"nonsense", 0.5, 1}, Case{"100000", 60, 60}}) {
    CAPTURE(c.value);
    Retries world(seeded().setMaxRetryAfter(60));
    world.script({reply("", "Retry-After: " + std::string(c.value) + "\r\n", 429), reply("up")});
    Response response = world.get(world.client.get("http://a/"), 100);
    REQUIRE(response.history().tries.size() == 1);
    CHECK(response.history().tries[0].waited >= c.least);
    CHECK(response.history().tries[0].waited <= c.most);
  }
}

TEST_CASE("a wait that leaves no time for a try is not begun") {
  Retries world(seeded().setTotalTimeout(10));
  world.script({reply("busy", "Retry-After: 11\r\n", 503), reply("up")});
  Response response = world.get(world.client.get("http://a/"), 0.1);
  CHECK(response.status == 503);
  CHECK(response.history().tries.empty());
  world.script({reply("busy", "Retry-After: 11\r\n", 503), reply("up")});
  Request patient("GET", "http://a/");
  patient.setTimeout(30);
  CHECK(world.get(world.client.request(std::move(patient)), 20).status == 200);
}

TEST_CASE("the total time is that of all tries") {
  Retries world(seeded().setTotalTimeout(10).setMaxTries(100));
  world.server.answer = [](ScriptedServer::Peer& peer, const std::string&) { peer.close(); };
  Deferred<Response> closing = world.client.get("http://a/");
  world.run(10.1);
  CHECK(failureResultOf<RetriesFailed>(closing).as<RetriesFailed>()->tries.size() > 2);
  world.server.answer = [](ScriptedServer::Peer&, const std::string&) {};
  Deferred<Response> silent = world.client.get("http://a/");
  world.run(9.9);
  assertNoResult(silent);
  world.run(0.2);
  CHECK(failureResultOf<TotalTimeout>(silent).as<TotalTimeout>()->seconds == 10);
}

TEST_CASE("the waits double, are never over the limit, and are the same for the same seed") {
  const auto waits = [](std::uint64_t seed) {
    Retries world(seeded().setSeed(seed).setMaxTries(8).setMaxDelay(10));
    world.script({reply("", {}, 503)});
    std::vector<double> all;
    const Response response = world.get(world.client.get("http://a/"), 100);
    for (const FailedTry& one : response.history().tries) all.push_back(one.waited);
    return all;
  };
  const auto first = waits(7);
  REQUIRE(first.size() == 7);
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double whole = std::min(10.0, static_cast<double>(1 << i));
    CHECK(first[i] >= whole / 2);
    CHECK(first[i] <= whole);
  }
  CHECK(waits(7) == first);
  CHECK(waits(8) != first);
}

// Fault 5: what was cut is tried again, and never a page.
TEST_CASE("bodies that break off are tried again when they are to come whole") {
  Retries world(seeded().setWholeBodies(true));
  int count = 0;
  world.server.answer = [&](ScriptedServer::Peer& peer, const std::string&) {
    if (++count < 3) {
      peer.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf");
      world.clock.callLater(0.1, [&peer] { peer.close(); });
    } else {
      peer.send(reply("whole"));
    }
  };
  Response response = world.get(world.client.get("http://a/"), 10);
  CHECK(response.body.complete());
  CHECK(world.get(response.text()) == "whole");
  REQUIRE(response.history().tries.size() == 2);
  CHECK(response.history().tries[0].error.find("http://a/") != std::string::npos);
}

TEST_CASE("cancel ends the wait, and a destroyed agent tries no more") {
  Retries world;
  world.script({reply("", {}, 503)});
  Deferred<Response> pending = world.client.get("http://a/");
  world.run(0.3);
  pending.cancel();
  failureResultOf<CancelledError>(pending);
  CHECK(world.heads.size() == 1);
  CHECK(world.agent.stats().open == world.agent.stats().idle);
  auto inner = std::make_unique<Agent>(world.network);
  auto client = std::make_unique<RetryAgent>(*inner, world.clock, seeded());
  Deferred<Response> waiting = client->get("http://a/");
  world.run(0.3);
  client.reset();
  inner.reset();
  world.run(10);
  failureResultOf<AgentClosed>(waiting);
  CHECK(world.heads.size() == 2);
}

TEST_CASE("a body that can be sent once only is sent once") {
  Retries world;
  world.script({reply("down", {}, 503), reply("up")});
  Request request("PUT", "http://a/");
  request.setBodyChunks(once(), 3);
  CHECK(world.get(world.client.request(std::move(request)), 10).status == 503);
  CHECK(world.heads.size() == 1);
}
