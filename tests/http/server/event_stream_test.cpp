#include <weft/http/server/event_stream.hpp>

#include <doctest/doctest.h>

#include "http/server/server_world.hpp"

#include <weft/defer/defer_later.hpp>

using namespace weft;
using namespace weft::http;
using namespace weft::test::server;

TEST_CASE("an event is sent as HTML says: its type, id and delay, and a line for each line of its text") {
  CHECK(ServerEvent("hello").text() == "data: hello\n\n");
  CHECK(ServerEvent("").text() == "data: \n\n");
  CHECK(ServerEvent("a\nb\r\nc\rd").setEvent("tick").setId("7").setRetry(1.5).text() == "event: tick\nid: 7\nretry: 1500\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
  CHECK_THROWS_AS(ServerEvent("x").setEvent("a\nb").text(), weft::http::Error);
  CHECK_THROWS_AS(ServerEvent("x").setId(std::string("a\0b", 3)).text(), weft::http::Error);
}

TEST_CASE("events go out as they are yielded, with a sign of life between, until the page is gone") {
  bool closed = false;
  World world([&](Request) -> Deferred<Response> {
    co_return eventStream(
        [](Clock* clock, bool* closed) -> AsyncGenerator<ServerEvent> {
          struct AtEnd {
            bool* flag;
            ~AtEnd() { *flag = true; }
          } atEnd{closed};
          for (int i = 1; i < 100; ++i) {
            ServerEvent event(std::to_string(i));
            co_yield std::move(event);
            co_await deferLater(*clock, 40);
          }
        }(&world.clock, &closed),
        world.clock);
  });
  auto page = world.connect();
  page->transport().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run();
  CHECK(page->received.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(page->received.find("Cache-Control: no-store\r\n") != std::string::npos);
  CHECK(page->received.ends_with("9\r\ndata: 1\n\n\r\n"));
  world.run(16);
  CHECK(page->received.ends_with("\r\n3\r\n:\n\n\r\n"));
  world.run(16);
  CHECK(page->received.ends_with("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"));
  world.run(9);
  CHECK(page->received.ends_with("9\r\ndata: 2\n\n\r\n"));
  world.run(200);                                                          // it waits for as long as there is news
  CHECK(!closed);
  page->transport().abortConnection();
  world.run();
  CHECK(closed);
  world.run(100);
  CHECK(world.clock.getDelayedCalls().empty());
}
