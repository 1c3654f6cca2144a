// CookieAgent: keeps cookies.
#pragma once

#include <weft/http/client/agent.hpp>
#include <weft/http/cookies/cookie_jar.hpp>
#include <weft/http/cookies/cookie_jars.hpp>

namespace weft::http {

/// An agent that sends the cookies of a jar along, and puts into it those of every response, whatever its status. RFC 6265bis. Twisted's CookieAgent, for one session or many.
///
///     CookieJar jar;
///     CookieAgent client(agent, jar);
///
///     CookieJars jars;                                   // several sessions
///     CookieAgent client(agent, jars);
///     client.request(Request("GET", url).setCookieJar("alice"));
///
/// A request's own Cookie field is kept and goes first; of the jar those are added whose names it does not have. Put a RedirectAgent around this one, not inside: so each
/// request of the chain gets the cookies that are its own.
///
/// Errors: those of the inner agent; CookieError when there are too many jars, or when a request names one and there is just one.
///
/// The inner agent and the jars must outlive its requests; the CookieAgent itself need not.
class CookieAgent final : public AnyAgent {
 public:
  CookieAgent(AnyAgent& agent, CookieJar& jar) : agent_(agent), jar_(&jar) {}
  CookieAgent(AnyAgent& agent, CookieJars& jars) : agent_(agent), jars_(&jars) {}

  Deferred<Response> request(Request request) override;

 private:
  AnyAgent& agent_;
  CookieJar* jar_ = nullptr;
  CookieJars* jars_ = nullptr;
};

}  // namespace weft::http
