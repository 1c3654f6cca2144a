#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/port_file.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/server/compress.hpp>
#include <weft/http/server/site.hpp>
#include <weft/http/server/static_files.hpp>
#include <weft/net/tcp_network.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::crawler::command {

namespace {

struct Options {
  std::string folder = ".";
  std::uint16_t port = 8000;                           // 0: any free one
  std::string interface = "127.0.0.1";
  std::string portFile;                                // gets the port's number once the site listens
  std::optional<double> maxAge;                        // seconds, for Cache-Control
  bool list = false, dotFiles = false, followLinks = false, quiet = false;
};

constexpr double kGrace = 10;                          // seconds for answers that are on their way when it is told to end

std::shared_ptr<http::Site> siteOf(const Options& options) {
  http::StaticFilesOptions files;
  files.setListings(options.list).setDotFiles(options.dotFiles).setOutsideLinks(options.followLinks).setPrecompressed(true);
  if (options.maxAge) files.setMaxAge(*options.maxAge);
  http::SiteOptions site;
  if (!options.quiet) site.setAccessLog([](const http::AccessEntry& entry) { std::fprintf(stderr, "%s\n", http::combinedLine(entry).c_str()); });
  auto served = std::make_shared<http::Site>(http::StaticFiles(options.folder, std::move(files)), std::move(site));
  served->use(http::compress());
  return served;
}

int serve(const Options& options) {
  setLogSink(stderrLogSink());
  Reactor reactor;
  net::TcpNetwork network(reactor);
  std::shared_ptr<http::Site> site;
  std::unique_ptr<net::Port> port;
  try {
    site = siteOf(options);
    port = network.listen(options.port, site, net::ListenOptions().interface(options.interface));
  } catch (const http::FileError& error) {
    return complain("cannot serve a folder: " + std::string(error.what()), kStartError);
  } catch (const net::CannotListenError& error) {
    return complain(std::string(error.what()) + (error.systemError == EADDRINUSE ? " (--port 0 takes any free port)" : ""), kStartError);
  } catch (const net::Error& error) {
    return complain(error.what(), kStartError);
  }
  const std::uint16_t number = port->getHost().port();
  if (!options.portFile.empty() && !writePortFile(options.portFile, number)) return complain("cannot write the port's number to " + options.portFile + ": " + std::strerror(errno), kStartError);
  std::fprintf(stderr, "Serving %s at http://%s/  (Ctrl-C ends it)\n", options.folder.c_str(), net::hostAndPort(options.interface, number).c_str());
  reactor.addSystemEventTrigger(Phase::Before, SystemEvent::Shutdown, [&](ShutdownHold hold) {
    if (site->connections() > 0) std::fprintf(stderr, "Ending; answers that are on their way have %g s (Ctrl-C again ends them)\n", kGrace);
    port->stopListening().detach();
    site->close(kGrace).addBoth([hold = std::move(hold)](Outcome<>) {}).detach();
  });
  bool stopping = false;
  reactor.onSignal([&](int) {
    if (std::exchange(stopping, true)) reactor.crash();
    else reactor.stop();
  });
  reactor.run();
  return kComplete;
}

}  // namespace

void addServe(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  CommandLine command(app, "serve", "Serve a folder over HTTP");
  command.option("folder", options->folder, "What to serve (this folder)").text("DIR");
  command.option("-p,--port", options->port, "Listen there; 0 for any free port (8000)").text("PORT");
  command.option("--interface", options->interface, "Listen at that address (127.0.0.1); 0.0.0.0 for all").text("ADDRESS");
  command.option("--port-file", options->portFile, "Write the port's number there once the site is up").text("FILE");
  command.flag("-l,--list", options->list, "Show what is in folders without an index.html");
  command.option("--max-age", options->maxAge, "Let caches keep files for so long").text("SECONDS").notNegative();
  command.flag("--dot-files", options->dotFiles, "Serve names that begin with a dot, too");
  command.flag("--follow-links", options->followLinks, "Follow symbolic links that lead out of the folder");
  command.flag("-q,--quiet", options->quiet, "Print no line for each request");
  command.notes(R"(
Examples:
  weft serve                                            this folder, at http://127.0.0.1:8000/
  weft serve build/html --list -p 0                     any free port, with listings of folders
  weft serve /srv/files --interface 0.0.0.0 --max-age 3600

Each request is a line on stderr in the combined format. Sends page.html.br, .zst or .gz beside page.html to who wants it so, and compresses other texts itself.
Nothing outside of the folder is ever sent. Ctrl-C ends it once answers that are on their way have been sent.)");
  command.run([options, &code] { code = serve(*options); });
}

}  // namespace weft::crawler::command
