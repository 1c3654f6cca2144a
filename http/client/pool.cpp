#include <weft/http/client/internal/pool.hpp>

#include <weft/http/client/internal/connection.hpp>

#include <algorithm>
#include <utility>

namespace weft::http::detail {
namespace {

std::string_view methodThatTakesABody(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH" ? method : "";
}

// "http://host:port", as a view into the URL where it can be one.
std::string_view originOf(const Url& url, std::string& storage) {
  if (url.hasCredentials()) return storage = url.origin();
  const std::string_view authority = url.hostAndPort();
  return {url.href().data(), static_cast<std::size_t>(authority.data() + authority.size() - url.href().data())};
}

}  // namespace

Pool::Pool(net::Network& network, AgentOptions options) : network_(network), options_(std::move(options)) {
  options_.maxPerHost = std::max<std::size_t>(options_.maxPerHost, 1);
  options_.maxTotal = std::max<std::size_t>(options_.maxTotal, 1);
}

Pool::~Pool() {
  if (destroyed_) *destroyed_ = true;
  close();
}

Deferred<Response> Pool::request(Request request) {
  const Url& url = request.url;
  if (url.scheme() != "http") return fail<Response>(UnsupportedScheme(url.href(), url.scheme()));
  if (closed_) return fail<Response>(AgentClosed(url.href()));
  for (const char* name : {"Content-Length", "Transfer-Encoding"})
    if (request.headers.has(name))
      return fail<Response>(HeaderError(name, "the agent writes it itself, from the body"));
  if (request.method() == "CONNECT") return fail<Response>(HeaderError("CONNECT", "an Agent makes no tunnels"));
  auto* exchange = new Exchange;
  exchange->request = std::move(request);
  exchange->pool = this;
  exchange->host = &hostOf(exchange->request.url);
  exchange->deadline = clock().now() + exchange->request.timeout.value_or(options_.totalTimeout).value();
  Deferred<Response> response([exchange] { exchange->pool->cancel(*exchange); });
  exchange->trigger = response.takeTrigger();
  ++stats_.requests;
  submit(*exchange);
  return response;
}

Host& Pool::hostOf(const Url& url) {
  std::string storage;
  const std::string_view key = originOf(url, storage);
  const auto found = hosts_.find(key);
  if (found != hosts_.end()) return found->second;
  Host& host = hosts_[std::string(key)];
  host.key = key;
  host.name = url.host();
  if (host.name.starts_with('[')) host.name = host.name.substr(1, host.name.size() - 2);
  host.port = url.effectivePort();
  return host;
}

void Pool::submit(Exchange& exchange) {
  Host& host = *exchange.host;
  const bool alone = !host.first && (open_ < options_.maxTotal || !firstTurn_);    // nobody is passed over
  if (alone && !exchange.retried && !host.idle.empty()) {
    start(exchange, *host.idle.back());
    return;
  }
  watch(exchange);
  enqueue(exchange, exchange.retried);
  takeTurn(host);
  pump();
}

// While it waits or connects; then its connection watches the time.
void Pool::watch(Exchange& exchange) {
  if (exchange.timer.active()) return;
  const auto left = std::max(exchange.deadline - clock().now(), std::chrono::nanoseconds(0));
  exchange.timer = clock().callLater(left, [&exchange] { exchange.pool->timedOut(exchange); });
}

void Pool::start(Exchange& exchange, Connection& connection) {
  if (connection.isIdle) unlinkIdle(connection);
  if (exchange.timer.active()) exchange.timer.cancel();
  exchange.state = Exchange::State::Sent;
  exchange.connection = &connection;
  if (connection.served()) ++stats_.reused;
  connection.start(exchange);
}

void Pool::connect(Exchange& exchange) {
  Host& host = *exchange.host;
  ++host.open;
  ++open_;
  ++stats_.connects;
  exchange.state = Exchange::State::Connecting;
  connecting_.push_back(&exchange);
  Deferred<> connecting = network_.connect(host.name, host.port, net::ConnectOptions().timeout(options_.connectTimeout))
                              .addCallbacks(
                                  [&exchange](std::shared_ptr<net::Transport> transport) {
                                    if (exchange.pool)
                                      exchange.pool->connected(exchange, std::move(transport));
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
  exchange.connecting = std::move(connecting);
}

void Pool::connected(Exchange& exchange, std::shared_ptr<net::Transport> transport) {
  Host& host = *exchange.host;
  std::erase(connecting_, &exchange);
  auto connection = std::make_shared<Connection>(*this, host);
  connection->index = connections_.size();
  connections_.push_back(connection.get());
  transport->setProtocol(connection);
  start(exchange, *connection);
}

void Pool::connectFailed(Exchange& exchange, Failure failure) {
  Host& host = *exchange.host;
  std::erase(connecting_, &exchange);
  --host.open;
  --open_;
  auto trigger = std::move(exchange.trigger);
  if (exchange.timer.active()) exchange.timer.cancel();
  delete &exchange;
  giveUpPlace(host);
  pump();
  trigger.errback(std::move(failure));
}

// Takes an exchange off wherever it is, so that its place is free; the trigger is what is left of it.
Trigger<Response> Pool::drop(Exchange& exchange) {
  auto trigger = std::move(exchange.trigger);
  if (exchange.timer.active()) exchange.timer.cancel();
  Host& host = *exchange.host;
  switch (exchange.state) {
    case Exchange::State::Waiting:
      unlink(exchange);
      delete &exchange;
      forgetIfUnused(host);
      break;
    case Exchange::State::Connecting: {
      std::erase(connecting_, &exchange);
      --host.open;
      --open_;
      exchange.state = Exchange::State::Dropped;
      exchange.pool = nullptr;  // the connect's callback, which still comes, deletes it
      Deferred<> connecting = std::move(exchange.connecting);
      connecting.cancel();
      connecting.detach();
      giveUpPlace(host);
      break;
    }
    case Exchange::State::Sent: {
      Connection& connection = *exchange.connection;
      connection.abort();
      delete &exchange;
      break;
    }
    case Exchange::State::Dropped: break;
  }
  return trigger;
}

void Pool::cancel(Exchange& exchange) {
  auto trigger = drop(exchange);
  pump();
  trigger.errback(CancelledError());
}

void Pool::timedOut(Exchange& exchange) {
  TotalTimeout timeout(exchange.request.url.href(), exchange.request.timeout.value_or(options_.totalTimeout).seconds());
  auto trigger = drop(exchange);
  pump();
  trigger.errback(std::move(timeout));
}

void Pool::retry(Exchange& exchange) {
  ++stats_.retries;
  exchange.retried = true;
  exchange.host = &hostOf(exchange.request.url);  // it may have gone with the connection
  exchange.state = Exchange::State::Waiting;
  exchange.connection = nullptr;
  submit(exchange);
}

void Pool::close() {
  closed_ = true;
  std::vector<std::pair<Trigger<Response>, std::string>> ended;
  const auto end = [&](Exchange& exchange) {
    std::string url = exchange.request.url.href();
    auto trigger = drop(exchange);
    ended.emplace_back(std::move(trigger), std::move(url));
  };
  pumping_ = true;  // nothing new begins meanwhile
  for (auto at = hosts_.begin(); at != hosts_.end();) {
    Host& host = at->second;
    ++at;  // the host may go with its last request
    for (Exchange* exchange = host.first; exchange;) end(*std::exchange(exchange, exchange->next));
  }
  while (!connecting_.empty()) end(*connecting_.back());
  std::vector<std::shared_ptr<net::Protocol>> kept;
  std::vector<BodyStream*> streams;
  while (!connections_.empty()) {
    Connection& connection = *connections_.back();
    kept.push_back(connection.transport().protocol());
    if (Exchange* exchange = connection.exchange()) {
      end(*exchange);
    } else if (BodyStream* stream = connection.takeStream()) {
      connection.abort();
      streams.push_back(stream);
    } else {
      closeIdle(connection);
    }
  }
  firstTurn_ = lastTurn_ = nullptr;
  hosts_.clear();
  pumping_ = false;
  // Firing comes last: whoever is fired may destroy this.
  for (auto& [trigger, url] : ended) trigger.errback(AgentClosed(url));
  for (BodyStream* stream : streams) {
    stream->fail(AgentClosed("a body"));
    stream->removeReference();
  }
}

AgentStats Pool::stats() const {
  AgentStats stats = stats_;
  stats.open = open_;
  for (const auto& [key, host] : hosts_) {
    stats.idle += host.idle.size();
    for (const Exchange* exchange = host.first; exchange; exchange = exchange->next) ++stats.waiting;
  }
  return stats;
}

// ---- connections that come free

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
    start(exchange, connection);
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
  if (host.open == 0 && !host.first && !host.inTurn && !closed_) hosts_.erase(hosts_.find(host.key));
}

// ---- the queue

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
    start(exchange, *host.idle.back());
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

// ---- what is sent

std::string_view Pool::headOf(const Request& request) {
  std::string& text = head_;
  const Headers& headers = request.headers;
  text.assign(request.method());
  text.append(" ").append(request.url.target()).append(" HTTP/1.1\r\n");
  if (headers.empty() || !headers.has("Host")) text.append("Host: ").append(request.url.hostAndPort()).append("\r\n");
  if (!options_.userAgent.empty() && (headers.empty() || !headers.has("User-Agent")))
    text.append("User-Agent: ").append(options_.userAgent).append("\r\n");
  text.append(headers.wire());
  if (!request.body.empty() || !methodThatTakesABody(request.method()).empty())
    text.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  return text.append("\r\n");
}

}  // namespace weft::http::detail
