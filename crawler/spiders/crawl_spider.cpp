#include <weft/crawler/spiders/crawl_spider.hpp>

#include <charconv>
#include <unordered_set>

namespace weft::crawler {

CrawlSpider::CrawlSpider(std::string name) : Spider(std::move(name)) {
  callbacks = {{"parse", Callback(&CrawlSpider::parse)}, {"parseByRule", Callback(&CrawlSpider::parseByRule)}};
}

Results CrawlSpider::parseStartUrl(Response) { co_return; }

bool CrawlSpider::processResult(Result&) { return true; }

Results CrawlSpider::parse(Response response) { return parseAndFollow(std::move(response), &CrawlSpider::parseStartUrl, true); }

Results CrawlSpider::parseByRule(Response response) {
  const std::string_view number = response.meta("rule");
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
  if (error != std::errc() || end != number.data() + number.size() || index >= rules.size())
    throw SpiderError(response.request().describe() + " is of rule \"" + std::string(number) + "\", and the spider \"" + name + "\" has " + std::to_string(rules.size()) + " rules");
  return parseAndFollow(std::move(response), rules[index].callback, rules[index].follows());
}

Results CrawlSpider::parseAndFollow(Response response, Callback callback, bool follow) {
  std::vector<Request> requests;                       // read before the callback has the page for itself
  if (follow && followLinks) requests = requestsOf(response);
  if (callback) {
    Results results = callback(*this, std::move(response));
    while (auto result = co_await results.next())
      if (processResult(*result)) co_yield std::move(*result);
  }
  for (Request& request : requests) co_yield std::move(request);
}

std::vector<Request> CrawlSpider::requestsOf(const Response& response) {
  std::vector<Request> requests;
  if (response.responseClass() != ResponseClass::Html) return requests;
  std::unordered_set<std::string> taken;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Rule& rule = rules[i];
    const bool seenAreOfNoUse = !rule.processLinks && !rule.processRequest;
    std::vector<Link> links = rule.links.extractLinks(response, seenAreOfNoUse ? this : nullptr);
    if (i) std::erase_if(links, [&](const Link& link) { return taken.contains(std::string(link.url.withoutFragment())); });
    if (rule.processLinks) rule.processLinks(links);
    for (Link& link : links) {
      if (rules.size() > 1) taken.insert(std::string(link.url.withoutFragment()));
      Request request(std::move(link.url), &CrawlSpider::parseByRule);
      request.setMeta("rule", std::to_string(i)).setMeta("link_text", std::move(link.text));
      if (rule.errback) request.setErrback(rule.errback);
      for (const auto& [key, value] : rule.cbKwargs) request.setCbKwarg(key, value);
      if (!rule.processRequest || rule.processRequest(request, response)) requests.push_back(std::move(request));
    }
  }
  return requests;
}

}  // namespace weft::crawler
