// Site: the HTTP server.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/parser.hpp>
#include <weft/http/server/resource.hpp>
#include <weft/net/protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

namespace weft::http {

namespace detail {
class Channel;
}

/// How a Site behaves.
class SiteOptions {
 public:
  Delay headTimeout = 30;                      ///< from a request's first byte (or the connection) to the end of its head: then 408
  Delay bodyTimeout = 60;                      ///< between two pieces of a request's body, and for a client that does not read its answer
  Delay keepAlive = 60;                        ///< how long a connection may wait for its next request
  std::size_t maxBody = 16 * 1024 * 1024;      ///< of a request: then 413
  std::size_t maxConnections = 10000;          ///< more are closed at once
  ParserOptions parser;                        ///< strict; its limits

  SiteOptions& setHeadTimeout(Delay value) { return headTimeout = value, *this; }
  SiteOptions& setBodyTimeout(Delay value) { return bodyTimeout = value, *this; }
  SiteOptions& setKeepAlive(Delay value) { return keepAlive = value, *this; }
  SiteOptions& setMaxBody(std::size_t bytes) { return maxBody = bytes, *this; }
  SiteOptions& setMaxConnections(std::size_t value) { return maxConnections = value, *this; }
};

/// Serves HTTP/1.1 and 1.0: the factory to listen with.
///
///     auto site = std::make_shared<Site>([](Request request) -> Deferred<Response> { co_return Response(200, "hello\n"); });
///     auto port = network.listen(8080, site);
///
/// A connection's requests are handled one after the other, and answered in order, whatever the client pipelines. A request is handed on when all of its body has
/// come. Answers get Date and Content-Length (or chunks, for a Body that is still coming); 204, 304 and answers to HEAD have no body.
///
/// Whatever is no correct request gets its status and the connection is closed: 400 (malformed, no or several Host, conflicting lengths), 408 (too slow), 413, 414,
/// 431 (too large), 501 (unknown method or transfer coding), 505 (version). A handler's error is logged and becomes a 500 that says nothing more.
///
/// Thread: the reactor's. Must be held by a std::shared_ptr: ports and connections hold it.
class Site final : public net::Factory, public std::enable_shared_from_this<Site> {
 public:
  explicit Site(Handler handler, SiteOptions options = SiteOptions());
  /// Serves the tree below `root`; 404 where it leads nowhere.
  explicit Site(std::shared_ptr<Resource> root, SiteOptions options = SiteOptions());
  ~Site() override;

  /// Takes no new requests: closes connections that have none, the others after their answer, and after `grace` in any case. Fires when all are gone. Stop listening first.
  Deferred<> close(Delay grace = 15);

  std::size_t connections() const noexcept { return channels_.size(); }
  std::uint64_t requests() const noexcept { return requests_; }

  std::shared_ptr<net::Protocol> buildProtocol(const net::Address& peer) override;

 private:
  friend class detail::Channel;

  std::string_view date();
  void left(detail::Channel& channel);

  Handler handler_;
  SiteOptions options_;
  std::unordered_set<detail::Channel*> channels_;
  std::string date_;
  std::int64_t dateSecond_ = -1;
  std::uint64_t requests_ = 0;
  Trigger<> gone_;
  DelayedCall graceTimer_;
  bool closing_ = false;
};

}  // namespace weft::http
