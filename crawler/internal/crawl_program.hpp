// A crawl as a program: from options to an exit code.
#pragma once

#include <weft/crawler/settings.hpp>
#include <weft/crawler/spider.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {
class CookieJars;
}

namespace weft::crawler {

/// What the command line says of a crawl. Names and values as they were written.
struct CrawlOptions {
  std::vector<std::string> settings;                   // -s NAME=VALUE
  std::vector<std::string> arguments;                  // -a NAME=VALUE
  std::vector<std::string> append, overwrite;          // -o, -O
  std::optional<int> concurrency;                      // -c
  std::string target;                                  // what is crawled, for the report
  std::string job;                                     // --job DIR
  std::string report;                                  // --report FILE
  bool sinceLast = false;                              // --since-last
  std::string warc;                                    // --warc FILE
  std::vector<std::string> replay;                     // --replay FILE
  std::string trace;                                   // --trace FILE
  std::string dashboard;                               // --dashboard[=[ADDRESS:]PORT]; empty: none
  std::string logLevel;                                // -L
  std::string logFile;                                 // --logfile
  bool noLog = false, noStatus = false, noSummary = false;
  bool abortOnSignal = false;                          // the first signal ends it at once
  std::shared_ptr<http::CookieJars> cookies;           // those of several crawls, one after the other; null: each has its own
};

/// Exit codes, as the manual lists them.
enum ExitCode : int {
  kComplete = 0,             // every page was fetched, and every callback ran
  kStartError = 1,           // it could not begin: an output that cannot be written, start requests that failed, a spider that does not compile
  kUsage = 2,                // the command line, weft.toml or the environment cannot be understood
  kSomeFailed = 3,           // complete but for pages that failed for good
  kNothingFetched = 4,       // not one page was fetched
  kStopped = 5,              // stopped early: a signal, a CLOSESPIDER limit, an output that could no longer be written
};

class CommandLine;
/// Adds the options of a crawl.
void addCrawlOptions(CommandLine& command, CrawlOptions& options);

/// The pairs of -a. Throws SettingError.
std::map<std::string, std::string> spiderArguments(const CrawlOptions& options);

class SettingsLayers;
/// Adds "NAME=VALUE" texts, as -s takes them. Throws SettingError.
void addSettings(SettingsLayers& layers, const std::vector<std::string>& assignments);

/// The spider that a target names: a registered one, or SiteSpider for a URL. Throws SpiderError, which says what is wrong with it.
std::unique_ptr<Spider> spiderFor(std::string_view target);

/// Runs the crawl and prints its summary to stderr. SIGINT or SIGTERM ends it gracefully, a second one at once. Gives the exit code; errors are printed, not thrown. `another` makes the
/// spiders of further threads. When a callback does not come to an end after the second signal, the program ends here.
int runCrawl(Spider& spider, const CrawlOptions& options, std::function<std::unique_ptr<Spider>()> another = {});

/// "weft: MESSAGE" on stderr, control characters escaped. Gives `code`.
int complain(std::string_view message, int code);

}  // namespace weft::crawler
