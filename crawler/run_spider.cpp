#include <weft/crawler/run_spider.hpp>

#include <weft/crawler/internal/crawl_program.hpp>

#include <CLI/CLI.hpp>

#include <exception>
#include <string>
#include <vector>

namespace weft::crawler {

int runSpider(Spider& spider, int argc, char** argv, SpiderFactory another) {
  try {
    CLI::App app("Runs the spider \"" + spider.name + "\" and writes what it finds, one JSON object a line.");
    app.get_formatter()->column_width(34);
    CrawlOptions options;
    std::vector<std::string> urls;
    app.add_option("--url", urls, "Start here; may be repeated")->option_text("URL")->allow_extra_args(false);
    addCrawlOptions(app, options);
    app.footer("\nExit codes: 0 complete, 1 could not start, 2 usage, 3 some pages failed, 4 nothing fetched, 5 stopped early.");
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return app.exit(help);
    } catch (const CLI::ParseError& error) {
      return complain(error.what() + std::string("; --help lists the options"), kUsage);
    }
    if (!urls.empty()) spider.startUrls = urls;
    for (const std::string& url : spider.startUrls) {
      if (const auto parsed = http::Url::tryParse(url); !parsed || !parsed->isHttp()) {
        return complain("\"" + url + "\" is no URL that can be crawled: it must be one of http or https", kUsage);
      }
    }
    return runCrawl(spider, options, another);
  } catch (const std::exception& error) {
    return complain(error.what(), kStartError);
  }
}

}  // namespace weft::crawler
