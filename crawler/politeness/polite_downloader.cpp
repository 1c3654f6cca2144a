#include <weft/crawler/politeness/polite_downloader.hpp>

#include <weft/http/client/errors.hpp>
#include <weft/net/address_guard.hpp>
#include <weft/net/error.hpp>

#include <string>
#include <utility>

namespace weft::crawler {

Deferred<Response> PoliteDownloader::fetch(std::shared_ptr<const Request> request) {
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

}  // namespace weft::crawler
