#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/port_file.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/server/compress.hpp>
#include <weft/http/server/site.hpp>
#include <weft/http/server/static_files.hpp>
#include <weft/net/tcp_network.hpp>

#include <cstdio>
#include <memory>
#include <utility>

namespace weft::crawler::command {

namespace {

constexpr double kGrace = 10;                          // seconds for answers that are on their way when it is told to end

std::shared_ptr<http::Site> siteOf(const ServeOptions& options) {
  http::StaticFilesOptions files;
  files.setListings(options.list).setDotFiles(options.dotFiles).setOutsideLinks(options.followLinks).setPrecompressed(true);
  if (options.maxAge) files.setMaxAge(*options.maxAge);
  http::SiteOptions site;
  if (!options.quiet) site.setAccessLog([](const http::AccessEntry& entry) { std::fprintf(stderr, "%s\n", http::combinedLine(entry).c_str()); });
  auto served = std::make_shared<http::Site>(http::StaticFiles(options.folder, std::move(files)), std::move(site));
  served->use(http::compress());
  return served;
}

}  // namespace

int serve(const ServeOptions& options) {
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
    return complain(std::string(error.what()) + " (--port 0 takes any free port)", kStartError);
  } catch (const net::Error& error) {
    return complain(error.what(), kStartError);
  }
  const std::uint16_t number = port->getHost().port();
  if (!options.portFile.empty() && !writePortFile(options.portFile, number)) return complain("cannot write the port's number to " + options.portFile, kStartError);
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

}  // namespace weft::crawler::command
