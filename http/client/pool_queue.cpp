// Pool: the requests that wait, and whose turn it is.
#include <weft/http/client/internal/pool.hpp>

#include <weft/http/client/internal/connection.hpp>

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

// Gives the host's first request a connection. False when there is no room in the whole pool.
bool Pool::giveConnection(Host& host) {
  Exchange& exchange = *host.first;
  if (!exchange.retried && !host.idle.empty()) {
    unlink(exchange);
    start(exchange, *host.idle.back(), clock().now());
    return true;
  }
  // A retried request gets a new connection: the idle ones may be as dead as the first.
  if (host.open >= options_.maxPerHost && !host.idle.empty()) closeIdle(*host.idle.front());
  if (host.open >= options_.maxPerHost) return true;  // its turn comes again when one of its connections is free
  if (open_ >= options_.maxTotal && longestIdle_) closeIdle(*longestIdle_);
  if (open_ >= options_.maxTotal) return false;
  unlink(exchange);
  connect(exchange);
  return true;
}

void Pool::pump() {
  if (pumping_ || closed_) return;
  pumping_ = true;
  bool destroyed = false;  // by whoever a failed connect fired
  destroyed_ = &destroyed;
  while (Host* host = firstTurn_) {
    const bool served = host->first == nullptr || giveConnection(*host);
    if (destroyed) return;
    if (!served) break;
    popTurn();
    if (host->first && (host->open < options_.maxPerHost || !host->idle.empty()))
      takeTurn(*host);
    else
      forgetIfUnused(*host);
  }
  destroyed_ = nullptr;
  pumping_ = false;
}

}  // namespace weft::http::detail
