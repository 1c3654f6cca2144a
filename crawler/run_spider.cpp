#include <weft/crawler/run_spider.hpp>

#include <weft/crawler/internal/check_program.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/internal/crawl_program.hpp>
#include <weft/crawler/internal/parse_program.hpp>
#include <weft/crawler/internal/usage.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

int runSpider(Spider& spider, int argc, char** argv, SpiderFactory another) {
  try {
    CLI::App app("Runs the spider \"" + spider.name + "\" and writes what it finds, one JSON object a line.");
    app.get_formatter()->column_width(34);
    CommandLine command(app);
    CrawlOptions options;
    std::vector<std::string> urls;
    command.option("--url", urls, "Start here; may be repeated").text("URL");
    ParseOptions parse;
    command.option("--parse", parse.url, "Do not crawl: fetch this page alone, and show what the callback makes of it").text("URL");
    command.option("--callback", parse.callback, "With --parse: this one of the spider's named callbacks (parse)").text("NAME");
    command.flag("!--noitems", parse.items, "With --parse: do not print the items");
    command.flag("!--nolinks", parse.requests, "With --parse: do not print the requests");
    bool check = false, list = false;
    command.flag("--check", check, "Do not crawl: fetch the pages of the spider's contracts, and say which are broken");
    command.flag("--list", list, "With --check: only list the contracts");
    addCrawlOptions(command, options);
    command.notes("\nExit codes: 0 complete, 1 could not start, 2 usage, 3 some pages failed, 4 nothing fetched, 5 stopped early.");
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return app.exit(help);
    } catch (const CLI::ParseError& error) {
      return complain(usageProblem(app, error, argc, argv, "--help"), kUsage);
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
    if (list && !check) return complain("--list needs --check; the program of several spiders takes it alone", kUsage);
    if (check) return list ? listContracts(spider) : checkContracts(spider, options);
    if (!parse.url.empty()) return parsePage(spider, parse, options);
    return runCrawl(spider, options, another);
  } catch (const std::exception& error) {
    return complain(error.what(), kStartError);
  }
}

namespace {

// Takes "--spider NAME" or "--spider=NAME" out of the words.
std::string takeSpider(std::vector<char*>& words) {
  constexpr std::string_view kOption = "--spider";
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto place = words.begin() + static_cast<std::ptrdiff_t>(i);
    std::string name;
    if (word == kOption && i + 1 < words.size()) {
      name = words[i + 1];
      words.erase(place, place + 2);
    } else if (word.starts_with(kOption) && word.substr(kOption.size()).starts_with('=')) {
      name = word.substr(kOption.size() + 1);
      words.erase(place);
    } else {
      continue;
    }
    return name;
  }
  return {};
}

bool holds(const std::vector<char*>& words, std::string_view word) {
  return std::find_if(words.begin() + 1, words.end(), [word](const char* given) { return word == given; }) != words.end();
}

// Each spider that has contracts; where none has, the first one says so.
int checkAll(const std::vector<std::string>& names, std::vector<char*> words) {
  words.push_back(nullptr);
  int code = kComplete;
  bool any = false;
  for (const std::string& name : names) {
    const auto spider = SpiderRegistry::create(name);
    if (spider->contracts.empty()) continue;
    any = true;
    if (const int one = runSpider(*spider, static_cast<int>(words.size()) - 1, words.data()); code == kComplete) code = one;
  }
  return any ? code : complain("none of these spiders has contracts to check (Spider::contracts holds them)", kUsage);
}

}  // namespace

int runSpiders(int argc, char** argv) {
  std::vector<char*> words(argv, argv + argc);
  const std::string wanted = takeSpider(words);
  const std::vector<std::string> names = SpiderRegistry::names();
  if (names.empty()) return complain("no spider is known here: write WEFT_SPIDER(YourSpider) below the class", kUsage);
  if (words.size() == 2 && holds(words, "--list")) {
    for (const std::string& name : names) std::puts(name.c_str());
    return kComplete;
  }
  if (wanted.empty() && names.size() > 1) {
    if (holds(words, "--check")) return checkAll(names, words);
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    if (!holds(words, "--help") && !holds(words, "-h")) return complain("there are several spiders here (" + all + "); say which by --spider NAME", kUsage);
    std::printf("Spiders: %s. --spider NAME says which; with the first of them:\n\n", all.c_str());
  }
  try {
    static std::string name;                           // for a factory that is a plain function
    name = wanted.empty() ? names.front() : wanted;
    const auto spider = SpiderRegistry::create(name);
    words.push_back(nullptr);
    return runSpider(*spider, static_cast<int>(words.size()) - 1, words.data(), [] { return SpiderRegistry::create(name); });
  } catch (const std::exception& error) {
    return complain(error.what(), kUsage);
  }
}

}  // namespace weft::crawler
