#include <weft/http/client/proxy_settings.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/internal/url_host.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace weft::http {

namespace {

// A proxy's text without what stands between "//" and "@": errors are logged.
std::string withoutLogin(std::string_view proxy) {
  const std::size_t at = proxy.rfind('@');
  if (at == std::string_view::npos) return std::string(proxy);
  const std::size_t slashes = proxy.find("//");
  return std::string(proxy.substr(0, slashes == std::string_view::npos ? 0 : slashes + 2)) + "…" + std::string(proxy.substr(at));
}

}  // namespace

Url ProxySettings::parse(std::string_view proxy, std::string_view source) {
  const std::string name = std::string(source) + " (" + withoutLogin(proxy) + ")";
  std::string text(proxy);
  if (text.find("://") == std::string::npos) text.insert(0, "http://");
  auto url = Url::tryParse(text);
  if (!url) throw ProxySettingsError(name + " is no URL");
  if (!url->isHttp() && url->scheme() != "socks5" && url->scheme() != "socks5h")
    throw ProxySettingsError(name + ": there are proxies of the schemes http, https, socks5 and socks5h, not " + std::string(url->scheme()));
  if (url->host().empty()) throw ProxySettingsError(name + ": the host is missing");
  return *std::move(url);
}

ProxySettings& ProxySettings::set(std::optional<Url>& which, std::string_view proxy, std::string_view source) {
  which = proxy.empty() ? std::nullopt : std::optional<Url>(parse(proxy, source));
  return *this;
}

ProxySettings& ProxySettings::except(std::string_view hosts) {
  std::vector<Exception> exceptions;
  bool all = false;
  while (!hosts.empty()) {
    const std::size_t end = std::min(hosts.find_first_of(", \t"), hosts.size());
    std::string_view word = hosts.substr(0, end);
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
    if (word.empty()) continue;
    if (word == "*") {
      all = true;
      continue;
    }
    Exception exception;
    if (const std::string_view bare = detail::withoutBrackets(word); word.find('/') != std::string_view::npos || net::Address::parse(bare, 0)) {
      try {
        exception.range = net::AddressRange::parse(bare);
      } catch (const net::BadAddressRange& bad) {
        throw ProxySettingsError("a host without a proxy: " + std::string(bad.what()));
      }
    } else {
      if (const std::size_t colon = word.rfind(':'); colon != std::string_view::npos) {
        const std::string_view port = word.substr(colon + 1);
        const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), exception.port);
        if (error != std::errc() || stop != port.data() + port.size() || exception.port == 0)
          throw ProxySettingsError("a host without a proxy, " + std::string(word) + ": \"" + std::string(port) + "\" is no port");
        word = word.substr(0, colon);
      }
      if (word.starts_with('*')) word.remove_prefix(1);              // "*.example.com"
      if (word.starts_with('.')) word.remove_prefix(1);
      if (net::Address::parse(detail::withoutBrackets(word), 0)) exception.range = net::AddressRange::parse(detail::withoutBrackets(word));
      exception.name = weft::detail::lowered(word);
    }
    exceptions.push_back(std::move(exception));
  }
  exceptions_ = std::move(exceptions);
  exceptAll_ = all;
  return *this;
}

ProxySettings ProxySettings::fromEnvironment() {
  return fromEnvironment([](const char* name) -> std::optional<std::string> {
    const char* const text = std::getenv(name);
    return text ? std::optional<std::string>(text) : std::nullopt;
  });
}

ProxySettings ProxySettings::fromEnvironment(const std::function<std::optional<std::string>(const char*)>& variable) {
  ProxySettings settings;
  const auto read = [&](std::optional<Url>& which, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const auto text = variable(name);
      if (!text) continue;
      settings.set(which, *text, std::string("the variable ") + name);
      return;                                          // one that is set and empty means: no proxy
    }
  };
  read(settings.http_, {"http_proxy", "all_proxy", "ALL_PROXY"});
  read(settings.https_, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    const auto hosts = variable(name);
    if (!hosts) continue;
    try {
      settings.except(*hosts);
    } catch (const ProxySettingsError& error) {
      throw ProxySettingsError(std::string("the variable ") + name + ": " + error.what());
    }
    break;
  }
  return settings;
}

bool ProxySettings::isExcepted(const Url& url) const {
  if (exceptAll_) return true;
  const std::string_view host = detail::withoutBrackets(url.host());
  const auto address = exceptions_.empty() ? std::nullopt : net::Address::parse(host, 0);
  return std::any_of(exceptions_.begin(), exceptions_.end(), [&](const Exception& exception) {
    if (exception.port != 0 && exception.port != url.effectivePort()) return false;
    if (exception.range) return address && exception.range->contains(*address);
    if (!host.ends_with(exception.name)) return false;
    return host.size() == exception.name.size() || host[host.size() - exception.name.size() - 1] == '.';
  });
}

std::optional<Url> ProxySettings::proxyFor(const Url& url) const {
  const std::optional<Url>& proxy = url.scheme() == "https" ? https_ : http_;
  if (!proxy || isExcepted(url)) return std::nullopt;
  return proxy;
}

}  // namespace weft::http
