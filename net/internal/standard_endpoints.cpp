#include <weft/net/internal/standard_endpoints.hpp>

#include <weft/net/adopt.hpp>
#include <weft/net/endpoints/adopted_endpoint.hpp>
#include <weft/net/endpoints/process_endpoint.hpp>
#include <weft/net/endpoints/standard_io_endpoint.hpp>
#include <weft/net/endpoints/tcp_endpoint.hpp>
#include <weft/net/endpoints/unix_endpoint.hpp>
#include <weft/net/hostname_endpoint.hpp>
#include <weft/net/protocols/haproxy.hpp>
#include <weft/net/tcp_network.hpp>
#include <weft/net/tls/certificate.hpp>
#include <weft/net/tls/endpoint.hpp>
#include <weft/net/tls/error.hpp>
#include <weft/net/tls/options.hpp>
#include <weft/net/tls/trust_root.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net::detail {

namespace {

std::uint16_t portOf(const EndpointArguments& arguments, long least) { return static_cast<std::uint16_t>(arguments.number("port", least, 65535)); }

ConnectOptions connectOptions(const EndpointArguments& arguments) {
  ConnectOptions options;
  options.timeout(arguments.seconds("timeout", options.timeout()));
  if (const auto from = arguments.address("bindAddress")) options.bindAddress(*from);
  return options;
}

template <class Endpoint> std::shared_ptr<ClientEndpoint> tcpClient(Network& network, const EndpointArguments& arguments) {
  std::string host = arguments.text("host");
  return std::make_shared<Endpoint>(network, std::move(host), portOf(arguments, 1), connectOptions(arguments));
}

template <class Endpoint, Address::Family kFamily> std::shared_ptr<ServerEndpoint> tcpServer(Network& network, const EndpointArguments& arguments) {
  ListenOptions options;
  const std::uint16_t port = portOf(arguments, 0);
  if (const auto interface = arguments.address("interface", port)) {
    if (interface->family() != kFamily) arguments.fail("interface", kFamily == Address::Family::IPv4 ? "this is an IPv6 address: write tcp6 for it" : "this is an IPv4 address: write tcp for it");
    options.interface(arguments.text("interface"));
  }
  options.backlog(static_cast<int>(arguments.number("backlog", 1, 1'000'000, options.backlog())));
  return std::make_shared<Endpoint>(network, port, options);
}

// What a file or name is refused for is the argument's fault.
template <class Read> auto refusable(const EndpointArguments& arguments, std::string_view name, Read read) {
  try {
    return read();
  } catch (const TlsConfigurationError& error) {
    arguments.fail(name, error.what());
  }
}

std::vector<Certificate> certificatesIn(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return Certificate::allFromFile(path);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
    if (entry.path().extension() == ".pem") files.push_back(entry.path().string());
  if (files.empty()) throw TlsConfigurationError("there are no .pem files in " + path);
  std::sort(files.begin(), files.end());
  std::vector<Certificate> all;
  for (const std::string& file : files) {
    const std::vector<Certificate> some = Certificate::allFromFile(file);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// `certificate` and `privateKey`: what the two arguments are called. Either stands for both where they are one file.
PrivateCertificate privateCertificate(const EndpointArguments& arguments, std::string_view certificate, std::string_view privateKey) {
  const std::string_view first = arguments.has(certificate) || !arguments.has(privateKey) ? certificate : privateKey, second = arguments.has(privateKey) ? privateKey : certificate;
  const std::string file = arguments.text(first), keyFile = arguments.text(second);
  return refusable(arguments, first, [&] { return PrivateCertificate::fromFiles(file, keyFile); });
}

std::shared_ptr<ClientEndpoint> tlsClient(Network& network, const EndpointArguments& arguments, std::string_view roots, std::string_view certificate) {
  std::optional<TlsClientContext> context;
  if (arguments.has(roots) || arguments.has(certificate) || arguments.has("privateKey")) {
    TlsClientOptions options;
    if (arguments.has(roots))
      options.trustRoot(trustRootFromCertificates(refusable(arguments, roots, [&] { return certificatesIn(arguments.text(roots)); })));
    if (arguments.has(certificate) || arguments.has("privateKey")) options.clientCertificate(privateCertificate(arguments, certificate, "privateKey"));
    context.emplace(options);
  }
  auto connection = refusable(arguments, "host", [&] { return optionsForClientTLS(arguments.text("host"), context ? *context : defaultTlsClientContext()); });
  return wrapClientTLS(std::move(connection), tcpClient<HostnameEndpoint>(network, arguments));
}

std::shared_ptr<ServerEndpoint> tlsServer(Network& network, const EndpointArguments& arguments, std::string_view certificate) {
  const bool six = arguments.has("interface") && arguments.address("interface")->family() == Address::Family::IPv6;
  auto endpoint = six ? tcpServer<TCP6ServerEndpoint, Address::Family::IPv6>(network, arguments) : tcpServer<TCP4ServerEndpoint, Address::Family::IPv4>(network, arguments);
  PrivateCertificate shown = privateCertificate(arguments, certificate, "privateKey");
  if (arguments.has("extraCertChain")) {
    std::vector<Certificate> chain = shown.chain();
    const auto extra = refusable(arguments, "extraCertChain", [&] { return Certificate::allFromFile(arguments.text("extraCertChain")); });
    chain.insert(chain.end(), extra.begin(), extra.end());
    shown = PrivateCertificate(shown.certificate(), shown.key(), std::move(chain));
  }
  return wrapServerTLS(TlsServerContext(CertificateOptions(std::move(shown))), std::move(endpoint));
}

// What is no network's business needs the reactor.
Reactor& reactorOf(Network& network, const EndpointArguments& arguments) {
  if (auto* const real = dynamic_cast<TcpNetwork*>(&network)) return real->reactor();
  arguments.fail("", "an endpoint of type " + arguments.type() + " needs the reactor of a TcpNetwork, and there is none");
}

std::shared_ptr<ClientEndpoint> unixClient(Network& network, const EndpointArguments& arguments) {
  ConnectOptions options;
  options.timeout(arguments.seconds("timeout", options.timeout()));
  return std::make_shared<UNIXClientEndpoint>(reactorOf(network, arguments), arguments.text("path"), options);
}

std::shared_ptr<ServerEndpoint> unixServer(Network& network, const EndpointArguments& arguments) {
  UnixListenOptions options;
  options.lockFile(arguments.number("lockfile", 0, 1, 1) == 1);
  options.backlog(static_cast<int>(arguments.number("backlog", 1, 1'000'000, options.backlog())));
  if (arguments.has("mode")) {
    const std::string text = arguments.text("mode");
    if (text.size() > 4 || text.find_first_not_of("01234567") != std::string::npos) arguments.fail("mode", "mode is a number of up to four octal digits such as 660");
    options.mode(static_cast<unsigned>(std::stoul(text, nullptr, 8)));
  }
  return std::make_shared<UNIXServerEndpoint>(reactorOf(network, arguments), arguments.text("path"), options);
}

std::shared_ptr<ServerEndpoint> systemdServer(Network& network, const EndpointArguments& arguments) {
  Reactor& reactor = reactorOf(network, arguments);
  const bool byName = arguments.has("name"), byIndex = arguments.has("index");
  if (byName == byIndex) arguments.fail(byName ? "name" : "", "a socket of systemd is told by its index or by its name: give one of the two");
  const std::string domain = arguments.text("domain", "");
  if (!domain.empty() && domain != "INET" && domain != "INET6" && domain != "UNIX") arguments.fail("domain", "domain is INET, INET6 or UNIX");
  const ListenFDs sockets = ListenFDs::fromEnvironment();
  const std::vector<int> found = byName ? sockets.named(arguments.text("name")) : sockets.descriptors();
  const auto index = static_cast<std::size_t>(byName ? 0 : arguments.number("index", 0, 1023));
  if (index >= found.size()) {
    const std::size_t count = sockets.descriptors().size();
    arguments.fail(byName ? "name" : "index", "systemd has given this process " + (count ? std::to_string(count) : "no") + (count == 1 ? " socket" : " sockets") +
                                                  (count ? ", and not this one (see LISTEN_FDNAMES)" : " (LISTEN_FDS and LISTEN_PID say how many)"));
  }
  try {
    auto endpoint = std::make_shared<AdoptedStreamServerEndpoint>(reactor, found[index]);
    const Address::Family family = endpoint->getHost().family();
    const std::string_view actual = family == Address::Family::Unix ? "UNIX" : family == Address::Family::IPv6 ? "INET6" : "INET";
    if (!domain.empty() && domain != actual) arguments.fail("domain", "this socket listens on " + endpoint->getHost().toString() + ", which is " + std::string(actual));
    return endpoint;
  } catch (const CannotAdoptError& error) {
    arguments.fail(byName ? "name" : "index", error.what());
  }
}

std::shared_ptr<ClientEndpoint> processClient(Network& network, const EndpointArguments& arguments) {
  return std::make_shared<ProcessEndpoint>(reactorOf(network, arguments), arguments.text("executable"), arguments.rest("arguments"));
}

}  // namespace

void addStandardEndpoints(EndpointTypes& types) {
  types.addClient("tcp", {"host", "port", "timeout", "bindAddress"}, tcpClient<HostnameEndpoint>);
  types.addClient("tcp6", {"host", "port", "timeout", "bindAddress"}, tcpClient<TCP6ClientEndpoint>);
  types.addClient("tls", {"host", "port", "timeout", "bindAddress", "trustRoots", "certificate", "privateKey"},
                  [](Network& network, const EndpointArguments& arguments) { return tlsClient(network, arguments, "trustRoots", "certificate"); });
  types.addClient("ssl", {"host", "port", "timeout", "bindAddress", "caCertsDir", "certKey", "privateKey"},
                  [](Network& network, const EndpointArguments& arguments) { return tlsClient(network, arguments, "caCertsDir", "certKey"); });
  types.addServer("tcp", {"port", "interface", "backlog"}, tcpServer<TCP4ServerEndpoint, Address::Family::IPv4>);
  types.addServer("tcp6", {"port", "interface", "backlog"}, tcpServer<TCP6ServerEndpoint, Address::Family::IPv6>);
  types.addClient("unix", {"path", "timeout"}, unixClient);
  types.addServer("unix", {"path", "mode", "backlog", "lockfile"}, unixServer);
  types.addServer("systemd", {"domain", "index", "name"}, systemdServer);
  types.addServer("stdio", {}, [](Network& network, const EndpointArguments& arguments) { return std::make_shared<StandardIOEndpoint>(reactorOf(network, arguments)); });
  types.addClient("process", {"executable", "arguments..."}, processClient);
  types.addServer("haproxy", {":"}, [](Network& network, const EndpointArguments& arguments) { return proxyEndpoint(arguments.wrappedServer(network)); });
  types.addServer("tls", {"port", "certificate", "privateKey", "interface", "backlog"},
                  [](Network& network, const EndpointArguments& arguments) { return tlsServer(network, arguments, "certificate"); });
  types.addServer("ssl", {"port", "privateKey", "certKey", "extraCertChain", "interface", "backlog"},
                  [](Network& network, const EndpointArguments& arguments) { return tlsServer(network, arguments, "certKey"); });
}

}  // namespace weft::net::detail
