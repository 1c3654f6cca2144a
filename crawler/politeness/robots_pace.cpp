#include <weft/crawler/politeness/robots_pace.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/robots/robots_txt.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace weft::crawler {

void obeyRobotsPace(Signals& signals, Politeness& politeness, const Settings& settings) {
  signals.robotsParsed.connect([&politeness, &settings](const http::Url& site, const RobotsTxt& rules) {
    const std::string host(site.host());
    HostRule rule;
    if (const auto delay = rules.crawlDelay({})) rule = HostRule::crawlDelay(std::chrono::duration<double>(*delay).count());
    if (const auto rate = rules.requestRate({})) {
      HostRule other = HostRule::requestRate(rate->requests, std::chrono::duration<double>(rate->period).count());
      if (other.delay > rule.delay) rule = std::move(other);
    }
    if (rule.delay > settings.robotstxtMaxCrawlDelay) {
      log::warning("weft.crawler.robots", host, " asks for ", rule.delay, " s between requests (", rule.origin, "); it gets ", settings.robotstxtMaxCrawlDelay,
                   " s (ROBOTSTXT_MAX_CRAWL_DELAY)");
      rule.delay = settings.robotstxtMaxCrawlDelay;
    }
    politeness.setRule(host, std::move(rule));
  });
}

}  // namespace weft::crawler
