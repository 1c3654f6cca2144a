// RetryAgent: tries again.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/dates.hpp>
#include <weft/http/history.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// What a RetryAgent tries again, how often, and when.
class RetryOptions {
 public:
  std::size_t maxTries = 3;                      ///< with the first one
  std::set<int> statuses{408, 429, 500, 502, 503, 504, 522, 524};
  /// Which errors may be gone the next time; isTransient() at first. Called with those of the inner agent.
  std::function<bool(const Failure&)> transient;
  bool anyMethod = false;                        ///< POST and PATCH, too, though the server may have acted on the first
  Delay firstDelay = 0.5;                        ///< before the second try; twice as long before each that follows
  Delay maxDelay = 30;
  Delay maxRetryAfter = 600;                     ///< a Retry-After beyond this counts as this
  Delay totalTimeout = 180;                      ///< of all tries and the waiting, in place of the agent's, unless the request has a timeout of its own
  bool wholeBodies = false;                      ///< read each body to its end before it is given out: one that breaks off is tried again
  std::optional<std::uint64_t> seed;             ///< of the jitter; unless given, one that nobody knows
  std::function<Date()> now;                     ///< the date that Retry-After is measured from; the system's unless something else is given

  RetryOptions& setMaxTries(std::size_t value) { return maxTries = value, *this; }
  RetryOptions& setStatuses(std::set<int> value) { return statuses = std::move(value), *this; }
  RetryOptions& setTransient(std::function<bool(const Failure&)> value) { return transient = std::move(value), *this; }
  RetryOptions& setAnyMethod(bool value) { return anyMethod = value, *this; }
  RetryOptions& setFirstDelay(Delay value) { return firstDelay = value, *this; }
  RetryOptions& setMaxDelay(Delay value) { return maxDelay = value, *this; }
  RetryOptions& setMaxRetryAfter(Delay value) { return maxRetryAfter = value, *this; }
  RetryOptions& setTotalTimeout(Delay value) { return totalTimeout = value, *this; }
  RetryOptions& setWholeBodies(bool value) { return wholeBodies = value, *this; }
  RetryOptions& setSeed(std::uint64_t value) { return seed = value, *this; }
  RetryOptions& setNow(std::function<Date()> value) { return now = std::move(value), *this; }
};

/// A request failed more than once. What was tried before the last try is in `tries`; the last error is `reason`.
class RetriesFailed : public RequestError {
 public:
  RetriesFailed(std::string_view url, Failure reason, std::vector<FailedTry> tries);
  Failure reason;
  std::vector<FailedTry> tries;
};

/// May this error be gone the next time? Errors of connecting and of looking a name up, connections that broke, and timeouts; not a bad certificate, a total timeout, a response
/// that is too large, a request that cannot be sent.
bool isTransient(const Failure& failure) noexcept;

/// An agent that sends a request again when it fails in a way that may pass: with a status of RetryOptions::statuses, or an error that isTransient().
///
///     RetryAgent client(agent, clock, RetryOptions().setMaxTries(5));
///     Response response = co_await client.get(url);
///     response.history().tries;                          // what went wrong before
///
/// Only idempotent methods (RFC 9110 section 9.2.2), unless anyMethod; of others only what failed while connecting, when nothing had been sent yet, and what an HTTP/2 server refused untouched (StreamRefused). Nothing is repeated whose body can be sent once only.
///
/// It waits between tries: half to all of firstDelay at random, then of twice that, and so on; or as long as Retry-After says (RFC 9110 section 10.2.3). It does not begin
/// to wait when the wait would not leave time for a try: then, as after the last try, the response or error that there is is given out.
///
/// Errors: those of the inner agent when there was one try; RetriesFailed after several. cancel: ends the wait or the request under way.
///
/// The inner agent and the clock must outlive its requests; the RetryAgent itself need not: what waits then for its next try fails with AgentClosed.
class RetryAgent final : public AnyAgent {
 public:
  RetryAgent(AnyAgent& agent, Clock& clock, RetryOptions options = RetryOptions());
  ~RetryAgent() override;
  RetryAgent(const RetryAgent&) = delete;
  RetryAgent& operator=(const RetryAgent&) = delete;

  Deferred<Response> request(Request request) override;

 private:
  struct State;
  AnyAgent& agent_;
  Clock& clock_;
  std::shared_ptr<State> state_;         // shared with what is under way
};

}  // namespace weft::http
