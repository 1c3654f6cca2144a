#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/spider_program.hpp>

#include <weft/crawler/internal/command_line.hpp>
#include <weft/http/url.hpp>

#include <memory>
#include <string>

namespace weft::crawler::command {

namespace {

int crawl(const CrawlOptions& options) {
  const std::string& target = options.target;
  if (isSpiderFile(target)) return complain("crawl takes a URL or the name of a spider; for a file: weft runspider " + target, kUsage);
  std::unique_ptr<Spider> spider;
  try {
    spider = spiderFor(target);
  } catch (const weft::Error& error) {                 // SpiderError, or http::UrlError
    return complain(error.what(), kUsage);
  }
  return runCrawl(*spider, options, [&target] { return spiderFor(target); });
}

}  // namespace

void addCrawl(CLI::App& app, int& code) {
  auto options = std::make_shared<CrawlOptions>();
  CommandLine command(app, "crawl", "Crawl a site, or run a spider");
  command.option("target", options->target, "A URL, or a spider's name").text("URL or SPIDER").required();
  addCrawlOptions(command, *options);
  command.notes(R"(
Examples:
  weft crawl http://example.com/ -o pages.jsonl         every page of a site, one JSON line each
  weft crawl http://example.com/docs/ -a 'allow=/docs/' -a 'deny=\?' -o docs.jsonl
  weft crawl http://example.com/ --job jobs/example -O pages.jsonl

For a URL: fetches every page of its scheme, host and port once, and writes a line with url, status, title, links, bytes
and depth for each. Takes the arguments allow=REGEX (follow only URLs that match) and deny=REGEX (do not follow those).
Without allow, links to pictures, archives, styles and scripts are not followed.)");
  command.run([options, &code] { code = crawl(*options); });
}

}  // namespace weft::crawler::command
