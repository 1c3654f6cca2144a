#include <weft/crawler/middlewares/http_cache_middleware.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/http_cache/internal/http_cache_policy.hpp>
#include <weft/crawler/http_cache/internal/http_cache_store.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/redirect.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/defer/errors.hpp>
#include <weft/net/address_guard.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace weft::crawler {

namespace {

using http::Date;
using internal::CachedHead;
using internal::CachedPage;

// A file name for the spider, whatever its own is.
std::string fileFor(const Spider& spider, const Settings& settings) {
  std::string name;
  for (const char c : spider.name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || (c == '.' && !name.empty());
    name += plain ? c : '_';
  }
  if (name.empty()) name = "_";
  return (settings.httpcacheDir.empty() ? std::string(".") : settings.httpcacheDir) + '/' + name + ".sqlite";
}

Fingerprint keyOf(Fingerprint print, const Request& request) {
  const std::string_view session = request.meta("cookiejar");
  if (session.empty()) return print;
  const Fingerprint own = hash128(session, 1);
  return {print.high ^ own.high, print.low ^ own.low};
}

// Was the server out of reach? What nobody asked of it, or was refused before, is not its trouble.
bool isServerTrouble(const Failure& failure) { return !failure.check<CancelledError, IgnoreRequest, net::AddressRefused>(); }

bool isCutShort(const Request& request, std::size_t bytes) {
  const auto enough = internal::metaNumber(request, "truncate_body");
  return enough && static_cast<double>(bytes) >= *enough;
}

}  // namespace

struct HttpCacheMiddleware::State {
  State(const CrawlContext& crawl, std::optional<Date> start)
      : crawl(crawl),
        base(start.value_or(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()))),
        begun(crawl.clock.now()),
        policy(internal::makeHttpCachePolicy(crawl.settings)),
        offline(crawl.settings.httpcacheIgnoreMissing) {
    std::string path = fileFor(crawl.spider, crawl.settings);
    if (std::error_code error; offline && !std::filesystem::exists(path, error))
      throw HttpCacheError("there is no cache " + path + ", and HTTPCACHE_IGNORE_MISSING lets nothing else be asked: crawl without it first, or name the folder by HTTPCACHE_DIR");
    auto file = std::make_unique<internal::HttpCacheFile>(std::move(path), static_cast<std::uint64_t>(crawl.settings.httpcacheMaxBytes), crawl.settings.httpcacheCompression);
    store.emplace(std::move(file), crawl.clock, dynamic_cast<Reactor*>(&crawl.clock), [this] { return now(); }, crawl.stats);
  }

  // Goes by the crawl's clock, which never steps.
  Date now() const { return base + std::chrono::floor<std::chrono::seconds>(crawl.clock.now() - begun); }
  void count(std::string_view stat) { crawl.stats.incValue(stat); }

  bool isExpired(const CachedHead& head) const {
    const auto most = crawl.settings.httpcacheExpirationSecs;
    return most > 0 && now() - head.received > std::chrono::seconds(most);
  }
  // An attempt that follows a 503 wants another answer than that 503.
  bool isToBeRetried(const Request& request, const CachedPage& page) const {
    if (offline || request.retryTimes == 0) return false;
    return !retryReason(Response(request.url, page.head.status, {}, "")).empty();
  }

  Response responseOf(std::shared_ptr<const Request> request, CachedPage page) const {
    Response response(request->url, page.head.status, std::move(page.head.headers), std::move(page.body));
    response.flags.assign(request->flags().begin(), request->flags().end());
    response.flags.emplace_back("cached");
    response.setRequest(std::move(request));
    return response;
  }
  static Failure missing(const Request& request, std::string_view reason) { return Failure(NotInCache(request.describe() + " is not in the cache, and nothing else may be asked (" + std::string(reason) + ")")); }

  // Keeps the response if it may be kept, in place of another or not. Fires when there is room for more.
  Deferred<> keep(const Request& request, Fingerprint key, const Response& response, Date requested, bool replaces) {
    auto head = policy->makeHead(request, response.status, response.headers, requested, now());
    const bool tooLong = response.body.size() > static_cast<std::uint64_t>(crawl.settings.httpcacheMaxBody) || isCutShort(request, response.body.size());
    if (tooLong || !head || !policy->mayStore(request, *head)) {
      count("httpcache/uncacheable");
      if (replaces && response.status < 500) store->remove({key});
      return succeed();
    }
    count("httpcache/store");
    internal::PutPage page;
    page.print = key;
    page.method = request.method();
    page.head = std::move(*head);
    page.body = response.body;
    return store->put(std::move(page));
  }

  const CrawlContext crawl;
  const Date base;
  const std::chrono::nanoseconds begun;
  const std::unique_ptr<const internal::HttpCachePolicy> policy;
  const bool offline;
  std::optional<internal::HttpCacheStore> store;
};

HttpCacheMiddleware::HttpCacheMiddleware(std::optional<http::Date> now) : DownloaderMiddleware("HttpCacheMiddleware", 900), start_(now) {}
HttpCacheMiddleware::~HttpCacheMiddleware() = default;

void HttpCacheMiddleware::open(const CrawlContext& crawl) {
  if (!crawl.settings.httpcacheEnabled) return;
  state_ = std::make_unique<State>(crawl, start_);
  crawl.signals.engineStopped.connect([this] { close(); });
}

void HttpCacheMiddleware::close() {
  if (state_) state_->store->close();
}

Deferred<Response> HttpCacheMiddleware::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  if (!state_) return next.fetch(std::move(request));
  if (!internal::metaFlag(*request, "dont_cache") && state_->policy->mayCache(*request)) return fetchCached(std::move(request), next);
  return fetchAround(std::move(request), next);
}

// A request that the cache has no part in, but that may change what is in it.
Deferred<Response> HttpCacheMiddleware::fetchAround(std::shared_ptr<const Request> request, Downloader& next) {
  State& state = *state_;
  if (state.offline) {
    state.count("httpcache/ignore");
    return fail<Response>(State::missing(*request, "HTTPCACHE_IGNORE_MISSING"));
  }
  return next.fetch(request).addCallback([&state, request = std::move(request)](Response response) {
    for (const http::Url& url : state.policy->outdatedBy(*request, response.status, response.headers)) state.store->remove({keyOf(fingerprint(url), *request)});
    return response;
  });
}

Deferred<Response> HttpCacheMiddleware::fetchCached(std::shared_ptr<const Request> request, Downloader& next) {
  State& state = *state_;
  const Fingerprint key = keyOf(fingerprint(*request), *request);
  auto finding = state.store->find(key, request->url.origin(), state.policy->selectingFields(*request));
  std::optional<CachedPage> page = co_await finding;
  if (page && (state.isExpired(page->head) || state.isToBeRetried(*request, *page))) page.reset();
  if (page && state.policy->isFresh(*request, page->head, state.now())) {
    state.count("httpcache/hit");
    co_return state.responseOf(std::move(request), std::move(*page));
  }
  if (!page) state.count("httpcache/miss");
  const bool onlyIfCached = state.policy->onlyIfCached(*request);
  if (state.offline || onlyIfCached) {
    if (page && state.offline && state.policy->mayServeStale(*request, page->head, state.now())) {
      state.count("httpcache/hit");
      co_return state.responseOf(std::move(request), std::move(*page));
    }
    state.count("httpcache/ignore");
    co_return State::missing(*request, onlyIfCached ? "only-if-cached" : "HTTPCACHE_IGNORE_MISSING");
  }

  std::optional<Request> conditional;
  if (page) conditional = state.policy->conditional(*request, page->head);
  for (;;) {
    std::shared_ptr<const Request> asked = request;
    if (conditional) asked = std::make_shared<const Request>(std::move(*conditional));
    const Date requested = state.now();
    auto fetching = next.fetch(std::move(asked));
    Outcome<Response> outcome = co_await fetching.outcome();
    if (!outcome) {
      if (!page || !isServerTrouble(outcome.failure()) || !state.policy->mayServeStale(*request, page->head, state.now())) co_return outcome;
      state.count("httpcache/errorrecovery");
      co_return state.responseOf(std::move(request), std::move(*page));
    }
    Response& response = *outcome;
    response.setRequest(request);
    if (conditional && response.status == 304) {
      if (!http::detail::validates(response.headers, page->head)) {
        page.reset();                                  // it is about something else: ask for all of it
        conditional.reset();
        continue;
      }
      state.count("httpcache/revalidate");
      http::detail::freshen(page->head, response.headers, requested, state.now());
      internal::FreshenPage freshened;
      freshened.id = page->id;
      freshened.head = page->head;
      state.store->freshen(std::move(freshened));
      co_return state.responseOf(std::move(request), std::move(*page));
    }
    if (page && response.status >= 500 && state.policy->mayServeStale(*request, page->head, state.now())) {
      state.count("httpcache/revalidate");
      co_return state.responseOf(std::move(request), std::move(*page));
    }
    state.count(page ? "httpcache/invalidate" : "httpcache/firsthand");
    auto keeping = state.keep(*request, key, response, requested, page.has_value());
    co_await keeping;
    co_return outcome;
  }
}

}  // namespace weft::crawler
