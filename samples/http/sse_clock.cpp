// A clock of server-sent events, with its page: what time the server has, each second, for as long as the page is open.
#include "arguments.hpp"
#include "serving.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_sse_clock [--listen ENDPOINT] [--every SECONDS]\n\n"
    "Serves a page that shows the server's time, which comes as events from /ticks; and says who listens and who has gone.\n\n"
    "  --listen ENDPOINT   where to listen (tcp:8080:interface=127.0.0.1)\n"
    "  --every SECONDS     how often (1)\n";

constexpr const char* kPage = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Clock</title>
<style>:root{color-scheme:light dark} body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem} #time{font-size:3rem}</style>
<h1>The server's clock</h1>
<p id="time" role="timer">…</p>
<p id="state" role="status">Connecting</p>
<ol id="ticks" hidden></ol>
<script>
  const show = (id, text) => document.getElementById(id).textContent = text;
  const source = new EventSource("ticks");
  source.onopen = () => show("state", "Connected");
  source.onerror = () => show("state", "The server is gone; trying again");
  source.addEventListener("tick", event => {
    show("time", event.data);
    document.getElementById("ticks").append(Object.assign(document.createElement("li"), {textContent: event.lastEventId}));
  });
</script>
)";

// [sse-clock]
AsyncGenerator<http::ServerEvent> ticks(Clock& clock, double every, std::string listener) {
  struct Listening {
    explicit Listening(std::string who) : who(std::move(who)) { say("listens"); }
    ~Listening() { say("has gone"); }                        // the page was closed: so is the generator
    void say(const char* what) const { std::printf("%s %s\n", who.c_str(), what), std::fflush(stdout); }
    const std::string who;
  } const listening(listener);
  for (int n = 1;; ++n) {
    http::ServerEvent event(http::formatDate(std::chrono::system_clock::now()));
    event.setEvent("tick").setId(std::to_string(n)).setRetry(2);
    co_yield std::move(event);
    auto waiting = deferLater(clock, every);
    co_await waiting;
  }
}
// [/sse-clock]

Deferred<> run(Reactor& reactor, std::string endpoint, double every) {
  net::TcpNetwork network(reactor);
  http::Router router;
  router.get("/", [](http::Request) -> Deferred<http::Response> { co_return http::Response(200, kPage, "text/html; charset=utf-8"); });
  router.get("/ticks", [&reactor, every](const http::Request& request) {
    return succeed(http::eventStream(ticks(reactor, every, request.client.toString()), reactor));
  });
  const auto site = std::make_shared<http::Site>(router);
  auto serving = serve(network, endpoint, site);
  co_await serving;
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  const long every = arguments.number("--every", 1);
  const std::string endpoint = arguments.text("--listen", "tcp:8080:interface=127.0.0.1");
  return react([&](Reactor& reactor) { return orSay(run(reactor, endpoint, static_cast<double>(every))); }, argc, argv);
}
