#include <weft/http/client/internal/connection.hpp>

#include <weft/net/error.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

namespace weft::http::detail {
namespace {

// RFC 9112 section 7.1.
void writeChunk(net::Transport& transport, std::string_view bytes) {
  char size[18];
  char* end = std::to_chars(size, size + 16, bytes.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  transport.writeSequence({std::string_view(size, static_cast<std::size_t>(end - size)), bytes, "\r\n"});
}

bool maySendAgain(const Exchange& exchange) noexcept {
  return !exchange.retried && isIdempotent(exchange.request.method()) && exchange.request.isBodyRepeatable();
}

}  // namespace

Connection::Connection(Pool& pool, Host& host, const net::Address& peer, std::shared_ptr<const net::TlsFacts> tls)
    : PoolConnection(pool, host, peer, std::move(tls)), parser_(Parser::Kind::Response, *this, ParserOptions().setLenient(pool.options().lenient)) {}

Connection::~Connection() {
  if (sender_) sender_->stop();
  if (timer_.active()) timer_.cancel();
}

void Connection::start(Exchange& exchange, std::chrono::nanoseconds now) {
  const Request& request = exchange.request;
  exchange_ = &exchange;
  maxBody_ = request.maxBody.value_or(pool_->options().maxBody);
  deadline_ = exchange.deadline;
  totalSeconds_ = request.timeout.value_or(pool_->options().totalTimeout).seconds();
  closeAfter_ = !request.headers.empty() && request.headers.hasToken("Connection", "close");
  startedAt_ = sentAt_ = activeAt_ = now;
  received_ = 0;
  parser_.next(request.method() == "HEAD", request.upgrade);
  const std::string_view head = pool_->headOf(exchange);
  if (request.body.empty())
    transport().write(head);
  else
    transport().writeSequence({head, request.body});
  if (!request.bodySource) return arm();
  chunked_ = !exchange.bodyLength;
  const auto sender = sender_ = std::make_shared<BodySender>(static_cast<BodyOutlet&>(*this), request.bodySource, exchange.bodyLength);
  const bool asks = !request.headers.empty() && request.headers.hasToken("Expect", "100-continue");
  arm();
  sender->start(asks ? std::optional<Delay>(pool_->options().continueTimeout) : std::nullopt);
}

// ---- what comes in

void Connection::dataReceived(std::string_view data) {
  if (!exchange_ && !stream_) {                                            // nobody asked for anything
    abort();
    return;
  }
  activeAt_ = transport().clock().now();
  const bool first = !parser_.started();
  if (first) {
    firstByteAt_ = activeAt_;
    beginRate();
  }
  rateBytes_ += data.size();
  std::size_t used = 0;
  try {
    used = parser_.feed(data);
  } catch (const BodyTooLarge&) {
    broken(Failure());
    return;
  } catch (...) {
    broken(ResponseFailed(url(), Failure()));
    return;
  }
  if (!interims_.empty() && !tellInterims()) return;
  if (parser_.complete()) {
    finished(data.substr(used));
  } else if (exchange_) {
    if (parser_.headComplete())
      deliverHead();
    else if (first)
      arm();
  } else {
    stream_->deliver();
    if (stream_ && stream_->full() && !paused_) {
      paused_ = true;
      transport().pauseReading();
    }
  }
}

void Connection::interimReceived() {
  interims_.emplace_back(parser_.head().status, exchange_->request.onInterim ? std::move(parser_.head().headers) : Headers());
}

// Outside the parser, since who is told may do anything. False: then this exchange is over.
bool Connection::tellInterims() {
  const auto keep = transport().protocol();
  for (auto& [status, headers] : std::exchange(interims_, {})) {
    if (!exchange_) return false;
    ++exchange_->facts->interim;
    try {
      if (const auto callback = exchange_->request.onInterim) callback(status, headers);
    } catch (...) {
      if (exchange_) broken(ResponseFailed(url(), Failure()));
      return false;
    }
    if (const auto sender = sender_; sender && status == 100) sender->goOn();
  }
  return exchange_ != nullptr;
}

void Connection::headReceived() {
  const auto length = parser_.contentLength();
  if (!length) return;
  if (*length > maxBody_) throw BodyTooLarge(exchange_->request.url.href(), maxBody_, *length);
  body_.reserve(static_cast<std::size_t>(std::min(*length, kBelieved)));
}

void Connection::bodyReceived(std::string_view piece) {
  received_ += piece.size();
  if (received_ > maxBody_) throw BodyTooLarge(url(), maxBody_, 0);
  if (stream_)
    stream_->append(piece);
  else
    body_.append(piece);
}

Response Connection::takeResponse() {
  MessageHead& head = parser_.head();
  Response response(head.status);
  response.reason = std::move(head.reason);
  response.minorVersion = head.minorVersion;
  response.headers = std::move(head.headers);
  response.url = std::move(exchange_->request.url);
  response.wasRepaired = parser_.wasRepaired();
  exchange_->facts->timing.firstByte = firstByteAt_ - startedAt_;
  return response;
}

// The head is here, and not all of the body.
void Connection::deliverHead() {
  // Whoever refuses, or answers before it has seen the body that it was asked about, does not want the body.
  if (sender_ && (parser_.head().status >= 300 || !sender_->begun())) stopSending();
  if (!exchange_) return;
  Response response = takeResponse();
  url_ = response.url.href();
  stream_ = new BodyStream(*this, std::exchange(body_, {}), url_);
  if (const auto length = parser_.contentLength()) stream_->expect(*length);
  response.body = Body(stream_);
  facts_ = std::move(exchange_->facts);
  response.setFacts(facts_);
  auto trigger = std::move(exchange_->trigger);
  delete std::exchange(exchange_, nullptr);
  arm();
  trigger.callback(std::move(response));
}

void Connection::finished(std::string_view surplus) {
  if (sender_) stopSending();
  Exchange* exchange = std::exchange(exchange_, nullptr);
  BodyStream* stream = std::exchange(stream_, nullptr);
  const bool reused = served_ > 0;
  ++served_;
  const bool reusable = parser_.keepAlive() && surplus.empty() && !closeAfter_ && transport().buffered() == 0;
  if (exchange) {
    // A server that gave an idle connection up says 408 to nobody in particular; it is no answer to what was sent at the same moment.
    if (parser_.head().status == 408 && reused && !parser_.keepAlive() && maySendAgain(*exchange)) {
      body_.clear();
      Pool& pool = *pool_;
      abort();
      pool.retry(*exchange);
      return;
    }
    if (parser_.head().status == 101) return upgraded(*exchange, surplus);
    exchange_ = exchange;
    Response response = takeResponse();
    exchange_ = nullptr;
    response.body = Body(std::exchange(body_, {}));
    finishFacts(*exchange->facts);
    response.setFacts(std::move(exchange->facts));
    auto trigger = std::move(exchange->trigger);
    delete exchange;
    if (reusable)
      pool_->released(*this);
    else
      abort();
    trigger.callback(std::move(response));
    return;
  }
  if (!stream) return;                                                     // it was given up just now
  finishFacts(*std::exchange(facts_, nullptr));
  if (paused_) {
    paused_ = false;
    transport().resumeReading();
  }
  if (reusable)
    pool_->released(*this);
  else
    abort();
  stream->finish();
  stream->removeReference();
}

// What is known at the end of the body.
void Connection::finishFacts(ResponseFacts& facts) {
  facts.timing.body = activeAt_ - firstByteAt_;
  if (Headers& trailers = parser_.head().trailers; !trailers.empty()) facts.trailers = std::move(trailers);
}

// 101: the connection is the caller's from here on.
void Connection::upgraded(Exchange& exchange, std::string_view surplus) {
  const auto transport = this->transport().shared_from_this();
  const auto keep = transport->protocol();
  exchange_ = &exchange;
  Response response = takeResponse();
  exchange_ = nullptr;
  finishFacts(*exchange.facts);
  exchange.facts->transport = transport;
  response.setFacts(std::move(exchange.facts));
  auto trigger = std::move(exchange.trigger);
  delete &exchange;
  transport->unread(std::string(surplus));
  transport->setProtocol(nullptr);
  leavePool();
  trigger.callback(std::move(response));
}

// ---- the body that is sent

Deferred<> Connection::sendPiece(std::string piece) {
  if (chunked_)
    writeChunk(transport(), piece);
  else
    transport().writeOwned(std::move(piece));
  return transport().drained();
}

void Connection::endPieces() {
  if (chunked_) transport().write("0\r\n\r\n");
}

void Connection::stopSending() noexcept {
  closeAfter_ = true;                                                      // the server may wait for the rest
  std::exchange(sender_, nullptr)->stop();
}

void Connection::bodyMoved() {
  activeAt_ = transport().clock().now();
  arm();
}

void Connection::bodySent() {
  sender_.reset();
  sentAt_ = activeAt_ = transport().clock().now();
  beginRate();
  arm();
}

void Connection::bodyFailed(Failure failure) {
  sender_.reset();
  broken(std::move(failure));
}

// ---- ending

void Connection::leavePool() {
  if (timer_.active()) timer_.cancel();
  const auto sender = std::exchange(sender_, nullptr);
  if (pool_) pool_->removed(*this);
  if (sender) sender->stop();                                              // its source may do anything
}

// Stops whatever it does and closes, at once. Who waits for its exchange or stream is told by the caller.
void Connection::abort() {
  exchange_ = nullptr;
  if (stream_) takeStream()->removeReference();
  if (hasTransport()) transport().abortConnection();
  leavePool();
}

void Connection::close() {
  if (hasTransport()) transport().loseConnection();
  leavePool();
}

void Connection::endAll(const std::function<void(Exchange&)>& end, std::vector<BodyStream*>& bodies) {
  if (exchange_) return end(*exchange_);
  BodyStream* stream = takeStream();
  if (!stream) return close();
  abort();
  bodies.push_back(stream);
}

// The body that it receives, with the connection's reference to it; null if none.
BodyStream* Connection::takeStream() noexcept {
  if (stream_) stream_->sourceGone();
  return std::exchange(stream_, nullptr);
}

void Connection::tell(Exchange* exchange, BodyStream* stream, Failure failure) {
  if (exchange) {
    auto trigger = std::move(exchange->trigger);
    delete exchange;
    trigger.errback(std::move(failure));
  } else if (stream) {
    stream->fail(std::move(failure));
    stream->removeReference();
  }
}

void Connection::broken(Failure failure) {
  Exchange* exchange = std::exchange(exchange_, nullptr);
  BodyStream* stream = takeStream();
  abort();
  tell(exchange, stream, std::move(failure));
}

bool Connection::mayRetry() const noexcept {
  return served_ > 0 && !parser_.started() && maySendAgain(*exchange_);
}

void Connection::connectionLost(const Failure& reason) {
  if (sender_) stopSending();
  if (!exchange_ && !stream_) {
    leavePool();
    return;
  }
  if (exchange_ && !parser_.started()) {
    Exchange* exchange = exchange_;
    const bool again = mayRetry() && pool_;
    exchange_ = nullptr;
    Pool* pool = pool_;
    leavePool();
    if (again)
      pool->retry(*exchange);
    else
      tell(exchange, nullptr, ResponseNeverReceived(exchange->request.url.href(), reason));
    return;
  }
  Failure failure = reason;
  if (reason.check<net::ConnectionDone>()) {
    try {
      parser_.finish();  // a body that lasts until the connection closes
      activeAt_ = pool_->clock().now();
      closeAfter_ = true;
      finished({});
      return;
    } catch (...) {
      failure = Failure();
    }
  }
  broken(ResponseFailed(url(), std::move(failure)));
}

void Connection::bodyWanted() noexcept {
  if (!paused_) return;
  paused_ = false;
  activeAt_ = transport().clock().now();
  beginRate();
  transport().resumeReading();
}

void Connection::bodyAbandoned() noexcept {
  BodyStream* stream = std::exchange(stream_, nullptr);
  abort();
  stream->removeReference();
}

}  // namespace weft::http::detail
