// AddressGuardMiddleware: a crawl is not led to private addresses.
#pragma once

#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/net/guarded_network.hpp>

#include <set>
#include <string>

namespace weft::crawler {

/// The guard of a crawl's network: what is not globally reachable is refused, but for the hosts of startUrls and allowedDomains, the environment's proxies, and ADDRESS_GUARD_ALLOW (hosts
/// and ranges, separated by commas: "intranet.example, 10.1.0.0/16"). Throws SettingError; http::ProxySettingsError.
net::AddressGuard addressGuardFor(const Spider& spider, const Settings& settings);

/// Lets the network connect to wherever start requests go, and to the proxies that requests name, whatever address that is: a link or a redirect is not enough for that. Outermost of the layers, since robots.txt comes first.
///
///     net::GuardedNetwork guarded(network, addressGuardFor(spider, settings));
///     spider.downloaderMiddlewares.push_back(std::make_shared<AddressGuardMiddleware>(guarded));
class AddressGuardMiddleware final : public DownloaderMiddleware {
 public:
  explicit AddressGuardMiddleware(net::GuardedNetwork& network) : DownloaderMiddleware("AddressGuardMiddleware", 10), network_(network) {}
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;

 private:
  net::GuardedNetwork& network_;
  std::set<std::string, std::less<>> allowed_;
};

}  // namespace weft::crawler
