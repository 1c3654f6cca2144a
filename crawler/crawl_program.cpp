#include <weft/crawler/internal/crawl_program.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/core/log.hpp>
#include <weft/core/log_observers.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/dashboard/crawl_monitor.hpp>
#include <weft/crawler/dashboard/dashboard.hpp>
#include <weft/crawler/dashboard/dashboard_page.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/feeds/batched_feed.hpp>
#include <weft/crawler/feeds/feed_path.hpp>
#include <weft/crawler/frontier/journal_frontier.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_cache/http_cache_error.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/internal/comma_list.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/internal/crawl_report.hpp>
#include <weft/crawler/internal/run_report.hpp>
#include <weft/crawler/internal/settings_layers.hpp>
#include <weft/crawler/internal/status_line.hpp>
#include <weft/crawler/pipelines/item_pipelines.hpp>
#include <weft/crawler/middlewares/address_guard_middleware.hpp>
#include <weft/crawler/middlewares/since_last_middleware.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/crawler/politeness/robots_pace.hpp>
#include <weft/crawler/spider_threads.hpp>
#include <weft/crawler/spiders/site_spider.hpp>
#include <weft/crawler/warc/warc_agent.hpp>
#include <weft/crawler/warc/warc_replay.hpp>
#include <weft/crawler/warc/warc_writer.hpp>
#include <weft/net/tcp_network.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace weft::crawler {

namespace {

constexpr std::size_t kHostsLogged = 20;                // by SIGUSR1
constexpr std::size_t kHostsReported = 200;             // by --report FILE.html
constexpr std::chrono::seconds kPatience(2);           // for callbacks that are running when the crawl is aborted

// --logfile cannot be written.
class LogFileError : public Error {
 public:
  using Error::Error;
};

// "NAME=VALUE" into its parts.
std::pair<std::string, std::string> assignment(const std::string& text, std::string_view option) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw SettingError(std::string(option) + " takes NAME=VALUE, not \"" + text + "\"");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

SettingsLayers layersFor(const Spider& spider, const CrawlOptions& options) {
  constexpr std::string_view kCommandLine = "command line";
  SettingsLayers layers;
  layers.addProject();
  for (const auto& [name, value] : spider.customSettings) layers.set(name, value, "spider " + spider.name);
  layers.addEnvironment(environ);
  if (options.concurrency)
    for (const char* name : {"CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN"}) layers.set(name, std::to_string(*options.concurrency), kCommandLine);
  if (!options.logLevel.empty()) layers.set("LOG_LEVEL", options.logLevel, kCommandLine);
  addSettings(layers, options.settings);
  if (!options.job.empty()) layers.set("JOBDIR", options.job, kCommandLine);
  if (!options.warc.empty()) layers.set("WARC_FILE", options.warc, kCommandLine);
  if (!options.trace.empty()) layers.set("TRACE_FILE", options.trace, kCommandLine);
  if (options.sinceLast && layers.settings().jobdir.empty()) throw SettingError("--since-last needs a job, which keeps the pages: --job DIR");
  if (options.sinceLast && layers.settings().httpcacheEnabled) throw SettingError("--since-last has a cache of its own: leave out either it or HTTPCACHE_ENABLED");
  if (!options.replay.empty() && !layers.settings().warcFile.empty()) throw SettingError("--replay asks nobody, so that there is nothing to record: leave out either it or WARC_FILE (--warc)");
  enabledPipelines(spider, layers.settings());         // a mistyped name is found now
  return layers;
}

// Two that write to one file would make one mess of it.
void requireOwnFiles(const CrawlOptions& options, const Settings& settings) {
  std::vector<std::pair<std::filesystem::path, std::string_view>> files;
  const auto add = [&files](std::string_view given, std::string_view by) {
    if (given.empty() || given == "-" || given.starts_with("/dev/")) return;
    std::error_code trouble;
    std::filesystem::path path = std::filesystem::weakly_canonical(std::filesystem::absolute(given, trouble), trouble);
    if (trouble) return;
    for (const auto& [other, first] : files)
      if (other == path) throw SettingError("both " + std::string(first) + " and " + std::string(by) + " write to " + std::string(given) + "; name another file for one of them");
    files.emplace_back(std::move(path), by);
  };
  for (const std::string& target : options.overwrite) add(feedFile(target), "-O");
  for (const std::string& target : options.append) add(feedFile(target), "-o");
  add(options.report, "--report");
  add(options.logFile, "--logfile");
  add(settings.warcFile, "--warc");
  add(settings.traceFile, "--trace");
}

void startLog(const SettingsLayers& layers, const CrawlOptions& options) {
  if (options.noLog) {
    setLogSink([](const LogRecord&) {});               // a sink that drops, so that even what is critical stays unsaid
    return;
  }
  const Settings& settings = layers.settings();
  setLogLevel(logLevelFromName(settings.logLevel).value_or(LogLevel::Info));
  if (options.logFile.empty()) {
    setLogSink(stderrLogSink());
  } else {
    try {
      setLogSink(fileLogSink(options.logFile));
    } catch (const std::system_error& error) {
      throw LogFileError(error.what());
    }
  }
  if (layers.projectFile().empty()) log::debug("weft.crawler", "There is no weft.toml here or above");
  else log::debug("weft.crawler", "Settings are from ", layers.projectFile());
  for (const std::string& warning : layers.warnings()) log::warning("weft.crawler", warning);
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

// Passes requests on to what all agents of a downloader share.
class Shared final : public http::AnyAgent {
 public:
  explicit Shared(http::AnyAgent& agent) : agent_(agent) {}
  Deferred<http::Response> request(http::Request request) override { return agent_.request(std::move(request)); }

 private:
  http::AnyAgent& agent_;
};

// The WARC files that --replay names: a folder stands for all that are in it, in the order of their names. Throws WarcError.
std::vector<std::string> archiveFiles(const std::vector<std::string>& named) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& name : named) {
    std::error_code trouble;
    if (!fs::is_directory(name, trouble)) {
      files.push_back(name);
      continue;
    }
    const std::size_t before = files.size();
    for (const auto& entry : fs::directory_iterator(name, trouble))
      if (const std::string path = entry.path().string(); path.ends_with(".warc") || path.ends_with(".warc.gz")) files.push_back(path);
    if (trouble) throw WarcError("cannot look into the folder " + name + ": " + trouble.message());
    if (files.size() == before) throw WarcError("there is no WARC file (.warc, .warc.gz) in the folder " + name + "; a crawl records one by --warc " + name + "/pages.warc.gz");
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

// What stands in place of the network, or around it.
struct Archive {
  Archive(const CrawlOptions& options, const Settings& settings, Reactor& reactor) {
    if (!options.replay.empty()) replay.emplace(archiveFiles(options.replay));
    if (settings.warcFile.empty()) return;
    WarcOptions how;
    how.maxBytes = static_cast<std::uint64_t>(settings.warcMaxBytes);
    how.maxBody = static_cast<std::size_t>(settings.warcMaxBody);
    writer.emplace(settings.warcFile, how, &reactor);
  }
  HttpDownloader::Layer layer(const Settings& settings) {
    if (replay) return [this](http::AnyAgent&) { return std::make_unique<Shared>(*replay); };
    if (!writer) return {};
    return [this, userAgent = settings.userAgent.empty() ? std::string("weft") : settings.userAgent](http::AnyAgent& agent) { return std::make_unique<WarcAgent>(agent, *writer, userAgent); };
  }
  // What could not be recorded; empty if all was.
  std::string close() {
    if (!writer) return {};
    try {
      writer->close();
    } catch (const WarcError& error) {
      return std::string(error.what()) + "; " + std::to_string(writer->lost()) + " exchanges are not recorded";
    }
    log::info("weft.crawler.warc", "Recorded ", writer->written(), " exchanges");
    return {};
  }

  std::optional<WarcReplay> replay;
  std::optional<WarcWriter> writer;
};

int exitCode(const Engine& engine) {
  const FrontierCounts counts = engine.counts();
  if (engine.closeReason() == "start_error") return kStartError;
  if (engine.closeReason() != "finished") return kStopped;
  if (!engine.stats().getValue("response_received_count") && !counts.done) return kNothingFetched;
  return counts.failed || counts.overflowed ? kSomeFailed : kComplete;
}

// Items that go to the same terminal would be torn by it.
bool mayShowStatus(const CrawlOptions& options, const Engine& engine) {
  if (options.noLog || options.noStatus || !TerminalLine::possible(STDERR_FILENO)) return false;
  if (!::isatty(STDOUT_FILENO)) return true;
  return std::none_of(engine.feeds().begin(), engine.feeds().end(), [](const auto& feed) { return feed->name() == "-"; });
}

void describe(CrawlMonitor& monitor, const Spider& spider, const CrawlOptions& options, const SettingsLayers& layers, std::chrono::system_clock::time_point begin) {
  std::vector<CrawlSnapshot::Setting> settings;
  for (const SettingsLayers::Changed& changed : layers.changed()) settings.push_back({std::string(changed.name), changed.value, changed.origin});
  monitor.describe(spider.name, options.target, utcTime(begin), std::move(settings));
}

// SIGUSR1 while a crawl runs: it is noted, and looked for once a second.
class StateSignal {
 public:
  StateSignal() {
    struct sigaction action {};
    action.sa_handler = [](int) { asked_ = 1; };
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, &before_);
  }
  StateSignal(const StateSignal&) = delete;
  StateSignal& operator=(const StateSignal&) = delete;
  ~StateSignal() { sigaction(SIGUSR1, &before_, nullptr); }
  static bool take() {
    const bool asked = asked_ != 0;
    asked_ = 0;
    return asked;
  }

 private:
  inline static volatile std::sig_atomic_t asked_ = 0;
  struct sigaction before_ {};
};

// How a crawl ended, and why if not well.
struct Ending {
  int code;
  std::string problem;
};

Ending endingOf(const Engine& engine, const Failure* failure, bool ended) {
  if (!ended) return {kStopped, "a callback does not come to its end; the program ends without it"};
  if (failure) return {kStopped, failure->what()};
  if (engine.startFailure().exception()) return {kStartError, "the crawl could not start: " + engine.startFailure().getErrorMessage()};
  const int code = exitCode(engine);
  if (code != kNothingFetched) return {code, {}};
  std::string why;
  if (!engine.failedPages().empty()) why = ": " + engine.failedPages().front().cause;
  else if (engine.stats().getValue("robotstxt/forbidden")) why = ": robots.txt forbids it (-s ROBOTSTXT_OBEY=false fetches it all the same)";
  return {code, "nothing could be fetched" + why};
}

}  // namespace

void addCrawlOptions(CommandLine& command, CrawlOptions& options) {
  command.option("-o,--output", options.append, "Append items to FILE, in the format of its extension (jsonl, json, csv, xml; .gz, .zst); - is the standard output").text("FILE");
  command.option("-O,--overwrite-output", options.overwrite, "Write items to FILE, overwriting it").text("FILE");
  command.option("-a", options.arguments, "Give the spider an argument; may be repeated").text("NAME=VALUE");
  command.option("-s,--set", options.settings, "Set a setting; may be repeated").text("NAME=VALUE");
  command.option("-c,--concurrency", options.concurrency, "Pages in flight at once, in all and of one host").text("N").atLeast(1);
  command.option("--job", options.job, "Keep the crawl in the folder DIR: after a stop, a crash or kill -9 the same command goes on with it").text("DIR");
  command.flag("--since-last", options.sinceLast, "With --job: crawl again, and give the items of pages that changed since the last run");
  command.option("--warc", options.warc, "Record what is sent and received in FILE, as WARC 1.1; .gz compresses").text("FILE");
  command.option("--replay", options.replay, "Ask nobody: answer requests out of the WARC file FILE, or of all in a folder; may be repeated").text("FILE");
  command.option("--report", options.report, "Write a report of the run to FILE: as JSON, or as a page where it ends in .html").text("FILE");
  command.option("--trace", options.trace, "Write a span of each request to FILE, as lines of OTLP's JSON, for a tracing tool to draw").text("FILE");
  command.flag("--dashboard{0}", options.dashboard, "Serve a page that shows the crawl and steers it, and /metrics: on any free port of this machine, or on --dashboard=[ADDRESS:]PORT");
  command.option("-L,--loglevel", options.logLevel, "Log from this level on: DEBUG, INFO, WARNING, ERROR or CRITICAL").text("LEVEL");
  command.option("--logfile", options.logFile, "Append log lines to FILE instead of printing them").text("FILE");
  command.flag("--nolog", options.noLog, "Log nothing; the summary at the end stays");
  command.flag("--no-status", options.noStatus, "Show no status line on a terminal");
}

std::map<std::string, std::string> spiderArguments(const CrawlOptions& options) {
  std::map<std::string, std::string> arguments;
  for (const std::string& text : options.arguments) {
    auto [name, value] = assignment(text, "-a");
    arguments.insert_or_assign(std::move(name), std::move(value));
  }
  return arguments;
}

void addSettings(SettingsLayers& layers, const std::vector<std::string>& assignments) {
  for (const std::string& text : assignments) {
    const auto [name, value] = assignment(text, "-s");
    layers.set(name, value, "command line");
  }
}

int complain(std::string_view message, int code) {
  std::string text = "weft: ";
  weft::detail::appendEscaped(text, message);
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
  return code;
}

std::unique_ptr<Spider> spiderFor(std::string_view target) {
  const std::string quoted = "\"" + std::string(target) + "\"";
  if (target.find("://") != std::string_view::npos) {
    auto url = http::Url::parse(target);
    if (!url.isHttp()) throw SpiderError("cannot crawl " + std::string(target) + ": only http and https");
    return std::make_unique<SiteSpider>(std::move(url));
  }
  const auto names = SpiderRegistry::names();
  for (const std::string& name : names)
    if (name == target) return SpiderRegistry::create(target);
  if (target.find_first_of("./:") != std::string_view::npos) {
    std::string problem = quoted + " is no URL that can be crawled: it begins with neither http:// nor https://";
    if (http::Url::tryParse("http://" + std::string(target))) problem += "; did you mean http://" + std::string(target) + " ?";
    throw SpiderError(problem);
  }
  if (names.empty()) throw SpiderError("no spider is called " + quoted + ": this program has none of its own; a URL begins with http:// or https://, and weft runspider FILE.cpp runs a file");
  return SpiderRegistry::create(target);
}

int runCrawl(Spider& spider, const CrawlOptions& options, std::function<std::unique_ptr<Spider>()> another) {
  SettingsLayers layers;
  const Settings& settings = layers.settings();
  std::vector<std::unique_ptr<Spider>> others;         // of PARSE_THREADS
  std::map<std::string, std::string> arguments, feedValues;
  DashboardAddress dashboardAt;
  try {
    layers = layersFor(spider, options);
    arguments = spiderArguments(options);
    if (settings.parseThreads > 1 && !another) throw SettingError("PARSE_THREADS=" + std::to_string(settings.parseThreads) + ": this program has one spider, so that 1 is the most");
    for (int i = 1; i < settings.parseThreads; ++i) others.push_back(another());
    for (const auto& other : others) other->setArguments(arguments);
    feedValues = arguments;
    spider.setArguments(std::move(arguments));
    requireOwnFiles(options, settings);
    if (!options.dashboard.empty()) dashboardAt = DashboardAddress::parse(options.dashboard);
    startLog(layers, options);
  } catch (const LogFileError& error) {
    return complain(error.what(), kStartError);
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }

  const auto begin = std::chrono::system_clock::now();
  std::optional<ReportFile> report;
  Reactor reactor;
  Politeness politeness(settings, reactor, std::random_device{}());
  std::unique_ptr<Frontier> frontier;
  JournalFrontier* job = nullptr;
  std::optional<Archive> archive;
  std::optional<SinceLastRun> run;
  try {
    if (!options.report.empty()) report.emplace(options.report);
    if (settings.jobdir.empty()) {
      frontier = std::make_unique<MemoryFrontier>(settings, politeness);
    } else {
      if (options.sinceLast) {
        run.emplace(settings.jobdir);
        spider.downloaderMiddlewares.push_back(std::make_shared<SinceLastMiddleware>(settings.jobdir, run->number()));
        spider.spiderMiddlewares.push_back(std::make_shared<ChangedItemsMiddleware>());
      }
      auto journal = std::make_unique<JournalFrontier>(settings.jobdir, spider, settings, politeness, reactor);
      job = journal.get();
      frontier = std::move(journal);
    }
    archive.emplace(options, settings, reactor);       // which may stand in the job's folder
  } catch (const ReportError& error) {
    return complain(error.what(), kStartError);
  } catch (const WarcError& error) {
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
  Settings forDownloads = settings;
  if (!options.dashboard.empty()) forDownloads.concurrentRequests = forDownloads.concurrentRequestsPerDomain = Dashboard::kMostConcurrency;      // whoever steers the crawl may raise them
  HttpDownloader http(guarded ? static_cast<net::Network&>(*guarded) : network, forDownloads, archive->layer(settings), options.cookies);
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
  } catch (const FeedError& error) {                   // of a trace
    return complain(error.what(), kStartError);
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }
  Engine& engine = *made;
  obeyRobotsPace(engine.signals(), politeness, settings);
  if (archive->writer) archive->writer->onError([&engine](const WarcError&) { engine.stop("warc_error"); });
  CrawlMonitor monitor(engine, politeness, reactor);
  describe(monitor, spider, options, layers, begin);
  const StateSignal stateSignal;
  monitor.onTick([&monitor] {
    if (!StateSignal::take()) return;
    for (const std::string& line : stateLines(monitor.snapshot(kHostsLogged))) log::info("weft.crawler.state", line);
  });

  std::optional<Dashboard> dashboard;
  if (!options.dashboard.empty()) {
    try {
      dashboard.emplace(monitor, engine, politeness, reactor, dashboardAt);
      dashboard->listen(network);
    } catch (const weft::Error& error) {
      return complain(error.what(), kStartError);
    }
    std::fprintf(stderr, "The dashboard is at %s\n", dashboard->url().c_str());
  }
  // Last: -O empties its file, which a crawl that does not start must leave as it was.
  try {
    auto values = std::move(feedValues);
    values["name"] = spider.name;
    values["time"] = feedTime(begin);
    for (auto& feed : openFeeds(options, settings, std::move(values), job)) engine.addFeed(std::move(feed));
  } catch (const FeedError& error) {
    return complain(error.what(), kStartError);
  } catch (const JournalError& error) {
    return complain(error.what(), kStartError);
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }

  std::optional<StatusLine> status;
  if (mayShowStatus(options, engine)) status.emplace(STDERR_FILENO, engine, politeness, settings, reactor, options.logFile.empty());

  std::optional<Failure> failure;
  Deferred<> crawl(nullptr);
  reactor.onSignal([&, signals = 0](int signal) mutable {
    const char* const name = signal == SIGINT ? "SIGINT" : "SIGTERM";
    if (status) status->setClosing();
    if (++signals == 1 && !options.abortOnSignal) {
      log::info("weft.crawler", "Received ", name, ", shutting down gracefully. Send again to force");
      engine.stop("shutdown");
    } else {
      log::info("weft.crawler", "Received ", name, options.abortOnSignal ? "" : " twice", ", forcing unclean shutdown");
      engine.abort();
      crawl.cancel();
    }
  });
  reactor.callWhenRunning([&] {
    crawl = engine.run().addErrback([&failure](Failure error) { failure = std::move(error); }).addBoth([&] {
      downloader.close();
      if (!dashboard) return reactor.stop();
      dashboard->close().addBoth([&](const Outcome<>&) { reactor.stop(); }).detach();
    });
  });
  reactor.run();
  const bool ended = !threads || threads->stop(kPatience);

  status.reset();
  const std::string unrecorded = archive->close();

  if (!options.noSummary) {
    const std::string summary = crawlReport(engine);
    std::fwrite(summary.data(), 1, summary.size(), stderr);
  }
  Ending ending = endingOf(engine, failure && !failure->check<CancelledError>() ? &*failure : nullptr, ended);
  if (run && engine.closeReason() == "finished" && !failure) {
    try {
      run->finish();
    } catch (const JournalError& error) {
      ending.problem += (ending.problem.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  if (!unrecorded.empty()) {
    ending.problem += (ending.problem.empty() ? "" : "; ") + unrecorded;
    if (ending.code == kComplete || ending.code == kSomeFailed) ending.code = kStopped;
  }
  if (!ending.problem.empty()) complain(ending.problem, ending.code);
  if (report) {
    try {
      if (options.report.ends_with(".html")) report->write(reportPage(monitor.snapshot(kHostsReported)));
      else report->write(runReport(engine, layers, {spider.name, options.target, begin, std::chrono::system_clock::now(), ending.code, ending.problem}));
    } catch (const Error& error) {
      complain(error.what(), ending.code);
      if (ending.code == kComplete) ending.code = kStopped;
    }
  }
  if (!ended) std::_Exit(ending.code);                 // what still runs would find the engine gone
  return ending.code;
}

}  // namespace weft::crawler
