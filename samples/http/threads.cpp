// A server on several cores: each thread has a reactor, a site and connections of its own, so that nothing needs a lock.
#include "arguments.hpp"

#include <weft/core.hpp>
#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_threads [--port N] [--threads N] [--grace SECONDS]\n\n"
    "Answers which thread it is that answers, and how many answers that one has given.\n\n"
    "  --port N          where to listen on this machine (8080)\n"
    "  --threads N       how many serve (2)\n"
    "  --grace SECONDS   how long requests may take to end when it is told to stop (15)\n";

// [threads]
std::shared_ptr<http::Site> siteOfThread(int thread) {
  const auto answers = std::make_shared<int>(0);                   // one thread's, as all that a site holds
  return std::make_shared<http::Site>([thread, answers](const http::Request&) {
    return succeed(http::Response(200, "thread " + std::to_string(thread) + ", answer " + std::to_string(++*answers) + "\n", "text/plain; charset=utf-8"));
  });
}

Deferred<> untilStopped(Reactor&) {
  Deferred<> stopped;                                              // nobody fires it: SIGINT and SIGTERM cancel it
  co_await stopped;
}

int serveWith(std::size_t threads, std::uint16_t port, double grace, int argc, char** argv) {
  int made = 0;                                                    // threads are made one after the other
  http::ServingThreads serving(threads, port, [&made](Reactor&) { return siteOfThread(++made); }, net::ListenOptions().interface("127.0.0.1"));
  std::printf("%zu threads listening on 127.0.0.1:%d\n", serving.threads(), serving.port());
  std::fflush(stdout);
  const int status = react(untilStopped, argc, argv);
  serving.stop(grace);                                             // listens no more; requests that are under way end
  return status;
}
// [/threads]

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  const long threads = arguments.number("--threads", 2), port = arguments.number("--port", 8080);
  if (threads < 1 || threads > 256 || port > 65535) {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  try {
    return serveWith(static_cast<std::size_t>(threads), static_cast<std::uint16_t>(port), static_cast<double>(arguments.number("--grace", 15)), argc, argv);
  } catch (const net::Error& error) {                              // a port that is taken
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
