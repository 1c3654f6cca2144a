#include <weft/http/client/redirect_agent.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/client/internal/drain.hpp>
#include <weft/http/client/internal/time_left.hpp>
#include <weft/http/percent_encoding.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace weft::http {
namespace {

constexpr std::size_t kShownLocation = 2000;

std::string counted(std::size_t count, std::string_view thing) { return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s"); }

std::string shownLocation(std::string_view location) { return '"' + weft::detail::printable(location, 200) + '"'; }

// What the method of a request to the target of this redirect is.
std::string_view methodAfter(int status, const std::string& method) noexcept {
  if (status == 303 && method != "HEAD") return "GET";
  if ((status == 301 || status == 302) && method == "POST") return "GET";
  return method;
}

void makeGet(Request& request) {
  request.setMethod("GET");
  request.setBody(std::string());
  for (const char* name : {"Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Location", "Transfer-Encoding", "Expect"}) request.headers.remove(name);
}

void dropSecrets(Headers& headers, const RedirectOptions& options) {
  for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization", "Host"}) headers.remove(name);
  for (const std::string& name : options.secretHeaders) headers.remove(name);
}

// Servers write bytes beyond ASCII into Location as they are; the page that they mean is the one with these bytes.
std::string encoded(std::string_view location) {
  std::string text;
  for (char c : location) {
    if (static_cast<unsigned char>(c) < 0x80)
      text += c;
    else
      appendPercentEncoded(text, std::string_view(&c, 1), PercentEncodeSet::C0Control);
  }
  return text;
}

// Makes of `request` the one that follows this redirect.
void redirect(Request& request, std::string_view location, const RedirectOptions& options, std::vector<Hop>& chain) {
  const int status = chain.back().status;
  std::string shown(location.substr(0, kShownLocation));
  if (location.empty()) throw RedirectWithNoLocation(std::move(chain));
  if (chain.size() > options.maxRedirects) throw TooManyRedirects(options.maxRedirects, std::move(chain), std::move(shown));
  Url target;
  UrlProblem problem{};
  if (!target.assign(encoded(location), &request.url, &problem)) throw BadRedirect(describe(problem), std::move(chain), std::move(shown));
  if (!target.isHttp()) throw BadRedirect("only http and https are followed", std::move(chain), std::move(shown));
  if (target.href().size() > options.maxUrlBytes)
    throw BadRedirect("its URL is over the limit of " + counted(options.maxUrlBytes, "byte"), std::move(chain), std::move(shown));
  if (!target.hasFragment() && request.url.hasFragment()) target.setHash(request.url.fragment());

  if (const std::string_view method = methodAfter(status, request.method()); method != request.method()) makeGet(request);
  if (!request.isBodyRepeatable()) throw BadRedirect("the request's body can be sent once only; see Request::setBodyChunks()", std::move(chain), std::move(shown));
  const auto visits = std::count_if(chain.begin(), chain.end(), [&](const Hop& hop) { return hop.method == request.method() && hop.url.withoutFragment() == target.withoutFragment(); });
  if (static_cast<std::size_t>(visits) >= options.maxVisits) throw RedirectLoop(std::move(chain), std::move(shown));
  if (!request.url.sameOrigin(target)) dropSecrets(request.headers, options);
  request.url = std::move(target);
}

// What came before a response, put before what its own history says.
void prepend(Response& response, std::vector<Hop> chain, std::vector<FailedTry> tries) {
  if (chain.empty()) return;
  History& history = response.editHistory();
  std::move(history.redirects.begin(), history.redirects.end(), std::back_inserter(chain));
  history.redirects = std::move(chain);
  std::move(history.tries.begin(), history.tries.end(), std::back_inserter(tries));
  history.tries = std::move(tries);
}

// A coroutine apart from the agent, which may go while it runs.
Deferred<Response> follow(AnyAgent* agent, Clock* clock, std::shared_ptr<const RedirectOptions> options, Request request) {
  const detail::TimeLeft time(*clock, request.timeout.value_or(options->totalTimeout));
  std::vector<Hop> chain;
  std::vector<FailedTry> tries;
  for (;;) {
    if (!time.limit(request)) co_return Failure(time.error(request.url));
    auto pending = agent->request(Request(request));     // a copy: a redirect may want the body again
    auto outcome = co_await pending.outcome();
    if (!outcome) co_return chain.empty() ? std::move(outcome.failure()) : time.ofAll(std::move(outcome.failure()));
    Response response = std::move(*outcome);
    if (!isRedirect(response.status)) {
      prepend(response, std::move(chain), std::move(tries));
      co_return response;
    }
    chain.emplace_back(request.method(), request.url, response.status);
    const auto& before = response.history().tries;
    tries.insert(tries.end(), before.begin(), before.end());
    redirect(request, trimmed(response.headers.get("Location", "")), *options, chain);
    auto drained = detail::drain(std::move(response.body), options->maxBodyRead, options->bodyTime, *clock);
    co_await drained;
  }
}

}  // namespace

RedirectError::RedirectError(std::string_view what, std::vector<Hop> chain, std::string location)
    : RequestError(chain.back().url.withCredentialsRemoved().href(), what), chain(std::move(chain)), location(std::move(location)) {}

RedirectWithNoLocation::RedirectWithNoLocation(std::vector<Hop> chain)
    : RedirectError("a redirect (" + std::to_string(chain.back().status) + ") without a Location", chain, {}) {}

BadRedirect::BadRedirect(std::string_view reason, std::vector<Hop> chain, std::string location)
    : RedirectError("redirected (" + std::to_string(chain.back().status) + ") to " + shownLocation(location) + ": " + std::string(reason), chain, location) {}

TooManyRedirects::TooManyRedirects(std::size_t limit, std::vector<Hop> chain, std::string location)
    : RedirectError("redirected to " + shownLocation(location) + " after " + counted(limit, "redirect") + ", which is the limit", chain, location), limit(limit) {}

RedirectLoop::RedirectLoop(std::vector<Hop> chain, std::string location)
    : RedirectError("redirected to " + shownLocation(location) + ", where it has been already: a loop", chain, location) {}

bool isRedirect(int status) noexcept { return (status >= 301 && status <= 303) || status == 307 || status == 308; }

RedirectAgent::RedirectAgent(AnyAgent& agent, Clock& clock, RedirectOptions options)
    : agent_(agent), clock_(clock), options_(std::make_shared<const RedirectOptions>(std::move(options))) {}

Deferred<Response> RedirectAgent::request(Request request) { return follow(&agent_, &clock_, options_, std::move(request)); }

}  // namespace weft::http
