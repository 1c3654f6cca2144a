#include <weft/crawler/internal/crawl_program.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/internal/crawl_report.hpp>
#include <weft/crawler/spiders/site_spider.hpp>
#include <weft/net/tcp_network.hpp>

#include <csignal>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

namespace weft::crawler {

namespace {

// "NAME=VALUE" into its parts.
std::pair<std::string, std::string> assignment(const std::string& text, std::string_view option) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw SettingError(std::string(option) + " takes NAME=VALUE, not \"" + text + "\"");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Settings settingsFor(const Spider& spider, const CrawlOptions& options) {
  Settings settings;
  for (const auto& [name, value] : spider.customSettings) settings.set(name, value);
  if (options.concurrency) {
    if (*options.concurrency < 1) throw SettingError("-c " + std::to_string(*options.concurrency) + ": must be at least 1");
    settings.concurrentRequests = settings.concurrentRequestsPerDomain = *options.concurrency;
  }
  if (!options.logLevel.empty()) settings.set("LOG_LEVEL", options.logLevel);
  for (const std::string& text : options.settings) {
    const auto [name, value] = assignment(text, "-s");
    settings.set(name, value);
  }
  return settings;
}

void startLog(const Settings& settings, const CrawlOptions& options) {
  if (options.noLog) {
    setLogSink([](const LogRecord&) {});               // a sink that drops, so that even what is critical stays unsaid
    return;
  }
  setLogLevel(logLevelFromName(settings.logLevel).value_or(LogLevel::Info));
  setLogSink(stderrLogSink());
}

std::vector<std::unique_ptr<Feed>> openFeeds(const CrawlOptions& options) {
  std::vector<std::unique_ptr<Feed>> feeds;
  for (const std::string& target : options.overwrite) feeds.push_back(openFeed(target, OutputFile::Mode::Overwrite));
  for (const std::string& target : options.append) feeds.push_back(openFeed(target, OutputFile::Mode::Append));
  if (feeds.empty()) feeds.push_back(openFeed("-", OutputFile::Mode::Append));
  return feeds;
}

int exitCode(const Engine& engine) {
  const FrontierCounts counts = engine.counts();
  if (engine.closeReason() == "start_error") return kStartError;
  if (engine.closeReason() != "finished") return kStopped;
  if (!engine.stats().getValue("response_received_count")) return kNothingFetched;
  return counts.failed || counts.overflowed ? kSomeFailed : kComplete;
}

}  // namespace

int complain(std::string_view message, int code) {
  std::string text = "weft: ";
  weft::detail::appendEscaped(text, message);
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
  return code;
}

std::unique_ptr<Spider> spiderFor(std::string_view target) {
  if (target.find("://") != std::string_view::npos) {
    auto url = http::Url::parse(target);
    if (!url.isHttp()) throw SpiderError("cannot crawl " + std::string(target) + ": only http and https");
    return std::make_unique<SiteSpider>(std::move(url));
  }
  const auto names = SpiderRegistry::names();
  for (const std::string& name : names)
    if (name == target) return SpiderRegistry::create(target);
  if (target.find_first_of("./:") != std::string_view::npos) {
    std::string problem = "\"" + std::string(target) + "\" is no URL that can be crawled: it begins with neither http:// nor https://";
    if (http::Url::tryParse("http://" + std::string(target))) problem += "; did you mean http://" + std::string(target) + " ?";
    throw SpiderError(problem);
  }
  return SpiderRegistry::create(target);
}

int runCrawl(Spider& spider, const CrawlOptions& options) {
  Settings settings;
  std::vector<std::unique_ptr<Feed>> feeds;
  try {
    settings = settingsFor(spider, options);
    std::map<std::string, std::string> arguments;
    for (const std::string& text : options.arguments) arguments.insert_or_assign(assignment(text, "-a").first, assignment(text, "-a").second);
    spider.setArguments(std::move(arguments));
    startLog(settings, options);
    feeds = openFeeds(options);
  } catch (const FeedError& error) {
    return complain(error.what(), kStartError);
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }

  Reactor reactor;
  net::TcpNetwork network(reactor);
  HttpDownloader downloader(network, settings);
  MemoryFrontier frontier(settings);
  Engine engine(spider, settings, reactor, downloader, frontier);
  for (auto& feed : feeds) engine.addFeed(std::move(feed));

  std::optional<Failure> failure;
  Deferred<> crawl(nullptr);
  reactor.onSignal([&, signals = 0](int signal) mutable {
    const char* const name = signal == SIGINT ? "SIGINT" : "SIGTERM";
    if (++signals == 1) {
      log::info("weft.crawler", "Received ", name, ", shutting down gracefully. Send again to force");
      engine.stop("shutdown");
    } else {
      log::info("weft.crawler", "Received ", name, " twice, forcing unclean shutdown");
      engine.abort();
      crawl.cancel();
    }
  });
  reactor.callWhenRunning([&] {
    crawl = engine.run().addErrback([&failure](Failure error) { failure = std::move(error); }).addBoth([&] {
      downloader.close();
      reactor.stop();
    });
  });
  reactor.run();

  const std::string report = crawlReport(engine);
  std::fwrite(report.data(), 1, report.size(), stderr);
  if (failure && !failure->check<CancelledError>()) return complain(failure->what(), kStopped);
  if (engine.startFailure().exception()) return complain("the crawl could not start: " + engine.startFailure().getErrorMessage(), kStartError);
  const int code = exitCode(engine);
  if (code == kNothingFetched) {
    return complain("nothing could be fetched" + (engine.failedPages().empty() ? std::string() : ": " + engine.failedPages().front().cause), code);
  }
  return code;
}

}  // namespace weft::crawler
