#include <weft/crawler/internal/crawl_program.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/feeds/batched_feed.hpp>
#include <weft/crawler/feeds/feed_path.hpp>
#include <weft/crawler/frontier/journal_frontier.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_cache/http_cache_error.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/internal/comma_list.hpp>
#include <weft/crawler/internal/crawl_report.hpp>
#include <weft/crawler/pipelines/item_pipelines.hpp>
#include <weft/crawler/middlewares/address_guard_middleware.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/politeness/robots_pace.hpp>
#include <weft/crawler/spider_threads.hpp>
#include <weft/crawler/spiders/site_spider.hpp>
#include <weft/net/tcp_network.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::chrono::seconds kPatience(2);           // for callbacks that are running when the crawl is aborted

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
  if (!options.job.empty()) settings.set("JOBDIR", options.job);
  enabledPipelines(spider, settings);                  // a mistyped name is found now
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

// With a job, what it has written already is not overwritten: the journal cuts it back to what is committed.
std::vector<std::unique_ptr<Feed>> openFeeds(const CrawlOptions& options, const Settings& settings, std::map<std::string, std::string> values, JournalFrontier* job) {
  std::vector<std::unique_ptr<Feed>> feeds;
  const auto open = [&](const std::string& given, OutputFile::Mode mode) {
    FeedOptions how;
    how.fields = internal::commaList(settings.feedExportFields);
    how.indent = settings.feedExportIndent;
    how.storeEmpty = settings.feedStoreEmpty;
    how.job = job != nullptr;
    if (settings.feedExportBatchItemCount && feedFile(given) != "-") {
      if (job) throw SettingError("FEED_EXPORT_BATCH_ITEM_COUNT: a job writes each feed to one file; leave out either it or the job");
      feeds.push_back(std::make_unique<BatchedFeed>(given, mode, how, values, static_cast<std::uint64_t>(settings.feedExportBatchItemCount)));
      return;
    }
    const std::string target = expandFeedPath(given, values);
    how.resumed = job && job->knowsFeed(std::string(feedFile(target)));
    if (how.resumed) mode = OutputFile::Mode::Append;
    feeds.push_back(openFeed(target, mode, how));
  };
  for (const std::string& target : options.overwrite) open(target, OutputFile::Mode::Overwrite);
  for (const std::string& target : options.append) open(target, OutputFile::Mode::Append);
  if (feeds.empty()) open("-", OutputFile::Mode::Append);
  if (!job) return feeds;
  std::vector<std::string> paths;
  std::vector<Packer> packers;
  for (const auto& feed : feeds) {
    paths.emplace_back(feed->name());
    packers.push_back(feed->packer());
    if (feed->name() == "-") log::warning("weft.crawler", "The standard output cannot be cut back when the job is resumed: after a crash some lines may come twice; name a file by -o or -O");
  }
  job->openFeeds(paths, std::move(packers));
  for (const auto& feed : feeds) feed->hold();         // behind what was cut back
  return feeds;
}

int exitCode(const Engine& engine) {
  const FrontierCounts counts = engine.counts();
  if (engine.closeReason() == "start_error") return kStartError;
  if (engine.closeReason() != "finished") return kStopped;
  if (!engine.stats().getValue("response_received_count") && !counts.done) return kNothingFetched;
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

int runCrawl(Spider& spider, const CrawlOptions& options, std::function<std::unique_ptr<Spider>()> another) {
  Settings settings;
  std::vector<std::unique_ptr<Spider>> others;         // of PARSE_THREADS
  std::map<std::string, std::string> arguments, feedValues;
  try {
    settings = settingsFor(spider, options);
    for (const std::string& text : options.arguments) arguments.insert_or_assign(assignment(text, "-a").first, assignment(text, "-a").second);
    if (settings.parseThreads > 1 && !another) throw SettingError("PARSE_THREADS=" + std::to_string(settings.parseThreads) + ": this program has one spider, so that 1 is the most");
    for (int i = 1; i < settings.parseThreads; ++i) others.push_back(another());
    for (const auto& other : others) other->setArguments(arguments);
    feedValues = arguments;
    spider.setArguments(std::move(arguments));
    startLog(settings, options);
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }

  Reactor reactor;
  Politeness politeness(settings, reactor, std::random_device{}());
  std::unique_ptr<Frontier> frontier;
  std::vector<std::unique_ptr<Feed>> feeds;
  try {
    JournalFrontier* job = nullptr;
    if (settings.jobdir.empty()) {
      frontier = std::make_unique<MemoryFrontier>(settings, politeness);
    } else {
      auto journal = std::make_unique<JournalFrontier>(settings.jobdir, spider, settings, politeness, reactor);
      job = journal.get();
      frontier = std::move(journal);
    }
    auto values = feedValues;
    values["name"] = spider.name;
    values["time"] = feedTime(std::chrono::system_clock::now());
    feeds = openFeeds(options, settings, std::move(values), job);
  } catch (const FeedError& error) {
    return complain(error.what(), kStartError);
  } catch (const JournalError& error) {
    return complain(error.what(), kStartError);
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }
  net::TcpNetwork network(reactor);
  std::optional<net::GuardedNetwork> guarded;
  if (settings.addressGuardEnabled) {
    try {
      guarded.emplace(network, addressGuardFor(spider, settings));
    } catch (const weft::Error& error) {
      return complain(error.what(), kUsage);
    }
    spider.downloaderMiddlewares.push_back(std::make_shared<AddressGuardMiddleware>(*guarded));
  }
  HttpDownloader http(guarded ? static_cast<net::Network&>(*guarded) : network, settings);
  PoliteDownloader downloader(http, politeness);
  std::optional<SpiderThreads> threads;
  if (settings.parseThreads) {
    std::vector<Spider*> spiders{&spider};
    for (const auto& other : others) spiders.push_back(other.get());
    threads.emplace(reactor, std::move(spiders));
  }
  std::optional<Engine> made;
  try {
    made.emplace(spider, settings, reactor, downloader, *frontier, threads ? &*threads : nullptr);
  } catch (const HttpCacheError& error) {
    return complain(error.what(), kStartError);
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }
  Engine& engine = *made;
  obeyRobotsPace(engine.signals(), politeness, settings);
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
  // What still runs would find the engine gone.
  const bool ended = !threads || threads->stop(kPatience);

  const std::string report = crawlReport(engine);
  std::fwrite(report.data(), 1, report.size(), stderr);
  if (!ended) {
    complain("a callback does not come to its end; the program ends without it", kStopped);
    std::_Exit(kStopped);
  }
  if (failure && !failure->check<CancelledError>()) return complain(failure->what(), kStopped);
  if (engine.startFailure().exception()) return complain("the crawl could not start: " + engine.startFailure().getErrorMessage(), kStartError);
  const int code = exitCode(engine);
  if (code == kNothingFetched) {
    std::string why;
    if (!engine.failedPages().empty()) why = ": " + engine.failedPages().front().cause;
    else if (engine.stats().getValue("robotstxt/forbidden")) why = ": robots.txt forbids it (-s ROBOTSTXT_OBEY=false fetches it all the same)";
    return complain("nothing could be fetched" + why, code);
  }
  return code;
}

}  // namespace weft::crawler
