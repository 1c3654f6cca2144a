// RobotsGate: asks each site's robots.txt before its pages are fetched.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/crawler/downloader.hpp>
#include <weft/crawler/error.hpp>
#include <weft/crawler/robots/robots_txt.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace weft::crawler {

/// A site's robots.txt answered with a status of 5xx, again and again: RFC 9309 takes the site as forbidden.
class RobotsUnreachable : public Error {
 public:
  RobotsUnreachable(const std::string& url, int status) : Error(url + " answered " + std::to_string(status)), status(status) {}
  int status;
};
/// How a RobotsGate asks, and for how long it goes by an answer.
struct RobotsGateOptions {
  std::string userAgent = "weft";                      ///< whose rules count; what the downloader sends as User-Agent, or its product token
  Delay maxAge = 24 * 3600;                            ///< rules are fetched anew after this (RFC 9309 section 2.4)
  Delay unreachableAge = 600;                          ///< a site that could not be asked is asked again after this
  int retries = 2;                                     ///< attempts more when it could not be asked, before it counts as unreachable
  Delay retryDelay = 1;                                ///< between the first and the second attempt; then twice as long each time, up to 64 times as long
  int maxRedirects = 5;                                ///< in a row
  std::size_t maxSites = 10000;                        ///< kept; then those that were not asked for longest go
  /// Told of each site's rules, for this user agent, as they come and before those who wait for them; with a URL of the site. It must not throw.
  std::function<void(const http::Url&, const RobotsTxt&)> onRules;

  RobotsGateOptions& setUserAgent(std::string value) { return userAgent = std::move(value), *this; }
  RobotsGateOptions& setMaxAge(Delay value) noexcept { return maxAge = value, *this; }
  RobotsGateOptions& setUnreachableAge(Delay value) noexcept { return unreachableAge = value, *this; }
  RobotsGateOptions& setRetries(int value) noexcept { return retries = value, *this; }
  RobotsGateOptions& setRetryDelay(Delay value) noexcept { return retryDelay = value, *this; }
  RobotsGateOptions& setMaxRedirects(int value) noexcept { return maxRedirects = value, *this; }
  RobotsGateOptions& setMaxSites(std::size_t value) noexcept { return maxSites = value, *this; }
  RobotsGateOptions& setOnRules(std::function<void(const http::Url&, const RobotsTxt&)> value) { return onRules = std::move(value), *this; }
};

/// What a gate has done so far.
struct RobotsGateCounts {
  std::uint64_t requests = 0;                          ///< for a robots.txt, redirects and retries included
  std::uint64_t responses = 0;
  std::uint64_t unreachable = 0;                       ///< times that a site was taken as unreachable
  std::uint64_t forbidden = 0;                         ///< questions answered with no
};

/// Fetches /robots.txt once for each origin, when it is first asked about a page there, and lets all who ask meanwhile wait for the same answer. By RFC 9309 section 2.3.1:
///
/// | what came | means |
/// | --- | --- |
/// | 2xx | its rules |
/// | redirects, up to maxRedirects, to any host | what the last one says, for the first origin |
/// | more redirects, or one to nowhere; 4xx; other statuses | everything is allowed |
/// | 5xx, or no answer: errors of connecting, timeouts, too large an answer | after the retries: nothing is allowed, until it is asked again; where rules were known, these go on |
///
/// One thread.
///
///     RobotsGate gate(downloader, reactor, RobotsGateOptions().setUserAgent("weftbot/1.0"));
///     auto answer = gate.allowed(url);
///     if (!co_await answer) ...
class RobotsGate {
 public:
  /// Downloader and clock are referred to; they must outlive the gate and whoever waits for it.
  RobotsGate(Downloader& downloader, Clock& clock, RobotsGateOptions options = {});
  RobotsGate(const RobotsGate&) = delete;
  RobotsGate& operator=(const RobotsGate&) = delete;
  ~RobotsGate();

  /// May the page be fetched? Fires at once when the site's rules are known. True for a robots.txt itself, and for what is not http or https. Fails only with CancelledError, when it
  /// was cancelled: that hurts nobody else who waits, and ends the fetch when nobody does.
  Deferred<bool> allowed(const http::Url& url);
  /// The rules of the page's site, for this gate's user agent: they answer to any name. For Crawl-delay and the like. Fires as allowed() does. Fails when the site cannot be asked and no
  /// rules were known before: with RobotsUnreachable, the downloader's error, or CancelledError.
  Deferred<std::shared_ptr<const RobotsTxt>> rules(const http::Url& url);
  /// The same without asking: null when they are not known now.
  std::shared_ptr<const RobotsTxt> known(const http::Url& url) const;

  const RobotsGateCounts& counts() const noexcept;
  /// How many sites it knows or is asking.
  std::size_t siteCount() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weft::crawler
