#include <weft/crawler/command/command.hpp>

#include <weft/http/url.hpp>

#include <memory>

namespace weft::crawler::command {

int crawl(const std::string& target, CrawlOptions options) {
  if (isSpiderFile(target)) return complain("crawl takes a URL or the name of a spider; for a file: weft runspider " + target, kUsage);
  std::unique_ptr<Spider> spider;
  try {
    spider = spiderFor(target);
  } catch (const weft::Error& error) {                 // SpiderError, or http::UrlError
    return complain(error.what(), kUsage);
  }
  options.target = target;
  return runCrawl(*spider, options, [&target] { return spiderFor(target); });
}

}  // namespace weft::crawler::command
