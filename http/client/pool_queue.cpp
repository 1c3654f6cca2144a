// Pool: the requests that wait, and whose turn it is.
#include <weft/http/client/internal/pool.hpp>

#include <weft/http/client/internal/pool_connection.hpp>

namespace weft::http::detail {

void Pool::enqueue(Exchange& exchange, bool atFront) {
  Host& host = *exchange.host;
  exchange.next = atFront ? host.first : nullptr;
  exchange.previous = atFront ? nullptr : host.last;
  (exchange.previous ? exchange.previous->next : host.first) = &exchange;
  (exchange.next ? exchange.next->previous : host.last) = &exchange;
}

void Pool::unlink(Exchange& exchange) noexcept {
  Host& host = *exchange.host;
  (exchange.previous ? exchange.previous->next : host.first) = exchange.next;
  (exchange.next ? exchange.next->previous : host.last) = exchange.previous;
  exchange.next = exchange.previous = nullptr;
}

// Puts a host with waiting requests at the end of those who take turns.
void Pool::takeTurn(Host& host) {
  if (host.inTurn || !host.first) return;
  host.inTurn = true;
  host.nextTurn = nullptr;
  (lastTurn_ ? lastTurn_->nextTurn : firstTurn_) = &host;
  lastTurn_ = &host;
}

void Pool::popTurn() noexcept {
  firstTurn_->inTurn = false;
  firstTurn_ = firstTurn_->nextTurn;
  if (!firstTurn_) lastTurn_ = nullptr;
}

// One that can take the request now: a shared one with room, or an idle one. A retried request is not given an idle one: it may be as dead as the first.
PoolConnection* Pool::freeConnection(const Exchange& exchange) const noexcept {
  const Host& host = *exchange.host;
  if (!exchange.needsHttp1)
    for (PoolConnection* connection : host.shared)
      if (connection->hasRoom() && !(exchange.retried && connection->isIdle)) return connection;
  if (exchange.retried) return nullptr;
  for (auto at = host.idle.rbegin(); at != host.idle.rend(); ++at)
    if (!(*at)->isHttp2()) return *at;
  return nullptr;
}

// Could its first request be given a connection, as far as the host goes?
bool Pool::canGoOn(const Host& host) const noexcept {
  if (freeConnection(*host.first)) return true;
  return !(host.learning && wantsHttp2(*host.first)) && (host.open < options_.maxPerHost || !host.idle.empty());
}

// Gives the host's first request a connection. False when there is no room in the whole pool.
bool Pool::giveConnection(Host& host) {
  Exchange& exchange = *host.first;
  if (PoolConnection* connection = freeConnection(exchange)) {
    unlink(exchange);
    start(exchange, *connection, clock().now());
    return true;
  }
  if (host.learning && wantsHttp2(exchange)) return true;                  // its turn comes again when that is known
  if (host.open >= options_.maxPerHost && !host.idle.empty()) host.idle.front()->close();
  if (host.open >= options_.maxPerHost) return true;  // its turn comes again when one of its connections is free
  if (open_ >= options_.maxTotal && longestIdle_) longestIdle_->close();
  if (open_ >= options_.maxTotal) return false;
  unlink(exchange);
  connect(exchange);
  return true;
}

void Pool::pump() {
  if (pumping_ || closed_) return;
  pumping_ = true;
  const Watch watch(*this);                                                // a failed connect fires whoever waits for it
  while (Host* host = firstTurn_) {
    const bool served = host->first == nullptr || giveConnection(*host);
    if (watch.destroyed) return;
    if (!served) break;
    popTurn();
    if (host->first && canGoOn(*host))
      takeTurn(*host);
    else
      forgetIfUnused(*host);
  }
  pumping_ = false;
}

}  // namespace weft::http::detail
