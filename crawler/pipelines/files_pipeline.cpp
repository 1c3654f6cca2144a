#include <weft/crawler/pipelines/files_pipeline.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/downloader.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/json_builder.hpp>
#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/crawler/pipelines/internal/stored_file.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/deferred_semaphore.hpp>
#include <weft/defer/gather.hpp>
#include <weft/defer/shared_deferred.hpp>
#include <weft/defer/threads.hpp>
#include <weft/http/body.hpp>
#include <weft/http/file_error.hpp>
#include <weft/net/digest.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::crawler {

namespace {

constexpr std::size_t kMostRemembered = 100'000;       // results of this crawl; then all are forgotten, and files that are there are found on the disk
constexpr int kMostPostponed = 100;                    // times that a request is put off, for a host that is down

// The extension of a URL's path, with its dot: letters and digits, at most 10; else none.
std::string_view extensionOf(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view extension = name.substr(dot);
  const bool plain = std::all_of(extension.begin() + 1, extension.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  return plain && extension.size() > 1 && extension.size() <= 11 ? extension : std::string_view();
}

// File work; at once where no reactor runs, as in a simulation.
template <class F> auto onThread(F f) {
  if (Reactor* const reactor = Reactor::current()) return deferToThread(*reactor, std::move(f));
  return maybeDeferred(std::move(f));
}

DownloadedFile failed(std::string url, std::string error) {
  DownloadedFile file;
  file.url = std::move(url);
  file.status = "failed";
  file.error = std::move(error);
  return file;
}

http::Json entryOf(const DownloadedFile& file) {
  http::Json::Object entry;
  entry.emplace_back("url", file.url);
  if (file.ok()) {
    entry.emplace_back("path", file.path);
    entry.emplace_back("checksum", file.checksum);
  }
  entry.emplace_back("status", file.status);
  if (!file.ok()) entry.emplace_back("error", file.error);
  return http::Json(std::move(entry));
}

}  // namespace

// The pipeline while a crawl goes on.
struct FilesPipeline::State {
  explicit State(const PipelineContext& crawl)
      : settings(crawl.settings),
        stats(crawl.stats),
        downloader(crawl.downloader),
        expires(std::chrono::duration<double>(crawl.settings.filesExpires * 86400)),
        places(static_cast<std::size_t>(crawl.settings.concurrentRequests)) {}

  Deferred<> fill(const FilesPipeline& pipeline, Item& item, std::vector<std::string> urls);
  Deferred<DownloadedFile> want(std::string url, std::string path);
  Deferred<DownloadedFile> download(std::string url, std::string path);
  Deferred<DownloadedFile> attempt(std::string url, std::string path);
  Deferred<Response> fetched(std::string url, std::string place);
  std::string full(std::string_view path) const { return settings.filesStore + '/' + std::string(path); }
  DownloadedFile done(std::string url, std::string path, std::string checksum, std::string status);

  const Settings& settings;
  Stats& stats;
  Downloader& downloader;
  const std::chrono::duration<double> expires;
  DeferredSemaphore places;
  std::unordered_map<std::string, SharedDeferred<DownloadedFile>> underWay;      // by URL and path
  std::unordered_map<std::string, DownloadedFile> known;
  bool saidFull = false, saidNoField = false;
};

FilesPipeline::FilesPipeline(std::string name, int order) : ItemPipeline(std::move(name), order) {}
FilesPipeline::~FilesPipeline() = default;

std::string FilesPipeline::filePath(const http::Url& url, const Item&) const {
  return "full/" + net::hexDigest(net::DigestKind::Sha1, url.href()) + std::string(extensionOf(url.path()));
}

Deferred<> FilesPipeline::openSpider(const PipelineContext& crawl) {
  state_.reset();
  if (crawl.settings.filesStore.empty()) {
    kFilesLog.warning(name, " does nothing: FILES_STORE names no folder for files");
    return succeed();
  }
  internal::prepareStore(crawl.settings.filesStore);
  state_ = std::make_unique<State>(crawl);
  return succeed();
}

Deferred<> FilesPipeline::processItem(Item& item) {
  if (!state_) return succeed();
  const http::Json field = item.get(state_->settings.filesUrlsField);
  std::vector<std::string> urls;
  if (field.isString()) urls.push_back(field.string());
  else if (field.isArray())
    for (const http::Json& url : field.array()) urls.push_back(url.isString() ? url.string() : url.dump());
  if (urls.empty() && !field.isArray()) return succeed();
  return state_->fill(*this, item, std::move(urls));
}

Deferred<> FilesPipeline::State::fill(const FilesPipeline& pipeline, Item& item, std::vector<std::string> urls) {
  std::vector<Deferred<DownloadedFile>> waiting;
  for (std::string& text : urls) {
    const auto url = http::Url::tryParse(text);
    if (!url || !url->isHttp()) {
      waiting.push_back(succeed(failed(std::move(text), "it is no URL of http or https")));
      continue;
    }
    std::string path = pipeline.filePath(*url, item);
    if (const auto problem = internal::problemOfPath(path); !problem.empty())
      waiting.push_back(succeed(failed(url->href(), "the path \"" + path + "\" below FILES_STORE " + std::string(problem))));
    else
      waiting.push_back(want(url->href(), std::move(path)));
  }
  auto all = gatherResults(std::move(waiting));
  const std::vector<DownloadedFile> files = co_await all;
  http::Json::Array entries;
  for (const DownloadedFile& file : files) {
    stats.incValue("file_status_count/" + file.status);
    if (file.ok()) stats.incValue("file_count");
    else kFilesLog.warning("No file of ", file.url, ": ", file.error);
    entries.push_back(entryOf(file));
  }
  if (item.fieldKind(settings.filesResultField) != FieldKind::None) {
    item.set(settings.filesResultField, http::Json(std::move(entries)));
  } else if (!std::exchange(saidNoField, true)) {
    kFilesLog.warning("Items of type ", item.typeName(), " have no field ", settings.filesResultField, " (FILES_RESULT_FIELD) for what became of their files");
  }
}

// One download, however many want it.
Deferred<DownloadedFile> FilesPipeline::State::want(std::string url, std::string path) {
  std::string key = url + '\n' + path;
  if (const auto before = known.find(key); before != known.end()) co_return DownloadedFile(before->second);
  auto found = underWay.find(key);
  if (found == underWay.end()) found = underWay.emplace(key, SharedDeferred<DownloadedFile>(download(std::move(url), std::move(path)))).first;
  auto waiting = found->second.get();
  auto outcome = co_await waiting.outcome();
  if (const auto mine = underWay.find(key); mine != underWay.end() && mine->second.called()) underWay.erase(mine);
  if (!outcome) co_return outcome.failure();                                             // cancelled
  if (known.size() >= kMostRemembered) known.clear();
  known.insert_or_assign(key, *outcome);
  co_return std::move(*outcome);
}

Deferred<DownloadedFile> FilesPipeline::State::download(std::string url, std::string path) {
  auto acquiring = places.acquire();
  const auto place = co_await acquiring;
  auto attempting = attempt(url, path);
  const auto outcome = co_await attempting.outcome();
  if (outcome) co_return DownloadedFile(*outcome);
  const Failure& failure = outcome.failure();
  if (failure.check<CancelledError>()) co_return failure;
  if (const auto* error = failure.as<http::FileError>(); error && error->systemError == ENOSPC && !std::exchange(saidFull, true))
    kFilesLog.error("The disk of FILES_STORE=", settings.filesStore, " is full: files are missing from items until there is room");
  co_return failed(std::move(url), failure.getErrorMessage());
}

Deferred<DownloadedFile> FilesPipeline::State::attempt(std::string url, std::string path) {
  const std::string place = full(path);
  auto looking = onThread([place, expires = expires] {
    internal::makeFolderFor(place);
    return internal::lookAt(place, expires, internal::Checksum::kIfFresh);
  });
  internal::StoredFile before = co_await looking;
  if (before.isFresh) co_return done(std::move(url), std::move(path), std::move(before.checksum), "uptodate");

  auto fetching = fetched(url, place);
  Response response = co_await fetching;
  if (response.status != 200) co_return failed(std::move(url), "status " + std::to_string(response.status));
  if (!response.body.empty()) {                        // of a downloader, or a middleware, that does not know of save_to
    if (response.body.size() > static_cast<std::size_t>(settings.filesMaxsize)) co_return failed(std::move(url), "more than " + std::to_string(settings.filesMaxsize) + " bytes (FILES_MAXSIZE)");
    auto saving = http::Body(std::move(response.body)).saveTo(place);
    co_await saving;
  }
  auto summing = onThread([place, expires = expires] { return internal::lookAt(place, expires, internal::Checksum::kAlways); });
  internal::StoredFile after = co_await summing;
  if (!after.exists || after.isStill(before)) co_return failed(std::move(url), "the answer is empty");
  stats.incValue("file_bytes", static_cast<std::int64_t>(after.size));
  const bool isCached = std::find(response.flags.begin(), response.flags.end(), "cached") != response.flags.end();
  co_return done(std::move(url), std::move(path), std::move(after.checksum), isCached ? "cached" : "downloaded");
}

DownloadedFile FilesPipeline::State::done(std::string url, std::string path, std::string checksum, std::string status) {
  DownloadedFile file;
  file.url = std::move(url);
  file.path = std::move(path);
  file.checksum = std::move(checksum);
  file.status = std::move(status);
  return file;
}

// The answer after retries, pauses and redirects, which the frontier sees to for pages.
Deferred<Response> FilesPipeline::State::fetched(std::string url, std::string place) {
  auto request = std::make_shared<Request>(url);
  request->setMeta("save_to", std::move(place)).setMeta("dont_cache", "true").setMeta("download_maxsize", std::to_string(settings.filesMaxsize));
  request->dontRedirect = !settings.mediaAllowRedirects;
  int postponed = 0;
  for (;;) {
    request->waitsInDownloader = true;                 // the item's page has a place of the frontier's already
    auto fetching = downloader.fetch(request);
    auto outcome = co_await fetching.outcome();
    if (outcome) co_return std::move(*outcome);
    const Failure& failure = outcome.failure();
    if (const auto* instead = failure.as<RequestInstead>()) {
      request = std::make_shared<Request>(*instead->request);
      continue;
    }
    const bool again = failure.check<RetryRequest>();
    if (!again && (!failure.check<Postponed>() || ++postponed > kMostPostponed)) co_return failure;
    request = std::make_shared<Request>(*request);
    if (again) ++request->retryTimes;
  }
}

}  // namespace weft::crawler
