// How requests over HTTP/2 end before they are answered, and what is sent again.
#include <weft/http/http2/errors.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"
#include "http/http2/http2_server.hpp"

#include <weft/http/client/agent.hpp>
#include <weft/http/client/retry_agent.hpp>
#include <weft/http/parser.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using weft::test::AgentWorld;
using weft::test::Http2Server;
using weft::test::ScriptedServer;
using weft::test::textOf;
using Stream = Http2Server::Stream;

namespace {

AgentOptions knowing() { return AgentOptions().setHttp2PriorKnowledge(true); }

void hello(Stream& stream) { stream.reply("hello " + stream.path); }

}  // namespace

TEST_CASE("cancelling a request resets its stream, and the connection goes on") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) {
    if (stream.path != "/slow") stream.reply("quick");
  });
  Agent agent(world.network, knowing());
  auto slow = agent.get("http://a/slow");
  world.run(1);
  slow.cancel();
  CHECK(failureResultOf<CancelledError>(slow).check<CancelledError>());
  CHECK(world.get(textOf(agent.get("http://a/"))) == "quick");
  CHECK(server.stream(0).closed);
  CHECK(server.stream(0).code == Http2Code::Cancel);
  CHECK(server.peers.size() == 1);
  CHECK(agent.stats().idle == 1);

  auto never = agent.get("http://a/never");            // given up before it was sent
  never.cancel();
  world.run(1);
  CHECK(failureResultOf<CancelledError>(never).check<CancelledError>());
  CHECK(world.get(textOf(agent.get("http://a/"))) == "quick");
}

TEST_CASE("dropping a body, or going over its limit, resets its stream only") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) { stream.reply(std::string(stream.path == "/big" ? 1'000'000 : 10, 'x')); });
  Agent agent(world.network, knowing());
  {
    Response big = world.get(agent.get("http://a/big"));
    auto piece = big.body.next();
    world.run(0.1);
    CHECK(successResultOf(piece));
  }
  world.run(0.1);
  CHECK(server.stream(0).code == Http2Code::Cancel);
  CHECK(world.error<BodyTooLarge>(textOf(agent.request(Request("GET", "http://a/big").setMaxBody(200'000)))).limit == 200'000);
  world.run(0.1);
  CHECK(server.stream(1).closed);
  CHECK(world.get(textOf(agent.get("http://a/"))).size() == 10);
  CHECK(server.peers.size() == 1);
}

TEST_CASE("a stream that the server resets is an error that says why, before the response and within") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) {
    if (stream.path == "/body") {
      stream.respond(200);
      stream.send("half");
    }
    if (stream.path == "/") return stream.reply("fine");
    if (stream.path == "/now") stream.reset(Http2Code::InternalError);
  });
  Agent agent(world.network, knowing());
  const auto never = world.error<ResponseNeverReceived>(agent.get("http://a/now"));
  REQUIRE(never.reason.check<StreamReset>());
  CHECK(never.reason.as<StreamReset>()->code == Http2Code::InternalError);
  CHECK(std::string(never.what()).find("INTERNAL_ERROR") != std::string::npos);
  CHECK(isTransient(Failure(never)));

  Response half = world.get(agent.get("http://a/body"));
  server.stream(1).reset(Http2Code::Cancel);
  const auto failed = world.error<ResponseFailed>(half.text());
  CHECK(failed.reason.as<StreamReset>()->code == Http2Code::Cancel);
  CHECK(world.get(textOf(agent.get("http://a/"))) == "fine");
  CHECK(server.peers.size() == 1);
}

TEST_CASE("a request with which the server did nothing is sent again, whatever its method, and the server is given fewer at once") {
  AgentWorld world;
  int refused = 0;
  std::set<Stream*> taken;
  Http2Server server(world.network, 80);
  server.onHead = [&](Stream& stream) {
    if (taken.size() < 3) {
      taken.insert(&stream);
      return;
    }
    ++refused;
    stream.reset(Http2Code::RefusedStream);
  };
  server.answer = [&](Stream& stream) {
    if (taken.erase(&stream) > 0) stream.reply("done");
  };
  Agent agent(world.network, knowing().setMaxPerHost(1));
  std::vector<Deferred<std::string>> pages;
  for (int i = 0; i < 12; ++i) pages.push_back(textOf(agent.request(Request("POST", "http://a/" + std::to_string(i)).setBody("x"))));
  world.run(2);
  for (auto& page : pages) CHECK(successResultOf(page) == "done");
  CHECK(refused > 0);
  CHECK(refused < 30);
  CHECK(server.peers.size() == 1);
}

TEST_CASE("a server that does nothing with any request is believed after a while") {
  AgentWorld world;
  Http2Server server(world.network, 80);
  server.onHead = [](Stream& stream) { stream.reset(Http2Code::RefusedStream); };
  Agent agent(world.network, knowing());
  const auto error = world.error<ResponseNeverReceived>(agent.get("http://a/"));
  CHECK(error.reason.check<StreamRefused>());
  CHECK(server.requests == 6);
  // With time in between it may be another matter: RetryAgent repeats a POST, too, when nothing was done with it.
  RetryAgent retries(agent, world.clock, RetryOptions().setSeed(1));
  auto posting = retries.request(Request("POST", "http://a/").setBody("x"));
  world.clock.advance(0);
  world.run(0.2);
  server.onHead = {};
  server.answer = hello;
  CHECK(world.get(textOf(std::move(posting)), 5) == "hello /");
}

TEST_CASE("a server that wants HTTP/1.1 for a request gets it") {
  AgentWorld world;
  Http2Server server(world.network, 80);
  server.onHead = [](Stream& stream) { stream.reset(Http2Code::Http11Required); };
  Agent agent(world.network, knowing());
  CHECK(world.error<RequestError>(agent.get("http://a/")).url == "http://a/");
  CHECK(server.peers.size() == 2);                     // the second one is told GET / HTTP/1.1, which this server refuses as a preface
  CHECK(agent.stats().http2 == 1);
}

TEST_CASE("GOAWAY: what was begun is answered, what it leaves out is sent again elsewhere, and nothing new goes there") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) {
    if (stream.path == "/held") return;
    hello(stream);
  });
  Agent agent(world.network, knowing());
  auto held = textOf(agent.get("http://a/held"));
  world.run(0.1);
  server.peers[0]->session->shutDown();
  auto crossing = textOf(agent.request(Request("POST", "http://a/crossing").setBody("x")));   // on its way when the GOAWAY comes
  server.peers[0]->writer->soon();
  world.run(0.1);
  CHECK(successResultOf(crossing) == "hello /crossing");
  CHECK(world.get(textOf(agent.get("http://a/new"))) == "hello /new");
  CHECK(server.peers.size() == 2);
  server.stream(0).reply("at last");
  CHECK(world.get(std::move(held)) == "at last");
  world.run(0.1);
  CHECK(server.peers[0]->lost);                        // closed with its last stream
  CHECK(agent.stats().open == 1);
}

TEST_CASE("a GOAWAY with an error is the reason of what it ends") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) { stream.peer.session->terminate(Http2Code::EnhanceYourCalm); });
  Agent agent(world.network, knowing());
  const auto error = world.error<ResponseNeverReceived>(agent.get("http://a/"));
  CHECK(std::string(error.what()).find("ENHANCE_YOUR_CALM") != std::string::npos);
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a connection that dies is made anew for requests that may be sent again") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) {
    if (stream.peer.streams.size() > 1 && stream.path == "/dies") return stream.peer.transport().abortConnection();
    hello(stream);
  });
  Agent agent(world.network, knowing());
  CHECK(world.get(textOf(agent.get("http://a/"))) == "hello /");
  CHECK(world.get(textOf(agent.get("http://a/dies"))) == "hello /dies");
  CHECK(agent.stats().retries == 1);
  CHECK(world.get(textOf(agent.get("http://a/"))) == "hello /");
  CHECK(world.error<ResponseNeverReceived>(agent.request(Request("POST", "http://a/dies"))).reason.check<net::ConnectionLost>());
}

TEST_CASE("times are those of each request, and a connection that is silent gets no more of them") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) {
    if (stream.path == "/drip") {
      stream.respond(200);
      stream.send("x");
    }
    if (stream.path == "/") hello(stream);
  });
  Agent agent(world.network, knowing().setFirstByteTimeout(2).setIdleTimeout(3).setTotalTimeout(10));
  auto silent = agent.get("http://a/silent");
  auto drip = textOf(agent.get("http://a/drip"));
  world.run(1);
  CHECK(world.get(textOf(agent.get("http://a/"))) == "hello /");
  world.run(3);
  CHECK(failureResultOf<FirstByteTimeout>(silent).check<FirstByteTimeout>());
  CHECK(failureResultOf<IdleTimeout>(drip).check<IdleTimeout>());
  CHECK(server.stream(0).code == Http2Code::Cancel);
  CHECK(world.error<TotalTimeout>(agent.request(Request("GET", "http://a/silent").setTimeout(1)), 2).seconds == 1);
  world.run(3);
  CHECK(agent.stats().open == 0);                      // nothing had come for a whole timeout
  CHECK(world.get(textOf(agent.get("http://a/"))) == "hello /");
  CHECK(server.peers.size() == 2);
}

TEST_CASE("an idle connection is closed after a while, with a GOAWAY") {
  AgentWorld world;
  Http2Server server(world.network, 80, hello);
  Agent agent(world.network, knowing().setKeepAlive(5));
  world.get(textOf(agent.get("http://a/")));
  world.run(3);
  world.get(textOf(agent.get("http://a/")));
  CHECK(agent.stats().idle == 1);
  world.run(6);
  CHECK(agent.stats().open == 0);
  CHECK(server.peers.size() == 1);
  CHECK(server.peers[0]->clientWentAway);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("closing the agent ends every request and body of a connection") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) {
    stream.respond(200);
    stream.send("begun");
  });
  auto agent = std::make_unique<Agent>(world.network, knowing());
  Response begun = world.get(agent->get("http://a/1"));
  server.answer = {};
  auto waiting = agent->get("http://a/2");
  auto text = begun.text();
  world.run(0.1);
  waiting = std::move(waiting).addErrback([&](const AgentClosed&) -> Response {
    agent.reset();                                     // whoever is told may do anything
    return Response(599);
  });
  agent->close();
  CHECK(successResultOf(waiting).status == 599);
  CHECK(failureResultOf<AgentClosed>(text).check<AgentClosed>());
  world.run(1);
  CHECK(server.openConnections() == 0);
  CHECK(world.clock.getDelayedCalls().empty());
}

TEST_CASE("what breaks the rules ends the connection with an error that says so") {
  AgentWorld world;
  ScriptedServer server(world.network, 80);
  server.greeting = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
  Agent agent(world.network, knowing());
  const auto error = world.error<ResponseNeverReceived>(agent.get("http://a/"));
  CHECK(error.reason.check<Http2Error, net::ConnectionClosed>());
  CHECK(agent.stats().open == 0);
}

TEST_CASE("a head over the limits is refused, as is one with too many interim responses") {
  AgentWorld world;
  Http2Server server(world.network, 80, [](Stream& stream) {
    if (stream.path == "/interim")
      for (int i = 0; i < 20; ++i) stream.respond(103);
    const std::string large(stream.path == "/large" ? 30'000 : 10, 'x');
    stream.respond(200, {{"x-a", large}, {"x-b", large}, {"x-c", large}});
    stream.end();
  });
  Agent agent(world.network, knowing());
  const auto tooLarge = world.error<ResponseFailed>(agent.get("http://a/large"));
  REQUIRE(tooLarge.reason.check<ParseError>());
  CHECK(tooLarge.reason.as<ParseError>()->problem == ParseProblem::HeadersTooLarge);
  const auto tooMany = world.error<ResponseFailed>(agent.get("http://a/interim"));
  CHECK(tooMany.reason.as<ParseError>()->problem == ParseProblem::TooManyInterim);
  CHECK(world.get(agent.get("http://a/fine")).status == 200);
  CHECK(server.peers.size() == 1);
}
