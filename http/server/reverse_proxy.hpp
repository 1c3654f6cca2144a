// ReverseProxy: answers with what another server says.
#pragma once

#include <weft/http/client/agent.hpp>
#include <weft/http/server/handler.hpp>
#include <weft/http/url.hpp>

#include <memory>
#include <string>

namespace weft::http {

/// How a ReverseProxy behaves.
class ReverseProxyOptions {
 public:
  std::string mount;                                     ///< the place of the site that it answers for: "/api". What is behind it in a request's path goes behind the target's
  bool keepHost = false;                                 ///< send the Host that the client asked for, and not the target's
  bool trustForwarded = false;                           ///< keep X-Forwarded-… fields of the request: only behind a proxy that one runs oneself
  std::string name = "weft";                             ///< in the Via field; a request that has passed it already is refused with 508

  ReverseProxyOptions& setMount(std::string path) { return mount = std::move(path), *this; }
  ReverseProxyOptions& setKeepHost(bool value) { return keepHost = value, *this; }
  ReverseProxyOptions& setTrustForwarded(bool value) { return trustForwarded = value, *this; }
  ReverseProxyOptions& setName(std::string value) { return name = std::move(value), *this; }
};

/// Sends requests on to a target and its responses back, bodies streaming both ways with back-pressure. A Handler: for a Site, a route, a host.
///
///     Agent agent(network);
///     router.any("/api/{rest...}", ReverseProxy(agent, Url("http://127.0.0.1:9000/v1/"), ReverseProxyOptions().setMount("/api")));
///
/// The path is passed on as it was sent, with its escapes: what is one segment here is one segment there, and none leads out of the target's folder. A request that is not below `mount` is a 404. The fields of the connection (RFC 9110 section 7.6.1) are not
/// passed on; Via, X-Forwarded-For, X-Forwarded-Host and X-Forwarded-Proto are added. An Upgrade (WebSocket) is passed on as well: both connections are then joined until one ends.
///
/// A target that cannot be reached or answers nonsense is a 502, one that is too slow a 504; both are logged. A client that goes away ends the request at the target. `agent` must outlive it; give it an
/// Agent without cookies, cache or redirects, whose AgentOptions limit time. Thread: the reactor's.
class ReverseProxy {
 public:
  ReverseProxy(Agent& agent, Url target, ReverseProxyOptions options = ReverseProxyOptions());

  Deferred<Response> operator()(Request request) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace weft::http
