#include <weft/http/client/auth_agent.hpp>

#include <weft/http/client/internal/drain.hpp>
#include <weft/http/percent_encoding.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace weft::http {

namespace {
constexpr std::size_t kMostOfUrls = 1000;                // origins whose credentials came with a URL
}  // namespace

struct AuthAgent::State {
  Authenticator added;
  Authenticator ofUrls;

  // Who answers for this URL; null for nobody.
  Authenticator* authenticator(const Url& url) {
    if (added.has(url)) return &added;
    if (!url.hasCredentials()) return ofUrls.has(url) ? &ofUrls : nullptr;
    Credentials credentials(url.origin(), percentDecode(url.username()), percentDecode(url.password()));
    const Credentials* known = ofUrls.find(url);
    if (!known || known->username() != credentials.username() || known->password() != credentials.password()) {
      ofUrls.remove(url);
      if (ofUrls.size() >= kMostOfUrls) ofUrls = Authenticator();
      ofUrls.add(std::move(credentials));
    }
    return &ofUrls;
  }

  static Deferred<Response> authenticate(AnyAgent* agent, Clock* clock, std::shared_ptr<State> state, Request request);
};

Deferred<Response> AuthAgent::State::authenticate(AnyAgent* agent, Clock* clock, std::shared_ptr<State> state, Request request) {
  Request first = request;                               // a challenge may want the body again
  const auto known = state->authenticator(request.url)->authorization(request.url, request.method(), request.url.target());
  if (known) first.setHeader("Authorization", *known);
  auto pending = agent->request(std::move(first));
  auto outcome = co_await pending.outcome();
  if (!outcome) co_return std::move(outcome.failure());
  Response response = std::move(*outcome);
  if (response.status != 401) co_return response;
  Authenticator* authenticator = state->authenticator(request.url);
  const auto challenges = parseChallenges(response.headers.getCombined("WWW-Authenticate"));
  if (!authenticator || !request.isBodyRepeatable() || !authenticator->challenged(request.url, challenges, known.has_value())) co_return response;
  request.setHeader("Authorization", authenticator->authorization(request.url, request.method(), request.url.target()).value());
  auto drained = detail::drain(std::move(response.body), detail::kDrainedBytes, detail::kDrainTime, *clock);
  co_await drained;
  auto second = agent->request(std::move(request));
  co_return co_await second;
}

AuthAgent::AuthAgent(AnyAgent& agent, Clock& clock) : agent_(agent), clock_(clock), state_(std::make_shared<State>()) {}

AuthAgent& AuthAgent::add(Credentials credentials) {
  state_->added.add(std::move(credentials));
  return *this;
}

Deferred<Response> AuthAgent::request(Request request) {
  if (request.headers.has("Authorization")) return agent_.request(std::move(request));
  return maybeDeferred([&] {
    if (!state_->authenticator(request.url)) return agent_.request(std::move(request));
    return State::authenticate(&agent_, &clock_, state_, std::move(request));
  });
}

}  // namespace weft::http
