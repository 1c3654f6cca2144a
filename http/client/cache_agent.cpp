#include <weft/http/client/cache_agent.hpp>

#include <weft/http/client/errors.hpp>
#include <weft/http/client/internal/cache_policy.hpp>
#include <weft/http/client/internal/cache_store.hpp>
#include <weft/http/internal/filtered_body.hpp>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

namespace weft::http {
namespace {

using detail::CachedEntry;
using detail::CachedHead;
using detail::CacheWriter;

// Passes a body on and gives the cache a copy. It is kept when its end has come.
class Keeping final : public detail::BodyFilter {
 public:
  Keeping(std::shared_ptr<CacheWriter> writer, CachedHead head) : writer_(std::move(writer)), head_(std::move(head)) {}
  bool filter(std::string& piece, std::size_t& at, std::string& out, std::size_t) override {
    writer_->append(std::string_view(piece).substr(at));
    pass(piece, at, out);
    return false;
  }
  void finish() override { writer_->commit(std::move(head_)); }

 private:
  std::shared_ptr<CacheWriter> writer_;
  CachedHead head_;
};

std::string keptUrl(const Url& url) { return std::string(url.withCredentialsRemoved().withoutFragment()); }

// The server could not be asked, or could not answer.
bool isServerTrouble(const Outcome<Response>& outcome) {
  if (!outcome) return !outcome.failure().check<CancelledError, AgentClosed, UnsupportedScheme, HeaderError>();
  const int status = (*outcome).status;
  return status == 500 || status == 502 || status == 503 || status == 504;
}

}  // namespace

struct CacheAgent::State {
  explicit State(CacheOptions given) : options(std::move(given)), rules{options.heuristicShare, options.heuristicLimit} {
    if (!options.now) options.now = [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); };
    try {
      store = std::make_shared<detail::CacheStore>(options.folder, options.maxBytes, options.maxEntryBytes, options.reactor);
    } catch (const std::system_error& error) {
      throw CacheError(options.folder, error.code().message());
    }
    store->open();
  }

  CachedHead headOf(const Request& request, const Response& response, Date requested) const {
    CachedHead head;
    head.url = keptUrl(request.url);
    head.session = request.cookieJar;
    head.status = response.status;
    head.minorVersion = response.minorVersion;
    head.reason = response.reason;
    head.requested = requested;
    head.received = options.now();
    head.headers = detail::storedHeaders(response.headers);
    return head;
  }

  // Takes a response that the server gave, whose body has not been read, and keeps it if it may.
  void keep(const Request& request, Response& response, Date requested) {
    const auto control = detail::requestControl(request.headers);
    auto varied = detail::variedFields(response.headers, request.headers);
    if (!varied) return;
    CachedHead head = headOf(request, response, requested);
    head.varied = std::move(*varied);
    if (!detail::mayStore(control, head, rules) || response.contentLength().value_or(0) > options.maxEntryBytes) return;
    auto writer = store->write();
    if (response.body.complete()) {
      writer->append(response.body.buffered());
      writer->commit(std::move(head));
    } else {
      const std::string url = response.url.href();
      const std::uint64_t expected = response.contentLength().value_or(0);
      response.body = detail::filteredBody(std::move(response.body), std::make_unique<Keeping>(std::move(writer), std::move(head)), url, expected);
    }
  }

  Response responseOf(CachedEntry& entry, const Url& url, CacheUse use) {
    Response response(entry.head.status);
    response.reason = entry.head.reason;
    response.minorVersion = entry.head.minorVersion;
    response.headers = entry.head.headers;
    const auto age = std::max<std::int64_t>(detail::currentAge(entry.head, options.now()).count(), 0);
    response.headers.set("Age", std::to_string(age));
    response.url = url;
    response.body = store->bodyOf(entry, url.href());
    response.editHistory().cache = use;
    if (use == CacheUse::Revalidated) {
      ++stats.revalidated;
    } else {
      ++stats.hits;
      stats.stale += use == CacheUse::Stale;
    }
    return response;
  }

  void invalidate(const Request& request, const Response& response) {
    const auto drop = [&](const Url& url) {
      ++stats.invalidated;
      store->removeAll(detail::CacheStore::keyOf(keptUrl(url), request.cookieJar));
    };
    drop(request.url);
    for (const char* name : {"Location", "Content-Location"}) {
      const auto url = Url::tryParse(response.headers.get(name, ""), request.url);
      if (response.headers.has(name) && url && url->sameOrigin(request.url)) drop(*url);
    }
  }

  static Deferred<Response> answer(AnyAgent* agent, std::shared_ptr<State> state, Request request);

  CacheOptions options;
  detail::FreshnessRules rules;
  std::shared_ptr<detail::CacheStore> store;
  CacheStats stats;
  bool closed = false;
};

Deferred<Response> CacheAgent::State::answer(AnyAgent* agent, std::shared_ptr<State> state, Request request) {
  const CacheControl control = detail::requestControl(request.headers);
  auto finding = state->store->find(keptUrl(request.url), request.cookieJar, request.headers);
  auto entry = co_await finding;
  if (state->closed) co_return Failure(AgentClosed(keptUrl(request.url)));
  bool validating = false;
  Request sent = request;
  if (entry) {
    const auto reuse = detail::reuse(control, entry->head, state->options.now(), state->rules);
    if (reuse == detail::Reuse::Fresh) co_return state->responseOf(*entry, request.url, CacheUse::Fresh);
    if (reuse == detail::Reuse::Stale) co_return state->responseOf(*entry, request.url, CacheUse::Stale);
    validating = detail::addConditions(sent, entry->head);
  }
  if (control.onlyIfCached) {
    Response none(504);
    none.reason = "Not in the cache";
    none.url = request.url;
    co_return none;
  }
  for (;;) {
    const Date requested = state->options.now();
    auto pending = agent->request(std::move(sent));
    Outcome<Response> outcome = co_await pending.outcome();
    if (entry && isServerTrouble(outcome) && detail::mayServeOnError(control, entry->head, state->options.now(), state->rules, state->options.staleIfError))
      co_return state->responseOf(*entry, request.url, CacheUse::Stale);
    if (outcome && outcome->status == 304 && validating) {
      if (detail::validates(outcome->headers, entry->head)) {
        detail::freshen(entry->head, outcome->headers, requested, state->options.now());
        state->store->update(entry->path, entry->head);
        co_return state->responseOf(*entry, request.url, CacheUse::Revalidated);
      }
      state->store->remove(entry->path);                 // it is about something else: ask for all of it
      entry.reset();
      validating = false;
      sent = request;
      continue;
    }
    ++state->stats.misses;
    if (outcome) state->keep(request, *outcome, requested);
    co_return outcome;
  }
}

CacheError::CacheError(const std::string& folder, const std::string& reason) : Error("a cache in the folder \"" + folder + "\": " + reason), folder(folder) {}

CacheAgent::CacheAgent(AnyAgent& agent, CacheOptions options) : agent_(agent), state_(std::make_shared<State>(std::move(options))) {}

CacheAgent::~CacheAgent() { state_->closed = true; }

Deferred<Response> CacheAgent::request(Request request) {
  if (detail::mayUseCache(request)) {
    if (!detail::requestControl(request.headers).noStore) return State::answer(&agent_, state_, std::move(request));
  } else if (!detail::isSafe(request.method())) {
    Request kept(request.method(), request.url);
    kept.cookieJar = request.cookieJar;
    return agent_.request(std::move(request)).addCallback([state = state_, kept = std::move(kept)](Response response) {
      if (response.status >= 200 && response.status < 400) state->invalidate(kept, response);
      return response;
    });
  }
  return agent_.request(std::move(request));
}

CacheStats CacheAgent::stats() const {
  CacheStats stats = state_->stats;
  stats.evicted = state_->store->evicted();
  stats.corrupt = state_->store->corrupt();
  stats.writeErrors = state_->store->writeErrors();
  stats.bytes = state_->store->bytes();
  stats.entries = state_->store->entries();
  return stats;
}

}  // namespace weft::http
