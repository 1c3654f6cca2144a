// A site as it is run: hosts, layers, sessions, a place for those who have a password, limits, a log, pages for errors; and an end that lets requests end.
#include "arguments.hpp"
#include "serving.hpp"

#include <weft/core.hpp>
#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

using namespace weft;
using http::Request, http::Response;

constexpr const char* kUsage =
    "http_office DIR [--listen ENDPOINT] [--log FILE] [--grace SECONDS]\n\n"
    "Serves the files of DIR below /files/, counts a browser's visits at /, counts the bytes of a note that is sent to /notes, asks for a password (ann, secret) at /private, and tells at status.localhost how much it does.\n\n"
    "  --listen ENDPOINT   where to listen (tcp:8080:interface=127.0.0.1)\n"
    "  --log FILE          the access log (office.log)\n"
    "  --grace SECONDS     how long requests may take to end when it is told to stop (15)\n";

// [office-sessions]
struct Visits {
  int count = 0;
};

Deferred<Response> home(Request request) {
  const int count = ++http::sessionOf(request)->data<Visits>().count;
  co_return Response(200, "<!doctype html><title>Office</title><p>Visit " + std::to_string(count) + "\n", "text/html; charset=utf-8");
}
// [/office-sessions]

Deferred<Response> note(Request request) {
  const std::string text = co_await request.text();
  co_return Response(200, std::to_string(text.size()) + " bytes\n", "text/plain; charset=utf-8");
}

// [office-authentication]
std::optional<std::string> passwordOf(const std::string& user) {
  if (user == "ann") return "secret";
  return std::nullopt;
}

Deferred<Response> vault(Request request) { co_return Response(200, "For " + request.attached<http::User>()->name + " alone\n", "text/plain; charset=utf-8"); }

http::Handler guarded(Clock& clock) { return http::layered(http::digestAuthentication("the office", passwordOf, clock), vault); }
// [/office-authentication]

// [office-errors]
Response errorPage(int status, const Failure* failure) {
  const auto* meant = failure ? failure->as<http::StatusError>() : nullptr;          // what other errors say is not for the world
  const std::string text = meant ? meant->what() : std::to_string(status) + " " + std::string(http::reasonPhrase(status));
  return Response(status, "Sorry: " + text + "\n", "text/plain; charset=utf-8");
}
// [/office-errors]

// [office-layer]
Deferred<Response> withSafeHeaders(Request request, const http::Handler& next) {
  auto answering = next(std::move(request));
  Response response = co_await answering;
  response.setHeader("X-Content-Type-Options", "nosniff");
  if (!response.headers.has("Content-Security-Policy")) response.setHeader("Content-Security-Policy", "default-src 'self'");    // a listing has its own, for its style
  co_return response;
}
// [/office-layer]

// [office]
struct Office {
  Office(Reactor& reactor, std::string folder, std::string logFile) : log(reactor, std::move(logFile)), sessions(reactor) {
    router.use(withSafeHeaders).use(http::compress()).use(sessions.layer());
    router.get("/", home);
    router.get("/files/{path...}", http::StaticFiles(std::move(folder), http::StaticFilesOptions().setListings(true).setMaxAge(60)));
    router.post("/notes", note, http::RouteOptions().setMaxBody(64 * 1024));
    router.get("/private", guarded(reactor));
    hosts.add("status.localhost", [this](const Request&) { return succeed(status()); }).otherwise(router);

    http::SiteOptions options;
    options.setHeadTimeout(10).setBodyTimeout(20).setHandlerTimeout(60).setMaxBody(1 << 20).setMaxConnectionsPerAddress(2000);
    options.setErrorPage(errorPage).setAccessLog(log.writer());
    site = std::make_shared<http::Site>(hosts, options);
  }
  Response status() const {
    return Response(200, std::to_string(site->requests()) + " requests, " + std::to_string(site->connections()) + " connections\n", "text/plain; charset=utf-8");
  }

  http::AccessLog log;                                 // both outlive the site
  http::Sessions sessions;
  http::Router router;
  http::VirtualHosts hosts;
  std::shared_ptr<http::Site> site;
};
// [/office]

// [office-end]
Deferred<> run(Reactor& reactor, std::string endpoint, std::string folder, std::string logFile, double grace) {
  Office office(reactor, folder, logFile);
  net::TcpNetwork network(reactor);
  auto serving = serve(network, endpoint, office.site);
  (void)co_await serving.outcome();                    // SIGINT or SIGTERM: it listens no more
  auto closing = office.site->close(grace);            // requests that are under way end
  co_await closing;
}
// [/office-end]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  const std::string endpoint = arguments.text("--listen", "tcp:8080:interface=127.0.0.1"), log = arguments.text("--log", "office.log");
  const auto grace = static_cast<double>(arguments.number("--grace", 15));
  return react(
      [&](Reactor& reactor) {
        return run(reactor, endpoint, argv[1], log, grace).addErrback([](const http::FileError& error) {          // no such folder, a log that cannot be written
          std::fprintf(stderr, "%s\n", error.what());
          throw SystemExit(1);
        });
      },
      argc, argv);
}
