#include <weft/crawler/politeness/polite_downloader.hpp>

#include <weft/defer/defer_later.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/net/address_guard.hpp>
#include <weft/net/error.hpp>

#include <string>
#include <utility>

namespace weft::crawler {

Deferred<Response> PoliteDownloader::fetchNow(std::shared_ptr<const Request> request) {
  const std::string name(Politeness::slotName(*request));
  Slot& asked = politeness_.slot(name);
  if (politeness_.givenUp(asked)) co_return Failure(HostGivenUp(politeness_.givenUpReason(asked)));
  politeness_.asked(asked);
  const Slot::Time begun = politeness_.clock().now();
  auto fetching = downloader_.fetch(request);
  Outcome<Response> outcome = co_await fetching.outcome();
  Slot& slot = politeness_.slot(name);
  if (outcome) {
    Politeness::Answer answer;
    answer.status = outcome->status;
    answer.latency = outcome->downloadLatency >= 0 ? outcome->downloadLatency : static_cast<double>((politeness_.clock().now() - begun).count()) / 1e9;
    answer.retryAfter = outcome->headers.get("Retry-After", "");
    answer.date = outcome->headers.get("Date", "");
    answer.size = outcome->body.size();
    answer.mayAdjustDelay = request->meta("autothrottle_dont_adjust_delay").empty();
    politeness_.answered(slot, begun, answer);
    co_return std::move(*outcome);
  }
  // Only what says that nobody is there counts: a connection that breaks half way has an end that made it.
  if (outcome.failure().check<net::ConnectError, http::FirstByteTimeout>() && !outcome.failure().check<net::AddressRefused>() && politeness_.failed(slot, begun, outcome.failure().what()))
    co_return Failure(HostDown(outcome.failure().what()));
  co_return outcome.failure();
}

Deferred<Response> PoliteDownloader::fetchInTurn(std::shared_ptr<const Request> request) {
  std::string name(Politeness::slotName(*request));
  auto waiting = turn(name);
  co_await waiting;
  auto fetching = fetchNow(std::move(request));
  Outcome<Response> outcome = co_await fetching.outcome();
  ended(name);
  if (!outcome) co_return outcome.failure();
  co_return std::move(*outcome);
}

// Fires when a request to the slot may start, and counts it as started.
Deferred<> PoliteDownloader::turn(std::string name) {
  for (;;) {
    Turns& turns = turns_[name];
    if (turns.inFlight < politeness_.slot(name).concurrency) break;
    Deferred<> place;
    turns.waiting.push_back(place.takeTrigger());
    co_await place;
  }
  ++turns_[name].inFlight;
  for (;;) {
    Slot& slot = politeness_.slot(name);
    const Politeness::Time now = politeness_.clock().now(), at = politeness_.restsUntil(slot);
    if (at <= now) {
      politeness_.started(slot);                       // for the delay; the place in flight is the asking page's
      politeness_.asked(slot);
      politeness_.ended(slot);
      co_return;
    }
    auto pause = deferLater(politeness_.clock(), static_cast<double>((at - now).count()) / 1e9);
    const auto paused = co_await pause.outcome();
    if (!paused) {                                     // cancelled
      ended(name);
      paused.failure().rethrow();
    }
  }
}

void PoliteDownloader::ended(const std::string& name) {
  Turns& turns = turns_[name];
  --turns.inFlight;
  while (!turns.waiting.empty()) {
    Trigger<> next = std::move(turns.waiting.front());
    turns.waiting.pop_front();
    if (!next.active()) continue;                      // cancelled
    next.callback();
    return;
  }
  if (!turns.inFlight) turns_.erase(name);
}

}  // namespace weft::crawler
