#include <weft/crawler/command/command.hpp>

#include <weft/http/url.hpp>

#include <memory>

namespace weft::crawler::command {

int crawl(const std::string& target, const CrawlOptions& options) {
  std::unique_ptr<Spider> spider;
  try {
    spider = spiderFor(target);
  } catch (const weft::Error& error) {                 // SpiderError, or http::UrlError
    return complain(error.what(), kUsage);
  }
  return runCrawl(*spider, options, [&target] { return spiderFor(target); });
}

}  // namespace weft::crawler::command
