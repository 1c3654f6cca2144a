// A server of files: a folder below /files/, with listings, and everything that is text compressed on its way.
#include "arguments.hpp"
#include "serving.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <memory>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_static_files DIR [--listen ENDPOINT]\n\n"
    "Serves what is in DIR as /files/…, with listings of folders, until it is told to stop.\n\n"
    "  --listen ENDPOINT   where to listen (tcp:8080:interface=127.0.0.1)\n";

Deferred<http::Response> home(http::Request) { co_return http::Response(302).setHeader("Location", "/files/"); }

// [static-files]
std::shared_ptr<http::Site> siteFor(const std::string& folder) {
  http::StaticFilesOptions options;
  options.setListings(true).setPrecompressed(true).setMaxAge(60).addType("gmi", "text/gemini; charset=utf-8");
  http::Router router;
  router.get("/files/{path...}", http::StaticFiles(folder, options));
  router.get("/", home);
  auto site = std::make_shared<http::Site>(router);
  site->use(http::compress());
  return site;
}
// [/static-files]

Deferred<> run(Reactor& reactor, std::string endpoint, std::shared_ptr<http::Site> site) {
  net::TcpNetwork network(reactor);
  auto serving = serve(network, endpoint, site);
  co_await serving;
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  std::shared_ptr<http::Site> site;
  try {
    site = siteFor(argv[1]);
  } catch (const http::FileError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  const std::string endpoint = arguments.text("--listen", "tcp:8080:interface=127.0.0.1");
  return react([&](Reactor& reactor) { return orSay(run(reactor, endpoint, site)); }, argc, argv);
}
