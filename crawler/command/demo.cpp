#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/demo_site.hpp>
#include <weft/crawler/command/port_file.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/net/tcp_network.hpp>

#include <cstdio>
#include <memory>

namespace weft::crawler::command {

int demo(const DemoOptions& options) {
  setLogSink(stderrLogSink());
  Reactor reactor;
  net::TcpNetwork network(reactor);
  std::unique_ptr<net::Port> port;
  try {
    port = network.listen(options.port, demoSite(), net::ListenOptions().interface(options.interface));
  } catch (const net::Error& error) {
    return complain(error.what(), kStartError);
  }
  const std::uint16_t number = port->getHost().port();
  if (!options.portFile.empty() && !writePortFile(options.portFile, number)) {
    return complain("cannot write the port's number to " + options.portFile, kStartError);
  }
  std::fprintf(stderr, "The demo site, with %zu quotes: http://%s/  (Ctrl-C ends it)\n", demoQuoteCount(), net::hostAndPort(options.interface, number).c_str());
  reactor.run();
  return kComplete;
}

}  // namespace weft::crawler::command
