#include <weft/http/client/logging_agent.hpp>

#include "http/client/world.hpp"

using namespace weft;
using namespace weft::http;
using namespace weft::test;

namespace {

struct Logged : World {
  Logged() : client(agent, clock) { network.setLink(net::MemoryLink().latency(0.125)); }
  std::string last() const { return log.entries().empty() ? std::string() : log.entries().back().message; }
  LogCapture log;
  LoggingAgent client;
};

}  // namespace

TEST_CASE("a request is a line when its body has come, without secrets") {
  Logged world;
  world.on("/page?q=1", reply("hello", "Set-Cookie: s=secret\r\n"));
  Request request("GET", "http://me:secret@a/page?q=1#secret");
  request.setHeader("Authorization", "secret");
  Response response = world.get(world.client.request(std::move(request)));
  CHECK(world.get(response.text()) == "hello");
  REQUIRE(world.log.count() == 1);
  const auto entry = world.log.entries()[0];
  CHECK(entry.level == LogLevel::Info);
  CHECK(entry.name == "weft.http.client");
  CHECK(entry.message == "GET http://a/page?q=1 200: 5 bytes in 0.5 s");
  CHECK(entry.fields == std::vector<std::pair<std::string, std::string>>{{"method", "GET"}, {"url", "http://a/page?q=1"}, {"status", "200"}, {"bytes", "5"}, {"seconds", "0.5"}});
}

TEST_CASE("a long body is counted as it is read, and not copied") {
  Logged world;
  world.on("/", reply(std::string(300'000, 'x')));
  Response response = world.get(world.client.get("http://a/"), 0.51);
  CHECK(world.log.count() == 0);
  CHECK(world.get(response.text(), 10).size() == 300'000);
  CHECK(world.last().starts_with("GET http://a/ 200: 300000 bytes in "));
  CHECK(world.log.count() == 1);
}

TEST_CASE("a body that is dropped, breaks off or is over a limit says so") {
  Logged world;
  world.on("/", reply(std::string(300'000, 'x')));
  { Response dropped = world.get(world.client.get("http://a/"), 0.51); }
  CHECK(world.last().find("bytes in 0.51 s, then it was dropped") != std::string::npos);
  world.on("/cut", "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf");
  Response cut = world.get(world.client.get("http://a/cut"));
  world.server.peers.back()->reset();
  world.error<ResponseFailed>(cut.text());
  CHECK(world.last().starts_with("GET http://a/cut 200: failed after 4 bytes, "));
  CHECK(world.log.entries().back().level == LogLevel::Warning);
  CHECK(world.log.count() == 2);
}

TEST_CASE("requests without a response are lines, too") {
  Logged world;
  world.error<net::ConnectionRefused>(world.client.get("http://me:secret@a:1/"));
  CHECK(world.last().starts_with("GET http://a:1/: failed after 0.25 s: connecting to a:1"));
  CHECK(world.log.entries().back().level == LogLevel::Warning);
  world.server.answer = [](ScriptedServer::Peer& peer, const std::string&) { peer.close(); };
  world.error<ResponseNeverReceived>(world.client.get("http://me:secret@a/"));
  CHECK(world.last().find("requesting http://a/:") != std::string::npos);
  CHECK(world.last().find("secret") == std::string::npos);
  Deferred<Response> pending = world.client.get("http://a/");
  pending.cancel();
  failureResultOf<CancelledError>(pending);
  CHECK(world.last().starts_with("GET http://a/: cancelled after 0 s: "));
  world.error<UnsupportedScheme>(world.client.get("ftp://a/"));
  CHECK(world.last().starts_with("GET ftp://a/: failed after 0 s: "));
  CHECK(world.log.count() == 4);
}

TEST_CASE("nothing is done for a log that nobody reads") {
  World world;
  LogCapture log(LogLevel::Error);
  setLogLevel("weft.http.client.silent", LogLevel::Off);
  LoggingAgent client(world.agent, world.clock, LoggingOptions().setName("weft.http.client.silent"));
  world.on("/", reply("x"));
  CHECK(world.get(textOf(client.get("http://a/"))) == "x");
  CHECK(log.count() == 0);
  resetLogLevels();
}
