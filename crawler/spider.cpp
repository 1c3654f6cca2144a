#include <weft/crawler/spider.hpp>

#include <weft/core/internal/suggest.hpp>

#include <algorithm>

namespace weft::crawler {

namespace {

std::vector<SpiderFactory>& factories() {
  static std::vector<SpiderFactory> all;               // first used by registrations, which run before main
  return all;
}

}  // namespace

Spider::~Spider() = default;

std::string_view Spider::argument(std::string_view name, std::string_view fallback) const noexcept {
  for (const auto& [key, value] : arguments_)
    if (key == name) return value;
  return fallback;
}

Deferred<Response> Spider::fetch(Request request) {
  if (!fetcher_) return fail<Response>(SpiderError("fetching " + request.describe() + ": the spider \"" + name + "\" is not being run"));
  return fetcher_->fetchNow(std::move(request));
}

Results Spider::startRequests() {
  for (const std::string& url : startUrls) {
    Request request{std::string_view(url)};
    co_yield std::move(request);
  }
}

Results Spider::parse(Response response) {
  throw SpiderError("the spider \"" + name + "\" has no parse(), and " + response.request().describe() + " names no callback");
  co_return;
}

void Spider::closed(std::string_view) {}

void SpiderRegistry::add(SpiderFactory factory) { factories().push_back(factory); }

std::vector<std::string> SpiderRegistry::names() {
  std::vector<std::string> all;
  for (SpiderFactory factory : factories()) all.push_back(factory()->name);
  std::sort(all.begin(), all.end());
  return all;
}

std::unique_ptr<Spider> SpiderRegistry::create(std::string_view name) {
  for (SpiderFactory factory : factories()) {
    std::unique_ptr<Spider> spider = factory();
    if (spider->name == name) return spider;
  }
  const std::vector<std::string> all = names();
  const std::vector<std::string_view> known(all.begin(), all.end());
  throw SpiderError("no spider is called " + std::string(name) + suggestion(name, known));
}

}  // namespace weft::crawler
