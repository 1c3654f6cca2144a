#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/project_program.hpp>
#include <weft/crawler/command/spider_program.hpp>

#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/internal/parse_program.hpp>

#include <memory>
#include <string>
#include <vector>

namespace weft::crawler::command {

namespace {

struct Options {
  std::string url;
  std::string spider;                                  // a name, or a file; empty: the spider of `weft crawl URL`
  std::string callback;
  std::vector<std::string> arguments, settings;        // -a, -s
  std::string logLevel;
  bool noItems = false, noLinks = false, noLog = false;
};

// What this command was told, for the program of a spider's file.
std::vector<std::string> argumentsOf(const Options& options) {
  std::vector<std::string> words{"--parse", options.url};
  if (!options.callback.empty()) words.insert(words.end(), {"--callback", options.callback});
  if (options.noItems) words.emplace_back("--noitems");
  if (options.noLinks) words.emplace_back("--nolinks");
  for (const std::string& text : options.arguments) words.insert(words.end(), {"-a", text});
  for (const std::string& text : options.settings) words.insert(words.end(), {"-s", text});
  if (!options.logLevel.empty()) words.insert(words.end(), {"-L", options.logLevel});
  if (options.noLog) words.emplace_back("--nolog");
  return words;
}

int parse(const Options& options) {
  if (isSpiderFile(options.spider)) return runSpiderFile(options.spider, argumentsOf(options));
  std::unique_ptr<Spider> spider;
  try {
    if (!options.spider.empty()) {
      if (const auto project = findProject()) {
        std::vector<std::string> words = argumentsOf(options);
        words.insert(words.begin(), {"--spider", options.spider});
        return runProject(*project, words);
      }
    }
    spider = spiderFor(options.spider.empty() ? options.url : options.spider);
  } catch (const weft::Error& error) {
    return complain(error.what(), kUsage);
  }
  CrawlOptions crawl;
  crawl.arguments = options.arguments;
  crawl.settings = options.settings;
  crawl.logLevel = options.logLevel;
  crawl.noLog = options.noLog;
  ParseOptions page;
  page.url = options.url;
  page.callback = options.callback;
  page.items = !options.noItems;
  page.requests = !options.noLinks;
  return parsePage(*spider, page, crawl);
}

}  // namespace

void addParse(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  CommandLine command(app, "parse", "Fetch one page, and show what a spider makes of it");
  command.option("url", options->url, "What to fetch").text("URL").required();
  command.option("--spider", options->spider, "A spider's name or file, in place of the one that crawls URLs").text("NAME or FILE.cpp");
  command.option("-c,--callback", options->callback, "One of its named callbacks (parse)").text("NAME");
  command.option("-a", options->arguments, "Give the spider an argument; may be repeated").text("NAME=VALUE");
  command.option("-s,--set", options->settings, "Set a setting; may be repeated").text("NAME=VALUE");
  command.option("-L,--loglevel", options->logLevel, "Log from this level on").text("LEVEL");
  command.flag("--nolog", options->noLog, "Log nothing");
  command.flag("--noitems", options->noItems, "Do not print the items");
  command.flag("--nolinks", options->noLinks, "Do not print the requests");
  command.notes(R"(
Examples:
  weft parse http://example.com/
  weft parse http://example.com/author/1 --spider quotes.cpp -c parseAuthor)");
  command.run([options, &code] { code = parse(*options); });
}

}  // namespace weft::crawler::command
