// Bodies of an Agent's responses, read in pieces, saved and watched.
#include <weft/http/client/agent.hpp>

#include <doctest/doctest.h>

#include "http/client/agent_world.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/reactor.hpp>
#include <weft/http/file_error.hpp>
#include <weft/net/tcp_network.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
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

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string pattern(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>('a' + i % 23));
  return text;
}

Deferred<std::uint64_t> download(Deferred<Response> pending, std::string path) {
  Response response = co_await pending;
  co_return co_await response.saveTo(std::move(path));
}

Deferred<std::string> joined(AsyncGenerator<std::string> chunks) {
  std::string all;
  while (auto chunk = co_await chunks.next()) all += *chunk;
  co_return all;
}

}  // namespace

TEST_CASE("a page is saved while it comes, and the connection serves the next request") {
  AgentWorld world;
  TemporaryFolder folder;
  const std::string body = pattern(2'000'000);
  ScriptedServer server(world.network, 80, reply(body));
  Agent agent(world.network);
  CHECK(world.get(download(agent.get("http://a/"), folder / "page")) == body.size());
  CHECK(contentOf(folder / "page") == body);
  CHECK(agent.stats().idle == 1);
  CHECK(world.get(joined(world.get(agent.get("http://a/")).chunks())) == body);
  CHECK(server.peers.size() == 1);
}

TEST_CASE("progress of a response counts to its Content-Length, or without one to its end") {
  AgentWorld world;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    const bool chunked = request.starts_with("GET /chunked");
    peer.send(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    world.clock.callLater(1, [&peer, chunked] { peer.send(chunked ? "3\r\ndef\r\n0\r\n\r\n" : "def"); });
  });
  Agent agent(world.network);
  for (const bool chunked : {false, true}) {
    std::vector<std::pair<std::uint64_t, std::optional<std::uint64_t>>> steps;
    Response response = world.get(agent.get(chunked ? "http://a/chunked" : "http://a/"), 0.5);
    response.onProgress([&](std::uint64_t bytes, std::optional<std::uint64_t> total) { steps.emplace_back(bytes, total); });
    CHECK(world.get(response.text()) == "abcdef");
    REQUIRE(!steps.empty());
    CHECK(steps.back() == std::pair<std::uint64_t, std::optional<std::uint64_t>>(6, 6));
  }
}

TEST_CASE("a download that breaks, is cancelled or has no room leaves neither file nor connection") {
  AgentWorld world;
  TemporaryFolder folder;
  ScriptedServer server(world.network, 80, [&](Peer& peer, const std::string& request) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    if (request.starts_with("GET /cut")) peer.close();
  });
  Agent agent(world.network);
  world.error<ResponseFailed>(download(agent.get("http://a/cut"), folder / "page"));
  CHECK(agent.stats().open == 0);

  auto cancelled = download(agent.get("http://a/"), folder / "page");
  world.run();
  CHECK(!std::filesystem::is_empty(folder / ""));
  cancelled.cancel();
  failureResultOf<CancelledError>(cancelled);
  CHECK(agent.stats().open == 0);

  const std::string nowhere = folder / "missing/page";
  CHECK(world.error<FileError>(download(agent.get("http://a/"), nowhere)).path == nowhere);
  CHECK(agent.stats().open == 0);
  CHECK(std::filesystem::is_empty(folder / ""));
}

TEST_CASE("chunks that are left early close the connection") {      // L4
  AgentWorld world;
  ScriptedServer server(world.network, 80, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome");
  Agent agent(world.network);
  {
    auto chunks = world.get(agent.get("http://a/")).chunks();
    auto first = chunks.nextDeferred();
    CHECK(successResultOf(first) == "some");
    CHECK(agent.stats().open == 1);
  }
  CHECK(agent.stats().open == 0);
  world.run();
  CHECK(server.openConnections() == 0);
}

TEST_CASE("a download over real sockets is written on threads") {
  TemporaryFolder folder;
  const std::string body = pattern(3'000'000);
  Reactor reactor;
  net::TcpNetwork network(reactor);
  ScriptedServer server(network, 0, reply(body));
  Agent agent(network);
  std::optional<Outcome<std::uint64_t>> saved;
  Deferred<> done{nullptr};
  reactor.callWhenRunning([&] {
    done = download(agent.get("http://127.0.0.1:" + std::to_string(server.port()) + "/"), folder / "page").addBoth([&](Outcome<std::uint64_t> outcome) {
      saved.emplace(std::move(outcome));
      agent.close();
      reactor.crash();
    });
  });
  reactor.run(false);
  REQUIRE(saved);
  CHECK(saved->value() == body.size());
  CHECK(contentOf(folder / "page") == body);
}
