#include <weft/crawler/middlewares/since_last_middleware.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/frontier/journal_error.hpp>
#include <weft/crawler/http_cache/internal/http_cache_policy.hpp>
#include <weft/crawler/http_cache/internal/http_cache_store.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/stats.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

namespace weft::crawler {

namespace {

using http::Date;
using internal::CachedPage;

constexpr std::string_view kRunField = "Weft-Run";     // among the fields of a page that is kept: the run in which it was last new
constexpr std::string_view kUnchanged = "unchanged";

// Does the answer say how the page is, for good? A redirect says it of another, and a server that is busy or out of order says nothing: what was seen before stays what the next answer is compared with.
bool saysHowItIs(int status) noexcept { return status == 200 || status == 203 || (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429); }

}  // namespace

// ---- the runs

SinceLastRun::SinceLastRun(std::string folder) : folder_(std::move(folder)) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(folder_, error);
  const std::string place = folder_ + "/since_last", journal = folder_ + "/journal.db";
  std::string state;
  if (std::ifstream file(place); file && !(file >> number_ >> state && (state == "open" || state == "finished")))
    throw JournalError(place + " is not what --since-last writes: remove the folder to begin anew");
  if (state == "open") return;
  if (state.empty() && fs::exists(journal, error)) throw JournalError("the job in " + folder_ + " was begun without --since-last, and its pages are not kept: name another folder");
  const int lock = ::open((folder_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock < 0) throw JournalError("cannot use the job folder " + folder_ + ": " + std::strerror(errno));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {         // whoever opens the journal next will say who holds it
    ::close(lock);
    return;
  }
  // The journal goes first: a crash in between begins the same run.
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) fs::remove(journal + ending, error);
  ++number_;
  try {
    write("open");
  } catch (...) {
    ::close(lock);
    throw;
  }
  ::close(lock);
}

void SinceLastRun::write(const char* state) {
  const std::string place = folder_ + "/since_last", fresh = place + ".new";
  std::ofstream file(fresh, std::ios::trunc);
  file << number_ << ' ' << state << '\n';
  file.close();
  if (!file || ::rename(fresh.c_str(), place.c_str()) != 0) throw JournalError("cannot write to " + place + ": " + std::strerror(errno));
}

void SinceLastRun::finish() { write("finished"); }

// ---- pages

struct SinceLastMiddleware::State {
  State(const CrawlContext& crawl, const std::string& folder, std::uint64_t run)
      : crawl(crawl), base(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())), begun(crawl.clock.now()), run(std::to_string(run)) {
    Settings settings = crawl.settings;
    settings.httpcacheIgnoreHttpCodes.clear();
    settings.httpcachePolicy = "dummy";
    keeping = internal::makeHttpCachePolicy(settings);
    settings.httpcachePolicy = "rfc9111";
    asking = internal::makeHttpCachePolicy(settings);
    auto file = std::make_unique<internal::HttpCacheFile>(folder + "/pages.sqlite", static_cast<std::uint64_t>(settings.httpcacheMaxBytes), settings.httpcacheCompression);
    store.emplace(std::move(file), crawl.clock, dynamic_cast<Reactor*>(&crawl.clock), [this] { return now(); }, crawl.stats);
  }

  Date now() const { return base + std::chrono::floor<std::chrono::seconds>(crawl.clock.now() - begun); }
  void count(std::string_view stat) { crawl.stats.incValue(stat); }

  // It is new, and the run was broken off before its items were safe.
  bool isOfThisRun(const CachedPage& page) const { return page.head.headers.get(kRunField) == run; }

  Response unchanged(std::shared_ptr<const Request> request, CachedPage page) {
    const bool isNew = isOfThisRun(page);
    count(isNew ? "since_last/changed" : "since_last/unchanged");
    page.head.headers.remove(kRunField);
    Response response(request->url, page.head.status, std::move(page.head.headers), std::move(page.body));
    response.flags.assign(request->flags().begin(), request->flags().end());
    if (!isNew) response.flags.emplace_back(kUnchanged);
    response.setRequest(std::move(request));
    return response;
  }

  const CrawlContext crawl;
  const Date base;
  const std::chrono::nanoseconds begun;
  const std::string run;
  std::unique_ptr<const internal::HttpCachePolicy> keeping, asking;
  std::optional<internal::HttpCacheStore> store;
};

SinceLastMiddleware::SinceLastMiddleware(std::string folder, std::uint64_t run) : DownloaderMiddleware("SinceLastMiddleware", 880), folder_(std::move(folder)), run_(run) {}
SinceLastMiddleware::~SinceLastMiddleware() = default;

void SinceLastMiddleware::open(const CrawlContext& crawl) {
  state_ = std::make_unique<State>(crawl, folder_, run_);
  crawl.signals.engineStopped.connect([this] { state_->store->close(); });
}

Deferred<Response> SinceLastMiddleware::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  const http::Headers& fields = request->headers();
  const bool passes = request->method() != "GET" || internal::metaFlag(*request, "dont_cache") || !request->meta("save_to").empty() || !request->meta("truncate_body").empty() || fields.has("If-None-Match") ||
                      fields.has("If-Modified-Since") || fields.has("Range");
  return passes ? next.fetch(std::move(request)) : compare(std::move(request), next);
}

Deferred<Response> SinceLastMiddleware::compare(std::shared_ptr<const Request> request, Downloader& next) {
  State& state = *state_;
  Fingerprint key = fingerprint(*request);
  if (const std::string_view session = request->meta("cookiejar"); !session.empty()) {
    const Fingerprint own = hash128(session, 1);
    key = {key.high ^ own.high, key.low ^ own.low};
  }
  auto finding = state.store->find(key, request->url.origin(), http::Headers());
  std::optional<CachedPage> page = co_await finding;
  std::optional<Request> conditional;
  if (page) conditional = state.asking->conditional(*request, page->head);
  for (;;) {
    std::shared_ptr<const Request> asked = request;
    if (conditional) asked = std::make_shared<const Request>(*conditional);
    const Date requested = state.now();
    auto fetching = next.fetch(std::move(asked));
    Response response = co_await fetching;
    response.setRequest(request);
    if (conditional && response.status == 304) {
      if (!http::detail::validates(response.headers, page->head)) {
        conditional.reset();                           // it is about something else: ask for all of it
        continue;
      }
      http::detail::freshen(page->head, response.headers, requested, state.now());
      internal::FreshenPage freshened;
      freshened.id = page->id;
      freshened.head = page->head;
      state.store->freshen(std::move(freshened));
      co_return state.unchanged(std::move(request), std::move(*page));
    }
    const bool isCut = std::find(response.flags.begin(), response.flags.end(), "download_stopped") != response.flags.end();
    if (!saysHowItIs(response.status) || isCut) co_return response;
    auto head = state.keeping->makeHead(*request, response.status, response.headers, requested, state.now());
    const bool isSame = page && page->head.status == response.status && page->body == response.body;
    if (head && isSame) {
      head->headers.set(kRunField, page->head.headers.get(kRunField, ""));
      internal::FreshenPage freshened;
      freshened.id = page->id;
      freshened.head = page->head = std::move(*head);
      state.store->freshen(std::move(freshened));
      co_return state.unchanged(std::move(request), std::move(*page));
    }
    state.count(page ? "since_last/changed" : "since_last/new");
    if (head && response.body.size() <= static_cast<std::uint64_t>(state.crawl.settings.httpcacheMaxBody)) {
      head->headers.set(kRunField, state.run);
      internal::PutPage put;
      put.print = key;
      put.method = request->method();
      put.head = std::move(*head);
      put.body = response.body;
      auto putting = state.store->put(std::move(put));
      co_await putting;
      // A look-up waits for what is being put: the page is on the disk before its items are, or after a crash the next run would give them once more.
      auto settling = state.store->find(key, request->url.origin(), http::Headers());
      co_await settling;
    }
    co_return response;
  }
}

// ---- items

Deferred<Called> ChangedItemsMiddleware::handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) {
  const bool drops = page && std::find(page->flags.begin(), page->flags.end(), kUnchanged) != page->flags.end();
  auto handling = next.handle(std::move(request), std::move(page));
  Called called = co_await handling;
  if (drops) {
    const auto dropped = std::erase_if(called.results, [](const Result& result) { return result.isItem(); });
    if (dropped) stats_->incValue("since_last/items_dropped", static_cast<std::int64_t>(dropped));
  }
  co_return called;
}

}  // namespace weft::crawler
