// A site with a route for each kind of answer, for tests of what a server survives.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/forms/form_data.hpp>
#include <weft/http/server/compress.hpp>
#include <weft/http/server/event_stream.hpp>
#include <weft/http/server/reverse_proxy.hpp>
#include <weft/http/server/router.hpp>
#include <weft/http/server/site.hpp>
#include <weft/http/server/static_files.hpp>
#include <weft/net/network.hpp>
#include <weft/net/protocol.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace weft::test {

/// Counts the handlers and generators that have begun and not ended.
class Alive {
 public:
  explicit Alive(int& count) : count_(&count) { ++*count_; }
  Alive(const Alive&) = delete;
  ~Alive() { --*count_; }

 private:
  int* count_;
};

/// Says everything back, for a connection that was upgraded.
class Parrot final : public net::Protocol {
  void dataReceived(std::string_view data) override { transport().write(data); }
};

inline std::string patterned(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23 + i / 1000 % 3);
  return text;
}

/// Each answer has the number of its request ("?n=7") in X-Number.
///
///   /short, /long (in chunks), /sized (with a length), /file (a folder's), /late (after a second), /never, /wrong (throws), /events, /upgrade; POST: /echo (as it comes), /form
///   /proxied/short… : the same by way of a reverse proxy
struct Service {
  Service(net::Network& network, http::Agent& agent, const std::string& folder, http::SiteOptions options)
      : clock(network.clock()), site(std::make_shared<http::Site>(routes(agent, folder), std::move(options))) {
    site->use(http::compress(http::CompressOptions().setMinBytes(200)));
  }

  static constexpr std::size_t kLong = 5000;

  AsyncGenerator<std::string> pieces() {
    const Alive here(alive);
    const std::string all = patterned(kLong);
    for (std::size_t at = 0; at < kLong; at += 1000) {
      auto waiting = deferLater(clock, 0.02);
      co_await waiting;
      std::string piece = all.substr(at, 1000);
      co_yield std::move(piece);
    }
  }

  AsyncGenerator<http::ServerEvent> news() {
    const Alive here(alive);
    for (int i = 1; i <= 3; ++i) {
      http::ServerEvent event(std::to_string(i));
      co_yield std::move(event);
      auto waiting = deferLater(clock, 0.5);
      co_await waiting;
    }
  }

  AsyncGenerator<std::string> back(http::Request request) {
    const Alive here(alive);
    auto chunks = request.chunks();
    while (auto piece = co_await chunks.next()) {
      std::string said = std::move(*piece);
      co_yield std::move(said);
    }
  }

  Deferred<http::Response> formOf(http::Request request) {
    const Alive here(alive);
    http::FormData form = co_await http::readForm(std::move(request));
    const http::UploadedFile* file = form.file("file");
    co_return http::Response(200, std::string(form.fields.get("name").value_or("nobody")) + " " + std::to_string(file ? file->size : 0));
  }

  Deferred<http::Response> after(Delay delay) {
    const Alive here(alive);
    auto waiting = deferLater(clock, delay);
    co_await waiting;
    co_return http::Response(200, "at last");
  }

  /// The handlers capture this: it must live as long as the site has connections.
  http::Router routes(http::Agent& agent, const std::string& folder) {
    using http::Request;
    using http::Response;
    http::Router router;
    router.use([](Request request, const http::Handler& next) -> Deferred<Response> {
      const std::string number(request.url.query());
      Response response = co_await next(std::move(request));
      response.setHeader("X-Number", number);
      co_return response;
    });
    router.get("/short", [](Request) -> Deferred<Response> { co_return Response(200, "short"); });
    router.get("/long", [this](Request) -> Deferred<Response> { co_return Response(200).setBodyChunks(pieces()); });
    router.get("/sized", [this](Request) -> Deferred<Response> { co_return Response(200).setBodyChunks(pieces(), kLong); });
    router.get("/file/{name...}", http::StaticFiles(folder));
    router.get("/late", [this](Request) { return after(1); });
    router.get("/never", [this](Request) { return after(100'000); });
    router.get("/wrong", [](Request) -> Deferred<Response> { throw std::runtime_error("what a handler does wrong"); });
    router.get("/events", [this](Request) -> Deferred<Response> { co_return http::eventStream(news(), clock); });
    router.get("/upgrade", [](Request) -> Deferred<Response> {
      co_return Response(200).setUpgrade("parrot", [](std::shared_ptr<net::Transport> transport) { transport->setProtocol(std::make_shared<Parrot>()); });
    });
    router.post("/echo", [this](Request request) -> Deferred<Response> { co_return Response(200).setBodyChunks(back(std::move(request))); });
    router.post("/form", [this](Request request) { return formOf(std::move(request)); });
    router.any("/proxied/{rest...}", http::ReverseProxy(agent, http::Url("http://localhost:80/"), http::ReverseProxyOptions().setMount("/proxied").setName("inner")));
    return router;
  }

  Clock& clock;
  int alive = 0;
  std::shared_ptr<http::Site> site;
};

}  // namespace weft::test
