#include <weft/crawler/middlewares/address_guard_middleware.hpp>

#include <weft/crawler/settings.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/http/client/proxy_settings.hpp>

#include <utility>

namespace weft::crawler {

namespace {

// Brackets off: "[::1]" is the host of a URL, ::1 that of a connection.
std::string connectionHost(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

void allowAll(net::AddressGuard& guard, std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    if (one.find('/') == std::string_view::npos) {
      guard.allowHost(connectionHost(one));
      continue;
    }
    try {
      guard.allow(one);
    } catch (const net::BadAddressRange& error) {
      throw SettingError("ADDRESS_GUARD_ALLOW: " + std::string(error.what()));
    }
  }
}

}  // namespace

net::AddressGuard addressGuardFor(const Spider& spider, const Settings& settings) {
  net::AddressGuard guard;
  for (const std::string& text : spider.startUrls)
    if (const auto url = http::Url::tryParse(text)) guard.allowHost(connectionHost(url->host()));
  for (const std::string& domain : spider.allowedDomains) guard.allowHost(domain);
  if (settings.httpproxyEnabled) {
    const auto proxies = http::ProxySettings::fromEnvironment();
    for (const char* scheme : {"http://a.example/", "https://a.example/"})
      if (const auto proxy = proxies.proxyFor(http::Url(scheme))) guard.allowHost(connectionHost(proxy->host()));
  }
  allowAll(guard, settings.addressGuardAllow);
  return guard;
}

Deferred<Response> AddressGuardMiddleware::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  if (request->isStartRequest && !allowed_.contains(request->url.host())) {
    allowed_.emplace(request->url.host());
    network_.allowHost(connectionHost(request->url.host()));
  }
  if (const std::string_view proxy = request->meta("proxy"); !proxy.empty() && proxy != "none") {
    const auto url = http::ProxySettings().all(proxy).proxyFor(request->url);
    if (url && allowed_.emplace(url->host()).second) network_.allowHost(connectionHost(url->host()));
  }
  return next.fetch(std::move(request));
}

}  // namespace weft::crawler
