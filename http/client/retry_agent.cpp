#include <weft/http/client/retry_agent.hpp>

#include <weft/defer/defer_later.hpp>
#include <weft/http/client/internal/drain.hpp>
#include <weft/http/client/internal/time_left.hpp>
#include <weft/http/header_values/retry_after.hpp>
#include <weft/http/http2/errors.hpp>
#include <weft/net/digest.hpp>
#include <weft/net/error.hpp>
#include <weft/net/tls/error.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <utility>

namespace weft::http {
namespace {

std::uint64_t unknownSeed() {
  std::uint64_t seed;
  std::memcpy(&seed, net::randomBytes(sizeof seed).data(), sizeof seed);
  return seed;
}

// RFC 9113 section 8.7.
bool wasRefused(const Failure& failure) noexcept {
  const auto* never = failure.as<ResponseNeverReceived>();
  return never && never->reason.check<StreamRefused>();
}

}  // namespace

struct RetryAgent::State {
  explicit State(RetryOptions options) : options(std::move(options)), random(this->options.seed ? *this->options.seed : unknownSeed()) {
    if (!this->options.transient) this->options.transient = isTransient;
  }

  bool mayRepeat(const Request& request, const Outcome<Response>& outcome) const {
    if (!request.isBodyRepeatable()) return false;
    if (outcome) return options.statuses.contains((*outcome).status) && (options.anyMethod || isIdempotent(request.method()));
    const Failure& failure = outcome.failure();
    // Of a request that never left, or with which the server has done nothing, any method may be repeated.
    return options.transient(failure) && (options.anyMethod || isIdempotent(request.method()) || failure.check<net::ConnectError, net::HandshakeTimeout, net::HandshakeAborted>() || wasRefused(failure));
  }

  // Before the next try, when `tries` have failed.
  std::chrono::nanoseconds delay(const Outcome<Response>& outcome, std::size_t tries) {
    const double most = options.maxDelay.seconds();
    const double whole = std::min(most, options.firstDelay.seconds() * std::exp2(static_cast<double>(std::min<std::size_t>(tries, 1000) - 1)));
    const Delay jittered = whole * std::uniform_real_distribution<double>(0.5, 1)(random);
    if (outcome && (*outcome).headers.has("Retry-After")) {
      const Date now = options.now ? options.now() : std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
      const auto asked = parseRetryAfter((*outcome).headers.get("Retry-After", ""), now, std::chrono::floor<std::chrono::seconds>(options.maxRetryAfter.value()));
      if (asked) return std::max<std::chrono::nanoseconds>(*asked, jittered.value());
    }
    return jittered.value();
  }

  static Deferred<Response> attempt(AnyAgent* agent, Clock* clock, std::shared_ptr<State> state, Request request);

  RetryOptions options;
  std::mt19937_64 random;
  bool closed = false;
};

Deferred<Response> RetryAgent::State::attempt(AnyAgent* agent, Clock* clock, std::shared_ptr<State> state, Request request) {
  const RetryOptions& options = state->options;
  const detail::TimeLeft time(*clock, request.timeout.value_or(options.totalTimeout));
  const auto url = [&request] { return request.url.withCredentialsRemoved().href(); };
  std::vector<FailedTry> tries;
  for (;;) {
    if (!time.limit(request)) co_return Failure(time.error(request.url));
    auto pending = agent->request(Request(request));     // a copy: the next try wants it again
    Outcome<Response> outcome = co_await pending.outcome();
    if (outcome && options.wholeBodies && !outcome->body.complete()) {
      auto reading = outcome->body.bytes(request.maxBody.value_or(Body::kUnlimited));
      auto body = co_await reading.outcome();
      if (body)
        outcome->body = Body(std::move(*body));
      else
        outcome = Outcome<Response>(std::move(body.failure()));
    }
    const std::size_t count = tries.size() + 1;
    std::chrono::nanoseconds wait{};
    const bool again = count < options.maxTries && state->mayRepeat(request, outcome) && (wait = state->delay(outcome, count)) < time.left();
    if (!again) {
      if (!outcome) {
        if (tries.empty() || outcome.failure().check<CancelledError>()) co_return time.ofAll(std::move(outcome.failure()));
        co_return Failure(RetriesFailed(url(), time.ofAll(std::move(outcome.failure())), std::move(tries)));
      }
      if (!tries.empty()) outcome->editHistory().tries.insert(outcome->history().tries.begin(), tries.begin(), tries.end());
      co_return outcome;
    }
    tries.emplace_back(request.url, outcome ? outcome->status : 0, outcome ? std::string() : std::string(outcome.failure().what()), std::chrono::duration<double>(wait).count());
    if (outcome) {
      auto drained = detail::drain(std::move(outcome->body), detail::kDrainedBytes, detail::kDrainTime, *clock);
      co_await drained;
    }
    auto slept = deferLater(*clock, wait);
    co_await slept;
    if (state->closed) co_return Failure(AgentClosed(url()));
  }
}

RetriesFailed::RetriesFailed(std::string_view url, Failure reason, std::vector<FailedTry> tries)
    : RequestError(url, "failed " + std::to_string(tries.size() + 1) + " times, the last time: " + reason.what()), reason(std::move(reason)), tries(std::move(tries)) {}

bool isTransient(const Failure& failure) noexcept {
  return failure.check<net::ConnectError, net::HandshakeTimeout, net::HandshakeAborted, FirstByteTimeout, IdleTimeout, ResponseTooSlow, ResponseNeverReceived, ResponseFailed>();
}

RetryAgent::RetryAgent(AnyAgent& agent, Clock& clock, RetryOptions options) : agent_(agent), clock_(clock), state_(std::make_shared<State>(std::move(options))) {}

RetryAgent::~RetryAgent() { state_->closed = true; }

Deferred<Response> RetryAgent::request(Request request) { return State::attempt(&agent_, &clock_, state_, std::move(request)); }

}  // namespace weft::http
