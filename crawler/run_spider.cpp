#include <weft/crawler/run_spider.hpp>

#include <weft/crawler/internal/crawl_program.hpp>
#include <weft/crawler/internal/parse_program.hpp>
#include <weft/crawler/internal/registered_spider.hpp>

#include <CLI/CLI.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

int runSpider(Spider& spider, int argc, char** argv, SpiderFactory another) {
  try {
    CLI::App app("Runs the spider \"" + spider.name + "\" and writes what it finds, one JSON object a line.");
    app.get_formatter()->column_width(34);
    CrawlOptions options;
    std::vector<std::string> urls;
    app.add_option("--url", urls, "Start here; may be repeated")->option_text("URL")->allow_extra_args(false);
    ParseOptions parse;
    app.add_option("--parse", parse.url, "Do not crawl: fetch this page alone, and show what the callback makes of it")->option_text("URL");
    app.add_option("--callback", parse.callback, "With --parse: this one of the spider's named callbacks (parse)")->option_text("NAME");
    app.add_flag("!--noitems", parse.items, "With --parse: do not print the items");
    app.add_flag("!--nolinks", parse.requests, "With --parse: do not print the requests");
    addCrawlOptions(app, options);
    app.footer("\nExit codes: 0 complete, 1 could not start, 2 usage, 3 some pages failed, 4 nothing fetched, 5 stopped early.");
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return app.exit(help);
    } catch (const CLI::ParseError& error) {
      return complain(error.what() + std::string("; --help lists the options"), kUsage);
    }
    if (!urls.empty()) {
      spider.startUrls = urls;
      options.target = urls.front();
    }
    for (const std::string& url : spider.startUrls) {
      if (const auto parsed = http::Url::tryParse(url); !parsed || !parsed->isHttp()) {
        return complain("\"" + url + "\" is no URL that can be crawled: it must be one of http or https", kUsage);
      }
    }
    if (!parse.callback.empty() && parse.url.empty()) return complain("--callback needs --parse URL", kUsage);
    if (!parse.url.empty()) return parsePage(spider, parse, options);
    return runCrawl(spider, options, another);
  } catch (const std::exception& error) {
    return complain(error.what(), kStartError);
  }
}

int runRegisteredSpider(int argc, char** argv) {
  std::string wanted;
  std::vector<char*> arguments(argv, argv + argc);
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--spider" && i + 1 < arguments.size()) {
      wanted = arguments[i + 1];
      arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.begin() + static_cast<std::ptrdiff_t>(i + 2));
      break;
    }
  }
  const std::vector<std::string> names = SpiderRegistry::names();
  if (names.empty()) return complain("no spider is known here: write WEFT_SPIDER(YourSpider) below the class", kUsage);
  if (wanted.empty() && names.size() > 1) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    return complain("there are several spiders here (" + all + "); say which by --spider NAME", kUsage);
  }
  try {
    static std::string name;                           // for a factory that is a plain function
    name = wanted.empty() ? names.front() : wanted;
    const auto spider = SpiderRegistry::create(name);
    arguments.push_back(nullptr);
    return runSpider(*spider, static_cast<int>(arguments.size()) - 1, arguments.data(), [] { return SpiderRegistry::create(name); });
  } catch (const std::exception& error) {
    return complain(error.what(), kUsage);
  }
}

}  // namespace weft::crawler
