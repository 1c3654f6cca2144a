// Pool: making connections, and keeping those that are idle.
#include <weft/http/client/internal/pool.hpp>

#include <weft/http/client/internal/connection.hpp>
#include <weft/http/http2/internal/client_connection.hpp>

#include <utility>

namespace weft::http::detail {

// Over TLS the handshake says whether the server does; without, the user has said so, and no proxy is in between.
bool Pool::maySpeakHttp2(const Host& host) const noexcept { return host.secure ? options_.http2 : options_.http2PriorKnowledge && !host.route.forward; }

bool Pool::wantsHttp2(const Exchange& exchange) const noexcept { return !exchange.needsHttp1 && maySpeakHttp2(*exchange.host); }

Deferred<OpenedConnection> Pool::open(Host& host, bool http2) {
  net::ConnectOptions options;
  options.timeout(options_.connectTimeout).lookupTimeout(options_.dnsTimeout);
  std::optional<net::TlsClientConnectionOptions> tls;
  if (host.secure) {
    std::optional<net::TlsClientContext>& context = http2 ? tlsWithHttp2_ : tls_;
    if (!context) context.emplace(tlsContextFor(options_, http2));
    tls.emplace(net::optionsForClientTLS(host.name, *context));
  }
  auto opening = openConnection(host.route, host.name, host.port, std::move(options), std::move(tls));
  if (http2 && !host.secure) return std::move(opening).addCallback([](OpenedConnection opened) { return opened.http2 = true, std::move(opened); });
  return opening;
}

void Pool::connect(Exchange& exchange) {
  Host& host = *exchange.host;
  ++host.open;
  ++open_;
  ++stats_.connects;
  exchange.facts->timing.queue = clock().now() - exchange.begunAt;
  exchange.state = Exchange::State::Connecting;
  unsettled_.push_back(&exchange);
  Deferred<> connecting = maybeDeferred([&] {
                            if (!host.route.network) host.route = routes_.to(Url(host.key));
                            const bool http2 = wantsHttp2(exchange);
                            if (http2 && !host.learned) host.learning = true;
                            return open(host, http2);
                          })
                              .addCallbacks(
                                  [&exchange](OpenedConnection opened) {
                                    if (exchange.pool)
                                      exchange.pool->connected(exchange, std::move(opened));
                                    else
                                      delete &exchange;
                                  },
                                  [&exchange](Failure failure) {
                                    if (exchange.pool)
                                      exchange.pool->connectFailed(exchange, std::move(failure));
                                    else
                                      delete &exchange;
                                  });
  if (connecting.called()) return;                                         // the exchange may be gone
  exchange.pending = std::move(connecting);
}

void Pool::connected(Exchange& exchange, OpenedConnection opened) {
  Host& host = *exchange.host;
  std::erase(unsettled_, &exchange);
  ResponseTiming& timing = exchange.facts->timing;
  timing.dns = opened.dns;
  timing.connect = opened.connect;
  timing.tls = opened.handshake;
  if (opened.tls) {
    ++stats_.handshakes;
    stats_.resumed += opened.tls->resumed();
  }
  const net::Address peer = opened.transport->getPeer();
  std::shared_ptr<PoolConnection> connection;
  if (opened.http2)
    connection = std::make_shared<Http2Connection>(*this, host, peer, std::move(opened.tls));
  else
    connection = std::make_shared<Connection>(*this, host, peer, std::move(opened.tls));
  connection->index = connections_.size();
  connections_.push_back(connection.get());
  if (opened.http2) {
    ++stats_.http2;
    host.shared.push_back(connection.get());
  }
  opened.transport->setProtocol(connection);
  stopLearning(exchange, true);
  takeTurn(host);
  const Watch watch(*this);
  start(exchange, *connection, clock().now());
  if (!watch.destroyed) pump();
}

// Those who wait to know whether the host's connections are shared may go on, the next time it is their turn.
void Pool::stopLearning(const Exchange& exchange, bool learned) {
  if (!wantsHttp2(exchange)) return;
  exchange.host->learning = false;
  if (learned) exchange.host->learned = true;
}

void Pool::connectFailed(Exchange& exchange, Failure failure) {
  Host& host = *exchange.host;
  std::erase(unsettled_, &exchange);
  --host.open;
  --open_;
  stopLearning(exchange, true);                                            // each of the others tries for itself, at once
  auto trigger = std::move(exchange.trigger);
  if (exchange.timer.active()) exchange.timer.cancel();
  delete &exchange;
  giveUpPlace(host);
  pump();
  trigger.errback(std::move(failure));
}

void Pool::released(PoolConnection& connection) {
  Host& host = connection.host();
  // Its own host goes on with it, unless others wait for room.
  if (host.first && !connection.isHttp2() && (!firstTurn_ || firstTurn_ == &host) && !host.first->retried && !closed_) {
    Exchange& exchange = *host.first;
    unlink(exchange);
    if (firstTurn_) {
      popTurn();
      takeTurn(host);
    }
    start(exchange, connection, clock().now());
    return;
  }
  pushIdle(connection);
  if (host.first) takeTurn(host);
  pump();
}

void Pool::roomIn(PoolConnection& connection) {
  takeTurn(connection.host());
  pump();
}

void Pool::removed(PoolConnection& connection) {
  if (connection.isIdle) unlinkIdle(connection);
  connections_[connection.index] = connections_.back();
  connections_[connection.index]->index = connection.index;
  connections_.pop_back();
  Host& host = connection.host();
  std::erase(host.shared, &connection);
  --host.open;
  --open_;
  connection.forgetPool();
  giveUpPlace(host);
  pump();
}

void Pool::giveUpPlace(Host& host) {
  if (host.first)
    takeTurn(host);
  else
    forgetIfUnused(host);
}

void Pool::pushIdle(PoolConnection& connection) {
  connection.isIdle = true;
  connection.setIdle();
  connection.host().idle.push_back(&connection);
  connection.idleNext = nullptr;
  connection.idlePrevious = lastIdle_;
  (lastIdle_ ? lastIdle_->idleNext : longestIdle_) = &connection;
  lastIdle_ = &connection;
}

void Pool::unlinkIdle(PoolConnection& connection) noexcept {
  connection.isIdle = false;
  auto& idle = connection.host().idle;
  if (idle.back() == &connection)
    idle.pop_back();
  else
    std::erase(idle, &connection);
  (connection.idlePrevious ? connection.idlePrevious->idleNext : longestIdle_) = connection.idleNext;
  (connection.idleNext ? connection.idleNext->idlePrevious : lastIdle_) = connection.idlePrevious;
}

void Pool::forgetIfUnused(Host& host) {
  if (host.open != 0 || host.first || host.inTurn || closed_) return;
  if (lastHost_ == &host) lastHost_ = nullptr;
  hosts_.erase(hosts_.find(host.key));
}

}  // namespace weft::http::detail
