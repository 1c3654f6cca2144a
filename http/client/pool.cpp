#include <weft/http/client/internal/pool.hpp>

#include <weft/http/client/internal/pool_connection.hpp>
#include <weft/http/internal/body_stream.hpp>
#include <weft/http/internal/framing.hpp>

#include <algorithm>
#include <utility>

namespace weft::http::detail {
namespace {

// A larger body is written piece by piece, so that no second copy of it waits in the transport.
constexpr std::size_t kLargeBody = 256 * 1024;

bool expectsContinue(const Headers& headers) noexcept { return !headers.empty() && headers.hasToken("Expect", "100-continue"); }

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
  if (!options_.userAgent.empty()) userAgentField_ = Headers{{"User-Agent", options_.userAgent}}.wire();      // throws what must not be sent
}

Pool::~Pool() {
  if (watch_) watch_->destroyed = true;
  close();
}

Deferred<Response> Pool::request(Request&& request) {
  const Url& url = request.url;
  if (url.scheme() != "http" && url.scheme() != "https") return fail<Response>(UnsupportedScheme(url.href(), url.scheme()));
  if (closed_) return fail<Response>(AgentClosed(url.href()));
  if (!request.headers.empty())
    for (const char* name : {"Content-Length", "Transfer-Encoding"})
      if (request.headers.has(name)) return fail<Response>(HeaderError(name, "the agent writes it itself, from the body"));
  if (request.method() == "CONNECT") return fail<Response>(HeaderError("CONNECT", "an Agent makes no tunnels"));
  auto* exchange = new Exchange(std::move(request));
  exchange->pool = this;
  exchange->needsHttp1 = exchange->request.upgrade;                        // RFC 9113 section 8.6
  exchange->facts = makeFacts();
  exchange->begunAt = clock().now();
  exchange->deadline = exchange->begunAt + exchange->request.timeout.value_or(options_.totalTimeout).value();
  Deferred<Response> response([exchange] { exchange->pool->cancel(*exchange); });
  exchange->trigger = response.takeTrigger();
  ++stats_.requests;
  if (exchange->request.hasBody())
    openBody(*exchange);
  else
    submit(*exchange, exchange->begunAt);
  return response;
}

// A body in memory is sent with the head, in one piece, unless it is large or the server is asked first.
void Pool::openBody(Exchange& exchange) {
  Request& request = exchange.request;
  if (!request.bodySource) {
    if (request.body.size() <= kLargeBody && !expectsContinue(request.headers)) return submit(exchange, exchange.begunAt);
    request.setBody(bytesBody(std::move(request.body)));
  }
  exchange.state = Exchange::State::Opening;
  unsettled_.push_back(&exchange);
  watch(exchange);
  Deferred<> opening = maybeDeferred([&] { return request.bodySource->open(); })
                           .addCallbacks(
                               [&exchange](BodySource::Length length) {
                                 if (exchange.pool)
                                   exchange.pool->bodyOpened(exchange, length);
                                 else
                                   delete &exchange;
                               },
                               [&exchange](Failure failure) {
                                 if (exchange.pool)
                                   exchange.pool->bodyFailed(exchange, std::move(failure));
                                 else
                                   delete &exchange;
                               });
  if (opening.called()) return;                                            // the exchange may be gone
  exchange.pending = std::move(opening);
}

void Pool::bodyOpened(Exchange& exchange, BodySource::Length length) {
  std::erase(unsettled_, &exchange);
  exchange.bodyLength = length;
  submit(exchange, clock().now());
}

void Pool::bodyFailed(Exchange& exchange, Failure failure) {
  std::erase(unsettled_, &exchange);
  RequestBodyFailed error(exchange.request.url.href(), std::move(failure));
  auto trigger = std::move(exchange.trigger);
  if (exchange.timer.active()) exchange.timer.cancel();
  delete &exchange;
  trigger.errback(std::move(error));
}

Host& Pool::hostOf(const Url& url) {
  std::string storage;
  const std::string_view key = originOf(url, storage);
  if (lastHost_ && lastHost_->key == key) return *lastHost_;
  const auto found = hosts_.find(key);
  if (found != hosts_.end()) return *(lastHost_ = &found->second);
  Host& host = *(lastHost_ = &hosts_[std::string(key)]);
  host.key = key;
  host.name = url.host();
  if (host.name.starts_with('[')) host.name = host.name.substr(1, host.name.size() - 2);
  host.port = url.effectivePort();
  host.secure = url.scheme() == "https";
  host.usualFields.append("Host: ").append(url.hostAndPort()).append("\r\n").append(userAgentField_);
  return host;
}

void Pool::submit(Exchange& exchange, std::chrono::nanoseconds now) {
  Host& host = hostOf(exchange.request.url);
  exchange.host = &host;
  exchange.state = Exchange::State::Waiting;
  const bool alone = !host.first && (open_ < options_.maxTotal || !firstTurn_);    // nobody is passed over
  if (alone && !exchange.retried && exchange.refusals == 0) {
    if (PoolConnection* connection = freeConnection(exchange)) return start(exchange, *connection, now);
  }
  watch(exchange);
  enqueue(exchange, exchange.retried || exchange.refusals > 0);
  takeTurn(host);
  pump();
}

// While it waits or connects; then its connection watches the time.
void Pool::watch(Exchange& exchange) {
  if (exchange.timer.active()) return;
  const auto left = std::max(exchange.deadline - clock().now(), std::chrono::nanoseconds(0));
  exchange.timer = clock().callLater(left, [&exchange] { exchange.pool->timedOut(exchange); });
}

void Pool::start(Exchange& exchange, PoolConnection& connection, std::chrono::nanoseconds now) {
  if (connection.isIdle) unlinkIdle(connection);
  if (exchange.timer.active()) exchange.timer.cancel();
  exchange.state = Exchange::State::Sent;
  exchange.connection = &connection;
  ResponseFacts& facts = *exchange.facts;
  facts.reused = connection.served();
  facts.peer = connection.peer();
  facts.tls = connection.tls();
  if (facts.reused) {
    ++stats_.reused;
    facts.timing.queue = now - exchange.begunAt;
  }
  connection.start(exchange, now);
}

// Takes an exchange off wherever it is, so that its place is free; the trigger is what is left of it.
Trigger<Response> Pool::drop(Exchange& exchange) {
  auto trigger = std::move(exchange.trigger);
  if (exchange.timer.active()) exchange.timer.cancel();
  switch (exchange.state) {
    case Exchange::State::Waiting: {
      Host& host = *exchange.host;
      unlink(exchange);
      delete &exchange;
      forgetIfUnused(host);
      break;
    }
    case Exchange::State::Opening: giveUp(exchange); break;
    case Exchange::State::Connecting: {
      Host& host = *exchange.host;
      --host.open;
      --open_;
      stopLearning(exchange, false);
      giveUp(exchange);
      giveUpPlace(host);
      break;
    }
    case Exchange::State::Sent: {
      exchange.connection->drop(exchange);
      delete &exchange;
      break;
    }
    case Exchange::State::Dropped: break;
  }
  return trigger;
}

// What it waits for is cancelled, and its callback, which still comes, deletes it.
void Pool::giveUp(Exchange& exchange) {
  std::erase(unsettled_, &exchange);
  exchange.state = Exchange::State::Dropped;
  exchange.pool = nullptr;
  Deferred<> pending = std::move(exchange.pending);
  pending.cancel();
  pending.detach();
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
  exchange.connection = nullptr;
  submit(exchange, clock().now());
}

void Pool::again(Exchange& exchange) {
  ++stats_.retries;
  ++exchange.refusals;
  exchange.connection = nullptr;
  submit(exchange, clock().now());
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
  while (!unsettled_.empty()) end(*unsettled_.back());
  std::vector<std::shared_ptr<net::Protocol>> kept;
  std::vector<BodyStream*> streams;
  while (!connections_.empty()) {
    PoolConnection& connection = *connections_.back();
    kept.push_back(connection.transport().protocol());
    connection.endAll(end, streams);
  }
  firstTurn_ = lastTurn_ = nullptr;
  hosts_.clear();
  lastHost_ = nullptr;
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

// ---- what is sent

std::string_view Pool::headOf(const Exchange& exchange) {
  const Request& request = exchange.request;
  std::string& text = head_;
  const Headers& headers = request.headers;
  text.assign(request.method());
  text.append(" ");
  const HttpProxy* const proxy = exchange.host->route.forward;
  if (proxy) [[unlikely]] text.append("http://").append(request.url.hostAndPort());
  text.append(request.url.target()).append(" HTTP/1.1\r\n");
  if (proxy) [[unlikely]] {
    for (const HeaderField field : proxy->headers())
      if (!headers.has(field.name)) text.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (headers.empty()) {
    text.append(exchange.host->usualFields);
  } else {
    if (!headers.has("Host")) text.append("Host: ").append(request.url.hostAndPort()).append("\r\n");
    if (!headers.has("User-Agent")) text.append(userAgentField_);
    text.append(headers.wire());
  }
  if (request.bodySource && !exchange.bodyLength)
    text.append("Transfer-Encoding: chunked\r\n");
  else if (request.hasBody() || takesABody(request.method()))
    text.append("Content-Length: ").append(std::to_string(exchange.bodyLength.value_or(request.body.size()))).append("\r\n");
  return text.append("\r\n");
}

}  // namespace weft::http::detail
