#include <weft/net/internal/standard_endpoints.hpp>

#include <weft/net/endpoints/tcp_endpoint.hpp>

#include <string>

namespace weft::net::detail {

namespace {

std::uint16_t portOf(const EndpointArguments& arguments, long least) { return static_cast<std::uint16_t>(arguments.number("port", least, 65535)); }

ConnectOptions connectOptions(const EndpointArguments& arguments) {
  ConnectOptions options;
  options.timeout(arguments.seconds("timeout", options.timeout()));
  if (const auto from = arguments.address("bindAddress")) options.bindAddress(*from);
  return options;
}

template <class Endpoint> std::unique_ptr<ClientEndpoint> tcpClient(Network& network, const EndpointArguments& arguments) {
  std::string host = arguments.text("host");
  return std::make_unique<Endpoint>(network, std::move(host), portOf(arguments, 1), connectOptions(arguments));
}

template <class Endpoint, Address::Family kFamily> std::unique_ptr<ServerEndpoint> tcpServer(Network& network, const EndpointArguments& arguments) {
  ListenOptions options;
  const std::uint16_t port = portOf(arguments, 0);
  if (const auto interface = arguments.address("interface", port)) {
    if (interface->family() != kFamily) arguments.fail("interface", kFamily == Address::Family::IPv4 ? "this is an IPv6 address: write tcp6 for it" : "this is an IPv4 address: write tcp for it");
    options.interface(arguments.text("interface"));
  }
  options.backlog(static_cast<int>(arguments.number("backlog", 1, 1'000'000, options.backlog())));
  return std::make_unique<Endpoint>(network, port, options);
}

}  // namespace

void addStandardEndpoints(EndpointTypes& types) {
  types.addClient("tcp", {"host", "port", "timeout", "bindAddress"}, tcpClient<TCPClientEndpoint>);
  types.addClient("tcp6", {"host", "port", "timeout", "bindAddress"}, tcpClient<TCP6ClientEndpoint>);
  types.addServer("tcp", {"port", "interface", "backlog"}, tcpServer<TCP4ServerEndpoint, Address::Family::IPv4>);
  types.addServer("tcp6", {"port", "interface", "backlog"}, tcpServer<TCP6ServerEndpoint, Address::Family::IPv6>);
}

}  // namespace weft::net::detail
