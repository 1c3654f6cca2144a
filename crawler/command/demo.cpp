#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/demo_site.hpp>
#include <weft/crawler/command/port_file.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/net/tcp_network.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace weft::crawler::command {

namespace {

struct Options {
  std::uint16_t port = 8000;                           // 0: any free one
  std::string interface = "127.0.0.1";
  std::string portFile;                                // gets the port's number once the site listens
};

int demo(const Options& options) {
  setLogSink(stderrLogSink());
  Reactor reactor;
  net::TcpNetwork network(reactor);
  std::unique_ptr<net::Port> port;
  try {
    port = network.listen(options.port, demoSite(), net::ListenOptions().interface(options.interface));
  } catch (const net::CannotListenError& error) {
    return complain(std::string(error.what()) + (error.systemError == EADDRINUSE ? " (--port 0 takes any free port)" : ""), kStartError);
  } catch (const net::Error& error) {
    return complain(error.what(), kStartError);
  }
  const std::uint16_t number = port->getHost().port();
  if (!options.portFile.empty() && !writePortFile(options.portFile, number)) return complain("cannot write the port's number to " + options.portFile + ": " + std::strerror(errno), kStartError);
  std::fprintf(stderr, "The demo site, with %zu quotes: http://%s/  (Ctrl-C ends it)\n", demoQuoteCount(), net::hostAndPort(options.interface, number).c_str());
  reactor.run();
  return kComplete;
}

}  // namespace

void addDemo(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  CommandLine command(app, "demo", "Serve the demo site: quotes with authors and tags");
  command.option("--port", options->port, "Listen there; 0 for any free port (8000)").text("PORT");
  command.option("--interface", options->interface, "Listen at that address (127.0.0.1)").text("ADDRESS");
  command.option("--port-file", options->portFile, "Write the port's number there once the site is up").text("FILE");
  command.notes(R"(
Examples:
  weft demo                                             http://127.0.0.1:8000/
  weft demo --port 0 --port-file port                   any free port, which the file names)");
  command.run([options, &code] { code = demo(*options); });
}

}  // namespace weft::crawler::command
