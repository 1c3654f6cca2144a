// Bodies of requests and of responses that come and go bit by bit.
#include <doctest/doctest.h>

#include "http/server/server_world.hpp"

#include <weft/defer/defer_later.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/net/transport.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::http;
using namespace weft::test::server;

namespace {

std::string bodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

AsyncGenerator<std::string> count(int to, Clock* clock, bool* ended = nullptr) {
  struct AtEnd {
    bool* flag;
    ~AtEnd() {
      if (flag) *flag = true;
    }
  } atEnd{ended};
  for (int i = 1; i <= to; ++i) {
    if (clock) co_await deferLater(*clock, 1);
    std::string piece = std::to_string(i) + " ";
    co_yield std::move(piece);
  }
}

}  // namespace

TEST_CASE("a handler is called when the head has come, and reads the body as it comes") {
  std::string pieces;
  bool called = false;
  World world([&](Request request) -> Deferred<Response> {
    called = true;
    auto chunks = request.chunks();
    while (auto chunk = co_await chunks.next()) pieces += *chunk + "|";
    co_return Response(200, pieces);
  });
  auto client = world.connect();
  client->transport().write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab");
  world.run();
  CHECK(called);
  CHECK(pieces == "ab|");
  client->transport().write("cd");
  world.run();
  CHECK(pieces == "ab|cd|");
  client->transport().write("efGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run();
  CHECK(client->received.find("ab|cd|ef|") != std::string::npos);
  CHECK(world.site->requests() == 2);
}

TEST_CASE("a body is taken from the connection as fast as it is read") {
  Trigger<> go;
  std::size_t got = 0;
  World world([&](Request request) -> Deferred<Response> {
    Deferred<> wait;
    go = wait.takeTrigger();
    co_await wait;
    auto chunks = request.chunks();
    while (auto chunk = co_await chunks.next()) got += chunk->size();
    co_return Response(200, std::to_string(got));
  });
  auto client = world.connect();
  constexpr std::size_t kSize = 10'000'000;
  client->transport().write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
  client->transport().write(std::string(kSize, 'x'));
  world.run(5);
  CHECK(client->transport().buffered() > kSize - 1'000'000);               // it waits at the client
  go.callback();
  world.run(5);
  CHECK(got == kSize);
  CHECK(bodyOf(client->received) == std::to_string(kSize));
}

TEST_CASE("a client that asks whether to send its body is told when it is read, or gets its answer instead") {
  World world([](Request request) -> Deferred<Response> {
    if (request.url.path() == "/no") co_return Response(403, "no");
    co_return Response(200, co_await request.bytes());
  });
  const std::string head = " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  auto told = world.connect();
  told->transport().write("POST /" + head);
  world.run();
  CHECK(told->received == "HTTP/1.1 100 Continue\r\n\r\n");
  told->transport().write("hello");
  world.run();
  CHECK(told->received.ends_with("\r\n\r\nhello"));
  CHECK(!told->ended);
  auto refused = world.connect();
  refused->transport().write("POST /no" + head);
  world.run();
  CHECK(statusOf(refused->received) == 403);
  CHECK(refused->received.find("Connection: close") != std::string::npos);
  CHECK(refused->ended);
}

TEST_CASE("a client that asks whether to send its body is told so when the answer is made of that body") {
  World world([](Request request) -> Deferred<Response> { co_return Response(200).setBodyChunks(request.chunks()); });
  auto client = world.connect();
  client->transport().write("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  world.run();
  CHECK(client->received.starts_with("HTTP/1.1 100 Continue\r\n\r\n"));
  client->transport().write("hello");
  world.run();
  CHECK(client->received.ends_with("5\r\nhello\r\n0\r\n\r\n"));
  CHECK(!client->lost);
}

TEST_CASE("a body that nobody reads is dropped if it is short, and ends the connection if it is long") {
  World world([](Request) -> Deferred<Response> { co_return Response(200, "fine"); });
  auto brief = world.connect();
  brief->transport().write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  world.run();
  CHECK(brief->received.ends_with("fine"));
  CHECK(brief->received.find("Connection") == std::string::npos);
  brief->transport().write(std::string(1000, 'x') + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run();
  CHECK(world.site->requests() == 2);
  CHECK(!brief->ended);
  auto large = world.connect();
  large->transport().write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nxxx");
  world.run();
  CHECK(large->received.find("Connection: close") != std::string::npos);
  CHECK(large->ended);
  auto chunked = world.connect();
  chunked->transport().write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxxx\r\n");
  world.run();
  CHECK(chunked->ended);
}

TEST_CASE("a body that stops, trickles, ends early or breaks the rules is an error of whoever reads it, and a status") {
  Silence silence;
  std::string error;
  World world(
      [&](Request request) -> Deferred<Response> {
        error.clear();
        try {
          co_return Response(200, co_await request.bytes());
        } catch (const std::exception& caught) {
          error = caught.what();
          throw;
        }
      },
      SiteOptions().setBodyTimeout(10).setMinimumRate(100));
  const auto trickle = [&](int perSecond) {
    auto client = world.connect();
    client->transport().write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n");
    for (int i = 0; i < 25 && !client->lost; ++i) {
      client->transport().write(std::string(static_cast<std::size_t>(perSecond), 'x'));
      world.run(1);
    }
    return statusOf(client->received);
  };
  CHECK(trickle(0) == 408);
  CHECK(error == "the body of the request came too slowly");
  CHECK(trickle(20) == 408);
  CHECK(trickle(120) == 200);
  CHECK(error == "");
  auto broken = world.connect();
  broken->transport().write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  world.run();
  broken->transport().write("xyz\r\n");
  world.run();
  CHECK(statusOf(broken->received) == 400);
  CHECK(!error.empty());
  auto half = world.connect();
  half->transport().write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  half->transport().loseWriteConnection();
  world.run();
  CHECK(statusOf(half->received) == 400);
  world.run(100);
  CHECK(world.site->connections() == 0);
}

TEST_CASE("a response of chunks goes out as it comes: chunked, with its length, or until the end for HTTP/1.0") {
  World world([&](Request request) -> Deferred<Response> {
    if (request.url.path() == "/length") co_return Response(200).setBodyChunks(count(3, nullptr), 6);
    co_return Response(200).setBodyChunks(count(3, &world.clock));
  });
  auto client = world.connect();
  client->transport().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run();
  CHECK(client->received.ends_with("Transfer-Encoding: chunked\r\n\r\n"));         // the head does not wait
  world.run(1);
  CHECK(client->received.ends_with("\r\n\r\n2\r\n1 \r\n"));
  world.run(5);
  CHECK(client->received.ends_with("2\r\n3 \r\n0\r\n\r\n"));
  CHECK(!client->ended);
  CHECK(world.exchange("GET /length HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n1 2 3 ");
  CHECK(world.exchange("GET / HTTP/1.0\r\n\r\n", 5) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n1 2 3 ");
  CHECK(world.exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 200 OK\r\n\r\n");
}

TEST_CASE("a response that is longer or shorter than it says, or breaks, cuts its connection") {
  Silence silence;
  World world([&](Request request) -> Deferred<Response> {
    if (request.url.path() == "/broken")
      co_return Response(200).setBodyChunks([](Clock* clock) -> AsyncGenerator<std::string> {
        std::string piece = "a";
        co_yield std::move(piece);
        co_await deferLater(*clock, 1);
        throw std::runtime_error("secret");
      }(&world.clock));
    co_return Response(200).setBodyChunks(count(3, nullptr), request.url.path() == "/long" ? 3 : 7);
  });
  for (const char* path : {"/broken", "/long", "/short"}) {
    auto client = world.connect();
    client->transport().write("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    world.run(3);
    CHECK(client->lost);
    CHECK(!client->clean);
    CHECK(!client->received.ends_with("0\r\n\r\n"));
  }
}

TEST_CASE("a generator is closed when its client has gone, and stands still while the client does not read") {
  bool ended = false;
  int made = 0;
  World world([&](Request request) -> Deferred<Response> {
    if (request.url.path() == "/fast")
      co_return Response(200).setBodyChunks([](int* made) -> AsyncGenerator<std::string> {
        for (;;) {
          std::string piece(10'000, 'x');
          ++*made;
          co_yield std::move(piece);
        }
      }(&made));
    co_return Response(200).setBodyChunks(count(1000, &world.clock, &ended));
  });
  auto client = world.connect();
  client->transport().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run(3);
  CHECK(!ended);
  client->transport().abortConnection();
  world.run();
  CHECK(ended);
  auto deaf = world.connect();
  deaf->transport().pauseReading();
  deaf->transport().write("GET /fast HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run(30);
  CHECK(made < 100);
  world.run(100);                                                          // nobody waits for it for ever
  CHECK(world.site->connections() == 0);
}

TEST_CASE("the generator of a later answer on the same connection is closed as well, when its client goes") {
  bool ended = false;
  World world([&](Request request) -> Deferred<Response> {
    if (request.url.path() == "/short") co_return Response(200).setBodyChunks(count(2, &world.clock));
    co_return Response(200).setBodyChunks(count(1000, &world.clock, &ended));
  });
  auto client = world.connect();
  client->transport().write("GET /short HTTP/1.1\r\nHost: a\r\n\r\nGET /long HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run(3.5);
  CHECK(client->received.find("0\r\n\r\nHTTP/1.1 200 OK") != std::string::npos);
  CHECK(!ended);
  client->transport().abortConnection();
  world.run();
  CHECK(ended);
}

TEST_CASE("a body that fails before its first piece is an error page, and one whose client goes is no error") {
  std::vector<std::string> errors;
  const LogSink old = setLogSink([&](const LogRecord& record) {
    if (record.level >= LogLevel::Error) errors.emplace_back(record.message);
  });
  {
    World world([&](Request request) -> Deferred<Response> {
      if (request.url.path() == "/broken")
        co_return Response(200).setBodyChunks([]() -> AsyncGenerator<std::string> {
          throw StatusError(410);
          co_yield std::string();
        }());
      if (request.url.path() == "/missing") co_return Response(200).setBodyFile("/nowhere/at/all");
      co_return Response(200).setBodyChunks([]() -> AsyncGenerator<std::string> {
        for (;;) {
          std::string piece(10'000, 'x');
          co_yield std::move(piece);
        }
      }());
    });
    CHECK(statusOf(world.exchange("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")) == 410);
    CHECK(errors.empty());
    CHECK(statusOf(world.exchange("GET /missing HTTP/1.1\r\nHost: a\r\n\r\n")) == 500);
    CHECK(errors.size() == 1);
    auto leaving = world.connect();
    leaving->transport().pauseReading();
    leaving->transport().write("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    world.run(1);
    leaving->transport().abortConnection();
    world.run(1);
    CHECK(world.site->connections() == 0);
    CHECK(errors.size() == 1);
  }
  setLogSink(old);
}

TEST_CASE("a client that pipelines and does not read gets no more than its share of answers") {
  World world([](Request) -> Deferred<Response> { co_return Response(200, std::string(100'000, 'x')); });
  auto deaf = world.connect();
  deaf->transport().pauseReading();
  for (int i = 0; i < 500; ++i) deaf->transport().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run(5);
  CHECK(world.site->requests() < 10);
  deaf->transport().resumeReading();
  world.run(30);
  CHECK(world.site->requests() == 500);
}

TEST_CASE("a handler may answer while it reads: an upload comes back as it goes") {
  World world([](Request request) -> Deferred<Response> { co_return Response(200).setBodyChunks(request.chunks()); });
  auto client = world.connect();
  client->transport().write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  world.run();
  CHECK(client->received.ends_with("2\r\nab\r\n"));
  client->transport().write("2\r\ncd\r\n");
  world.run();
  CHECK(client->received.ends_with("2\r\ncd\r\n"));
  client->transport().write("0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run();
  CHECK(world.site->requests() == 2);
  CHECK(!client->ended);
}

TEST_CASE("a connection becomes another protocol's, with the bytes that came behind the request") {
  class Shout final : public net::Protocol {
    void connectionMade() override { transport().write("ready "); }
    void dataReceived(std::string_view data) override { transport().write(std::string(data) + "!"); }
  };
  World world([](Request) -> Deferred<Response> {
    co_return Response().setUpgrade("shout", [](std::shared_ptr<net::Transport> transport) { transport->setProtocol(std::make_shared<Shout>()); });
  });
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n";
  for (const bool together : {true, false}) {
    auto client = world.connect();
    client->transport().write(request + (together ? "hey" : ""));
    world.run();
    if (!together) client->transport().write("hey");
    world.run();
    CHECK(client->received.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK(client->received.find("Connection: Upgrade\r\nUpgrade: shout\r\n\r\n") != std::string::npos);
    CHECK(client->received.ends_with("\r\n\r\nready hey!"));
    CHECK(world.site->connections() == 0);
  }
  Silence silence;
  CHECK(statusOf(world.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 500);
}
