#include <weft/crawler/robots/robots_gate.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/http_cache/http_cache_error.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/redirect.hpp>
#include <weft/crawler/warc/warc_error.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/shared_deferred.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <optional>
#include <unordered_map>

namespace weft::crawler {

namespace {

using Rules = std::shared_ptr<const RobotsTxt>;

bool isRedirect(int status) noexcept { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

}  // namespace

// Shared with the fetches, which may outlast the gate.
struct RobotsGate::State {
  struct Site {
    std::optional<SharedDeferred<Rules>> answer;
    double expires = std::numeric_limits<double>::infinity();   // while it is being asked
    Rules known;                                       // what it said last
    std::list<std::string>::iterator place;
  };

  State(Downloader& downloader, Clock& clock, RobotsGateOptions options) : downloader(downloader), clock(clock), options(std::move(options)) {}

  Downloader& downloader;
  Clock& clock;
  const RobotsGateOptions options;
  RobotsGateCounts counts;
  std::unordered_map<std::string, std::shared_ptr<Site>> sites;
  std::list<std::string> order;                        // the origin that was asked about last comes first

  std::shared_ptr<Site> siteOf(const http::Url& url) {
    const auto [found, isNew] = sites.try_emplace(url.origin());
    if (isNew) {
      found->second = std::make_shared<Site>();
      found->second->place = order.insert(order.begin(), found->first);
      const auto site = found->second;
      evict();
      return site;
    }
    order.splice(order.begin(), order, found->second->place);
    return found->second;
  }

  // Sites that are being asked stay. A few at the end are looked at: they are seldom among those.
  void evict() {
    for (int looked = 0; sites.size() > options.maxSites && order.size() > 1 && looked < 8; ++looked) {
      const auto last = sites.find(order.back());
      if (std::isinf(last->second->expires)) {
        order.splice(std::next(order.begin()), order, std::prev(order.end()));
        continue;
      }
      sites.erase(last);
      order.pop_back();
    }
  }

  // Fails when the site cannot be asked.
  static Deferred<Rules> fetch(std::shared_ptr<State> state, http::Url url) {
    const std::string origin = url.origin();
    Failure reason{std::exception_ptr()};
    bool mayPass = true;
    for (int attempt = 0;; ++attempt) {
      http::Url target = url;
      for (int redirects = 0;; ++redirects) {
        Request request(target);
        request.setPriority(1000).setDontFilter().setMeta("truncate_body", std::to_string(RobotsTxt::kMaxSize + 1));
        request.dontRedirect = request.dontRetry = true;   // both are done here
        ++state->counts.requests;
        auto waiting = state->downloader.fetch(std::make_shared<const Request>(std::move(request)));
        Outcome<Response> outcome = co_await waiting.outcome();
        if (!outcome) {
          if (outcome.failure().check<NotInCache, NotInWarc>()) co_return std::make_shared<const RobotsTxt>();       // nobody is asked anything: there is nobody to obey
          if (outcome.failure().check<CancelledError>()) outcome.failure().rethrow();
          reason = outcome.failure();
          mayPass = !retryReason(reason).empty();
          break;
        }
        ++state->counts.responses;
        const Response& response = *outcome;
        if (response.status >= 500) {
          reason = Failure(RobotsUnreachable(target.href(), response.status));
          break;
        }
        if (response.status >= 200 && response.status < 300) {
          const RobotsTxt robots = RobotsTxt::parse(response.body);
          if (robots.truncated()) kRobotsLog.warning("a robots.txt is longer than 500 KiB; what is behind is not read", field("url", target.href()), field("bytes", response.body.size()));
          co_return std::make_shared<const RobotsTxt>(robots.forAgent(state->options.userAgent));
        }
        if (!isRedirect(response.status) || redirects >= state->options.maxRedirects) co_return std::make_shared<const RobotsTxt>();
        const auto location = response.headers.get("Location");
        auto next = location ? http::Url::tryParse(*location, target) : std::nullopt;
        if (!next || !next->isHttp()) co_return std::make_shared<const RobotsTxt>();
        target = std::move(*next);
      }
      if (!mayPass || attempt >= state->options.retries) break;
      auto pause = deferLater(state->clock, std::ldexp(state->options.retryDelay.seconds(), std::min(attempt, 6)));
      co_await pause;
    }
    if (!reason.check<Postponed>()) {
      ++state->counts.unreachable;
      kRobotsLog.warning("a robots.txt cannot be had, so that nothing of its site may be fetched until it can", field("site", origin), field("reason", reason.getErrorMessage()));
    }
    co_return reason;
  }

  static Deferred<Rules> ask(const std::shared_ptr<State>& state, const std::shared_ptr<Site>& site, const http::Url& url) {
    site->expires = std::numeric_limits<double>::infinity();
    auto settled = fetch(state, http::Url::parse("/robots.txt", url)).addBoth([state, weak = std::weak_ptr<Site>(site), url](Outcome<Rules> outcome) -> Outcome<Rules> {
      if (outcome && state->options.onRules) state->options.onRules(url, **outcome);
      const auto site = weak.lock();
      if (!site) return outcome;
      if (outcome) {
        site->known = *outcome;
        site->expires = state->clock.seconds() + state->options.maxAge.seconds();
      } else if (outcome.failure().check<CancelledError, Postponed>()) {
        site->expires = 0;                             // nobody waited any more, or the host is to be left alone: whoever comes next asks again
      } else {
        site->expires = state->clock.seconds() + state->options.unreachableAge.seconds();
        if (site->known) return site->known;
      }
      return outcome;
    });
    site->answer.emplace(std::move(settled));
    return site->answer->get();
  }
};

RobotsGate::RobotsGate(Downloader& downloader, Clock& clock, RobotsGateOptions options) : state_(std::make_shared<State>(downloader, clock, std::move(options))) {}
// Fetches hold the state: they go on for those who wait, and sites and state must not hold each other.
RobotsGate::~RobotsGate() { std::exchange(state_->sites, {}).clear(); }

Deferred<std::shared_ptr<const RobotsTxt>> RobotsGate::rules(const http::Url& url) {
  if (!url.isHttp()) return succeed(Rules(std::make_shared<const RobotsTxt>()));
  const auto site = state_->siteOf(url);
  if (site->answer && state_->clock.seconds() < site->expires) return site->answer->get();
  return State::ask(state_, site, url);
}

std::shared_ptr<const RobotsTxt> RobotsGate::known(const http::Url& url) const {
  const auto found = state_->sites.find(url.origin());
  return found != state_->sites.end() && state_->clock.seconds() < found->second->expires && !std::isinf(found->second->expires) ? found->second->known : nullptr;
}

Deferred<bool> RobotsGate::allowed(const http::Url& url) {
  if (!url.isHttp() || url.target() == "/robots.txt") return succeed(true);
  return rules(url).addBoth([url, state = state_](Outcome<Rules> rules) -> Outcome<bool> {
    if (!rules && rules.failure().check<CancelledError>()) return rules.failure();
    const bool answer = rules && (*rules)->allowed(url, {});
    if (!answer) ++state->counts.forbidden;
    return answer;
  });
}

const RobotsGateCounts& RobotsGate::counts() const noexcept { return state_->counts; }
std::size_t RobotsGate::siteCount() const noexcept { return state_->sites.size(); }

}  // namespace weft::crawler
