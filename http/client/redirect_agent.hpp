// RedirectAgent: follows redirects.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/history.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// How far a RedirectAgent goes.
class RedirectOptions {
 public:
  std::size_t maxRedirects = 20;                 ///< of one request: then TooManyRedirects
  std::size_t maxVisits = 2;                     ///< how often one URL may be asked for: sites send there and back to set a cookie. Then RedirectLoop
  std::size_t maxUrlBytes = 32 * 1024;           ///< of a target: then BadRedirect
  Delay totalTimeout = 180;                      ///< of the whole chain, to the end of the last body, unless the request has a timeout of its own: TotalTimeout
  std::size_t maxBodyRead = 64 * 1024;           ///< of a redirect's own body, so that its connection serves again; a larger one costs the connection
  Delay bodyTime = 1;                            ///< likewise
  std::vector<std::string> secretHeaders;        ///< fields that are for the first origin alone, beside those that are so anyway

  RedirectOptions& setMaxRedirects(std::size_t value) { return maxRedirects = value, *this; }
  RedirectOptions& setMaxVisits(std::size_t value) { return maxVisits = value, *this; }
  RedirectOptions& setMaxUrlBytes(std::size_t value) { return maxUrlBytes = value, *this; }
  RedirectOptions& setTotalTimeout(Delay value) { return totalTimeout = value, *this; }
  RedirectOptions& setMaxBodyRead(std::size_t bytes) { return maxBodyRead = bytes, *this; }
  RedirectOptions& setBodyTime(Delay value) { return bodyTime = value, *this; }
  RedirectOptions& addSecretHeader(std::string name) { return secretHeaders.push_back(std::move(name)), *this; }
};

/// A redirect that is not followed. `url` is the one that was redirected.
class RedirectError : public RequestError {
 public:
  RedirectError(std::string_view what, std::vector<Hop> chain, std::string location);
  std::vector<Hop> chain;            ///< all redirects, this one last
  std::string location;              ///< where to, as the server said it; at most 2000 bytes
};
/// A redirect without a Location, or with an empty one.
class RedirectWithNoLocation : public RedirectError {
 public:
  explicit RedirectWithNoLocation(std::vector<Hop> chain);
};
/// Its target is no URL, too long, or neither http nor https; or the request has a body that cannot be sent again.
class BadRedirect : public RedirectError {
 public:
  BadRedirect(std::string_view reason, std::vector<Hop> chain, std::string location);
};
/// More than RedirectOptions allow in a row.
class TooManyRedirects : public RedirectError {
 public:
  TooManyRedirects(std::size_t limit, std::vector<Hop> chain, std::string location);
  std::size_t limit;
};
/// The same was asked for RedirectOptions::maxVisits times already.
class RedirectLoop : public RedirectError {
 public:
  RedirectLoop(std::vector<Hop> chain, std::string location);
};

/// An agent that follows 301, 302, 303, 307 and 308, as browsers do (Fetch standard, "HTTP-redirect fetch"; RFC 9110 section 15.4).
///
///     Agent agent(network);
///     RedirectAgent client(agent, network.clock());
///     Response response = co_await client.get("http://example.com/");
///     response.url;                              // where it ended
///     response.history().redirects;              // and by which way
///
/// Method: 303 makes a GET of everything but HEAD, 301 and 302 make one of POST; the body and the fields that describe it go. 307 and 308 change nothing.
/// Target: resolved against the URL that was redirected; it inherits the fragment unless it has one. Bytes beyond ASCII are taken as they are, percent-encoded.
/// Secrets: Authorization, Cookie, Proxy-Authorization, Host and RedirectOptions::secretHeaders do not go to another origin: another scheme, host or port.
///
/// Errors: those of the inner agent, and RedirectError's. cancel: as that of the inner agent; nothing more is sent.
///
/// The inner agent and the clock must outlive its requests; the RedirectAgent itself need not.
class RedirectAgent final : public AnyAgent {
 public:
  RedirectAgent(AnyAgent& agent, Clock& clock, RedirectOptions options = RedirectOptions());

  Deferred<Response> request(Request request) override;

 private:
  AnyAgent& agent_;
  Clock& clock_;
  std::shared_ptr<const RedirectOptions> options_;       // shared with what is under way
};

/// Is it 301, 302, 303, 307 or 308?
bool isRedirect(int status) noexcept;

}  // namespace weft::http
