#include <weft/http/client/internal/routes.hpp>

#include <weft/http/percent_encoding.hpp>
#include <weft/net/socks5_network.hpp>

#include <utility>

namespace weft::http::detail {

namespace {

constexpr std::uint16_t kSocksPort = 1080;

net::Socks5Proxy socksProxy(const Url& url) {
  std::string_view host = url.host();
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  net::Socks5Proxy proxy(std::string(host), url.port().value_or(kSocksPort));
  if (url.hasCredentials()) proxy.login(percentDecode(url.username()), percentDecode(url.password()));
  return proxy.resolveHere(url.scheme() == "socks5");
}

}  // namespace

Route Routes::to(const Url& url) {
  const auto proxy = options_.proxies.empty() ? std::nullopt : options_.proxies.proxyFor(url);
  if (!proxy) return {&network_};
  if (proxy->isHttp() && url.scheme() == "http") return {&network_, &forwarding(*proxy)};
  return {&throughProxy(*proxy)};
}

const HttpProxy& Routes::forwarding(const Url& proxy) { return forwards_.try_emplace(proxy.href(), httpProxy(proxy)).first->second; }

// One that is reached over TLS is verified as the servers are.
HttpProxy Routes::httpProxy(const Url& url) const {
  HttpProxy proxy(url);
  if (url.scheme() == "https") proxy.tls(tlsContextFor(options_, false));
  return proxy;
}

net::Network& Routes::throughProxy(const Url& proxy) {
  std::unique_ptr<net::Network>& network = networks_[proxy.href()];
  if (network) return *network;
  if (proxy.isHttp())
    network = std::make_unique<TunnelNetwork>(network_, httpProxy(proxy));
  else
    network = std::make_unique<net::Socks5Network>(network_, socksProxy(proxy));
  return *network;
}

}  // namespace weft::http::detail
