// Site: the HTTP server.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/core/failure.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/http2/options.hpp>
#include <weft/http/parser.hpp>
#include <weft/http/server/access_log.hpp>
#include <weft/http/server/handler.hpp>
#include <weft/http/server/resource.hpp>
#include <weft/http/url.hpp>
#include <weft/net/protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace weft {
class Clock;
}

namespace weft::http {

namespace detail {
class Channel;
class Http2Channel;
class SiteConnection;
}

/// How a Site behaves.
class SiteOptions {
 public:
  Delay headTimeout = 30;                      ///< from a request's first byte (or the connection) to the end of its head: then 408
  Delay bodyTimeout = 60;                      ///< between two pieces of a request's body that is being read: BodyTimeout, 408; and for a client that does not read its answer
  Delay handlerTimeout = 300;                  ///< from the head to the handler's Response: the handler is cancelled, and the client gets 503. 0: as long as it likes
  Delay keepAlive = 60;                        ///< how long a connection may wait for its next request
  double minimumRate = 100;                    ///< bytes per second, over each bodyTimeout, of a body that is read and of an answer that waits for its client. 0: as slow as it likes
  std::size_t maxBody = 16 * 1024 * 1024;      ///< of a request: BodyTooLarge, 413. A handler or a route sets another for itself (Request::maxBody)
  std::size_t maxConnections = 10000;          ///< more are closed at once
  std::size_t maxConnectionsPerAddress = 0;    ///< of one client; 0: as many as there may be. A proxy, or a house behind one address, is one client
  std::string serverName = "weft";             ///< the Server field; empty: none
  ParserOptions parser;                        ///< strict; its limits
  bool http2 = true;                           ///< for clients that begin with it: after ALPN, whose protocols the TLS context names, or by prior knowledge (RFC 9113 section 3)
  Http2Options http2Options;                   ///< the limits of such a connection

  SiteOptions& setHeadTimeout(Delay value) { return headTimeout = value, *this; }
  SiteOptions& setBodyTimeout(Delay value) { return bodyTimeout = value, *this; }
  SiteOptions& setHandlerTimeout(Delay value) { return handlerTimeout = value, *this; }
  SiteOptions& setKeepAlive(Delay value) { return keepAlive = value, *this; }
  SiteOptions& setMinimumRate(double bytesPerSecond) { return minimumRate = bytesPerSecond, *this; }
  SiteOptions& setMaxBody(std::size_t bytes) { return maxBody = bytes, *this; }
  SiteOptions& setMaxConnections(std::size_t value) { return maxConnections = value, *this; }
  SiteOptions& setMaxConnectionsPerAddress(std::size_t value) { return maxConnectionsPerAddress = value, *this; }
  SiteOptions& setServerName(std::string value) { return serverName = std::move(value), *this; }
  SiteOptions& setHttp2(bool value) { return http2 = value, *this; }
  SiteOptions& setHttp2Options(Http2Options value) { return http2Options = value, *this; }
  SiteOptions& setParser(ParserOptions value) { return parser = value, *this; }
  /// Gets an entry for each answer, when it has been sent or its client has gone. See AccessLog for a file of them.
  SiteOptions& setAccessLog(std::function<void(const AccessEntry&)> log) { return accessLog = std::move(log), *this; }
  /// Makes the page for a status that no handler has made: what is no request, an error, nothing there. `failure` is what a handler failed with, or null; a page for the world
  /// says nothing of it. The status and the fields that belong to it stay, whatever the page sets.
  SiteOptions& setErrorPage(std::function<Response(int status, const Failure* failure)> page) { return errorPage = std::move(page), *this; }

  std::function<void(const AccessEntry&)> accessLog;
  std::function<Response(int status, const Failure* failure)> errorPage;
};

/// Serves HTTP/1.1, 1.0 and 2: the factory to listen with.
///
///     auto site = std::make_shared<Site>([](Request request) -> Deferred<Response> { co_return Response(200, "hello\n"); });
///     auto port = network.listen(8080, site);
///
/// A Handler is called when a request's head has come; it reads the body from the Request, whole or in pieces, or not at all. A connection's requests are handled one after the other, and answered in
/// order, whatever the client pipelines. Answers get Date, Server, and Content-Length or chunks; 204, 304 and answers to HEAD have no body.
///
/// Whatever is no correct request gets its status and the connection is closed: 400 (malformed, no or several Host, conflicting lengths), 408 (too slow), 414, 431 (too large), 501 (unknown method
/// or transfer coding), 505 (version). What a handler fails with becomes a status too: a StatusError its own, BodyTooLarge 413, ParseError and JsonError 400, a timeout 503,
/// a FileError of a full disk 507; anything else is logged and becomes a 500 that says nothing more. When a client goes away, its handler is cancelled.
///
/// A body that a handler has left unread is dropped if it is short; else the connection is closed behind the answer.
///
/// Thread: the reactor's. Must be held by a std::shared_ptr: ports and connections hold it.
class Site final : public net::Factory, public std::enable_shared_from_this<Site> {
 public:
  explicit Site(Handler handler, SiteOptions options = SiteOptions());
  /// Serves the tree below `root`; 404 where it leads nowhere.
  explicit Site(std::shared_ptr<Resource> root, SiteOptions options = SiteOptions());
  ~Site() override;

  /// Puts a layer around the handler, inside of those that are there: as of a Router, the first one added is the outermost. Before the first connection.
  Site& use(Layer layer);

  /// Takes no new requests: closes connections that have none, the others after their answer, and after `grace` in any case. Fires when all are gone. Stop listening first.
  /// Connections that have become another protocol's, such as WebSockets, are no longer the site's: whoever serves them closes them.
  Deferred<> close(Delay grace = 15);

  std::size_t connections() const noexcept { return channels_.size(); }
  std::uint64_t requests() const noexcept { return requests_; }
  const SiteOptions& options() const noexcept { return options_; }

  std::shared_ptr<net::Protocol> buildProtocol(const net::Address& peer) override;

  // ---- for whoever carries requests to it: a connection of HTTP/1, a stream of HTTP/2
  /// Calls the handler. What it throws is what the Deferred fails with.
  Deferred<Response> respond(Request&& request) noexcept;
  /// What is sent for a handler's failure; logs what nobody expected. `request`: of what, for the log.
  Response responseFor(const Failure& failure, std::string_view request);
  /// The same where the body of a response failed before any of it was sent: always a page in memory, as another one could fail in its turn, and so on.
  Response responseForBody(const Failure& failure, std::string_view request);
  /// The page for a status.
  Response errorPage(int status, const Failure* failure = nullptr);
  /// "http://host/", as requests with that Host field are of; null if it is no host. Valid until the next call.
  const Url* originOf(std::string_view host, bool tls);
  /// "Date: …\r\nServer: …\r\n"
  std::string_view generalFields(Clock& clock);

 private:
  friend class detail::Channel;
  friend class detail::Http2Channel;

  /// A connection goes on as another one.
  void passOn(detail::SiteConnection& from, detail::SiteConnection& to);
  void left(detail::SiteConnection& connection);
  // Parsers serve whoever has a request: the one used last is in the cache of the processor, and an idle connection has none.
  std::unique_ptr<Parser> takeParser(MessageSink& sink);
  void giveParser(std::unique_ptr<Parser> parser) noexcept;

  Handler handler_;                                      // with all layers
  Handler inner_;                                        // without
  std::vector<Layer> layers_;
  SiteOptions options_;
  std::unordered_set<detail::SiteConnection*> channels_;
  std::map<net::Address, std::size_t> perAddress_;       // filled where there is a limit
  std::string generalFields_;
  std::string originHost_;                               // the last one, and what came of it
  Url origin_;
  bool originTls_ = false;
  std::vector<std::unique_ptr<Parser>> parsers_;         // that nobody uses
  std::string scratch_;                                  // what is being written, between two uses of it
  std::int64_t fieldsSecond_ = -1;
  std::uint64_t requests_ = 0;
  Trigger<> gone_;
  DelayedCall graceTimer_;
  bool closing_ = false;
};

}  // namespace weft::http
