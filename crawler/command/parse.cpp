#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/spider_program.hpp>

#include <weft/crawler/internal/parse_program.hpp>

#include <memory>

namespace weft::crawler::command {

namespace {

// What this command was told, for the program of a spider's file.
std::vector<std::string> argumentsOf(const ParsePageOptions& options) {
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

}  // namespace

int parse(const ParsePageOptions& options) {
  if (isSpiderFile(options.spider)) return runSpiderFile(options.spider, argumentsOf(options));
  std::unique_ptr<Spider> spider;
  try {
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

}  // namespace weft::crawler::command
