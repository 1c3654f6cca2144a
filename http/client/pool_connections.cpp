// Pool: making connections, and keeping those that are idle.
#include <weft/http/client/internal/pool.hpp>

#include <weft/http/client/internal/connection.hpp>

#include <utility>

namespace weft::http::detail {

Deferred<OpenedConnection> Pool::open(Host& host) {
  if (!host.route.network) host.route = routes_.to(Url(host.key));
  net::ConnectOptions options;
  options.timeout(options_.connectTimeout).lookupTimeout(options_.dnsTimeout);
  std::optional<net::TlsClientConnectionOptions> tls;
  if (host.secure) {
    if (!tls_) tls_.emplace(tlsContextFor(options_));
    tls.emplace(net::optionsForClientTLS(host.name, *tls_));
  }
  return openConnection(host.route, host.name, host.port, std::move(options), std::move(tls));
}

void Pool::connect(Exchange& exchange) {
  Host& host = *exchange.host;
  ++host.open;
  ++open_;
  ++stats_.connects;
  exchange.facts->timing.queue = clock().now() - exchange.begunAt;
  exchange.state = Exchange::State::Connecting;
  unsettled_.push_back(&exchange);
  Deferred<> connecting = maybeDeferred([&] { return open(host); })
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
  auto connection = std::make_shared<Connection>(*this, host, opened.transport->getPeer(), std::move(opened.tls));
  connection->index = connections_.size();
  connections_.push_back(connection.get());
  opened.transport->setProtocol(connection);
  start(exchange, *connection, clock().now());
}

void Pool::connectFailed(Exchange& exchange, Failure failure) {
  Host& host = *exchange.host;
  std::erase(unsettled_, &exchange);
  --host.open;
  --open_;
  auto trigger = std::move(exchange.trigger);
  if (exchange.timer.active()) exchange.timer.cancel();
  delete &exchange;
  giveUpPlace(host);
  pump();
  trigger.errback(std::move(failure));
}

void Pool::released(Connection& connection) {
  Host& host = connection.host();
  // Its own host goes on with it, unless others wait for room.
  if (host.first && (!firstTurn_ || firstTurn_ == &host) && !host.first->retried && !closed_) {
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

void Pool::removed(Connection& connection) {
  if (connection.isIdle) unlinkIdle(connection);
  connections_[connection.index] = connections_.back();
  connections_[connection.index]->index = connection.index;
  connections_.pop_back();
  Host& host = connection.host();
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

void Pool::pushIdle(Connection& connection) {
  connection.isIdle = true;
  connection.setIdle();
  connection.host().idle.push_back(&connection);
  connection.idleNext = nullptr;
  connection.idlePrevious = lastIdle_;
  (lastIdle_ ? lastIdle_->idleNext : longestIdle_) = &connection;
  lastIdle_ = &connection;
}

void Pool::unlinkIdle(Connection& connection) noexcept {
  connection.isIdle = false;
  auto& idle = connection.host().idle;
  if (idle.back() == &connection)
    idle.pop_back();
  else
    std::erase(idle, &connection);
  (connection.idlePrevious ? connection.idlePrevious->idleNext : longestIdle_) = connection.idleNext;
  (connection.idleNext ? connection.idleNext->idlePrevious : lastIdle_) = connection.idlePrevious;
}

void Pool::closeIdle(Connection& connection) { connection.close(); }

void Pool::forgetIfUnused(Host& host) {
  if (host.open != 0 || host.first || host.inTurn || closed_) return;
  if (lastHost_ == &host) lastHost_ = nullptr;
  hosts_.erase(hosts_.find(host.key));
}

}  // namespace weft::http::detail
