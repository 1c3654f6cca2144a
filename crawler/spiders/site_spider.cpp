#include <weft/crawler/spiders/site_spider.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/core/log.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace weft::crawler {

SiteSpider::SiteSpider(http::Url start) : Spider("site"), start_(start.withFragmentRemoved()) {
  startUrls = {start_.href()};
  handleHttpstatusAll = true;
  links_.sameOrigin(start_);
}

void SiteSpider::setArguments(std::map<std::string, std::string> arguments) {
  static constexpr std::array<std::string_view, 2> kKnown{"allow", "deny"};
  for (const auto& [name, value] : arguments) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) throw SpiderError("crawling a URL takes the arguments allow and deny, not " + name + suggestion(name, kKnown));
    try {
      if (name == "allow") links_.allow(value).denyExtensions({});
      else links_.deny(value);
    } catch (const SpiderError& error) {
      throw SpiderError("the argument " + name + ": " + error.what());
    }
  }
  Spider::setArguments(std::move(arguments));
}

Results SiteSpider::startRequests() {
  Request start(start_, &SiteSpider::parse);
  co_yield std::move(start);
}

Results SiteSpider::parse(Response response) {
  SitePage page;
  page.url = response.url.withoutFragment();
  page.status = response.status;
  page.bytes = response.body.size();
  page.depth = response.depth();
  PageLinks found;
  if (response.status == 200) {
    if (response.isHtml()) found = links_.read(response, this);
    page.title = std::move(found.title);
    page.links = found.anchors;
  } else if (response.status >= 300 && response.status < 400) {
    if (const auto location = response.headers.get("Location")) {
      auto target = http::Url::tryParse(*location, response.url);
      if (target && target->sameOrigin(start_)) {
        found.links.push_back(target->withFragmentRemoved());
      } else if (target && response.depth() == 0) {
        log::warning("weft.crawler.site", response.url.href(), " redirects to another site, which is not crawled: ", target->href());
      }
    }
  }
  Item item(std::move(page));
  co_yield std::move(item);
  for (http::Url& link : found.links) {
    Request request(std::move(link), &SiteSpider::parse);
    co_yield std::move(request);
  }
}

}  // namespace weft::crawler
