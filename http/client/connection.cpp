#include <weft/http/client/internal/connection.hpp>

#include <weft/net/error.hpp>

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace weft::http::detail {
namespace {

// A body's memory is taken in one piece when its length is known, as far as that is believed before anything has come.
constexpr std::uint64_t kBelieved = 1024 * 1024;

constexpr auto kNever = std::chrono::nanoseconds::max();

std::chrono::nanoseconds later(std::chrono::nanoseconds from, Delay delay) noexcept {
  return delay.value() > kNever - from ? kNever : from + delay.value();
}

}  // namespace

Connection::Connection(Pool& pool, Host& host)
    : pool_(&pool),
      host_(&host),
      parser_(Parser::Kind::Response, *this, ParserOptions().setLenient(pool.options().lenient)) {}

Connection::~Connection() {
  if (timer_.active()) timer_.cancel();
}

void Connection::start(Exchange& exchange) {
  const Request& request = exchange.request;
  exchange_ = &exchange;
  maxBody_ = request.maxBody.value_or(pool_->options().maxBody);
  deadline_ = exchange.deadline;
  totalSeconds_ = request.timeout.value_or(pool_->options().totalTimeout).seconds();
  closeAfter_ = !request.headers.empty() && request.headers.hasToken("Connection", "close");
  sentAt_ = activeAt_ = pool_->clock().now();
  received_ = 0;
  parser_.next(request.method() == "HEAD");
  const std::string_view head = pool_->headOf(request);
  if (request.body.empty())
    transport().write(head);
  else
    transport().writeSequence({head, request.body});
  arm();
}

// ---- what comes in

void Connection::dataReceived(std::string_view data) {
  if (!exchange_ && !stream_) {                                            // nobody asked for anything
    abort();
    return;
  }
  activeAt_ = transport().clock().now();
  std::size_t used = 0;
  try {
    used = parser_.feed(data);
  } catch (const BodyTooLarge&) {
    broken(Failure());
    return;
  } catch (...) {
    broken(ResponseFailed(exchange_ ? exchange_->request.url.href() : url_, Failure()));
    return;
  }
  if (parser_.complete()) {
    finished(used < data.size());
  } else if (exchange_) {
    if (parser_.headComplete()) deliverHead();
  } else {
    stream_->deliver();
    if (stream_ && stream_->full() && !paused_) {
      paused_ = true;
      transport().pauseReading();
    }
  }
}

void Connection::headReceived() {
  const auto length = parser_.contentLength();
  if (!length) return;
  if (*length > maxBody_) throw BodyTooLarge(exchange_->request.url.href(), maxBody_, *length);
  body_.reserve(static_cast<std::size_t>(std::min(*length, kBelieved)));
}

void Connection::bodyReceived(std::string_view piece) {
  received_ += piece.size();
  if (received_ > maxBody_) throw BodyTooLarge(exchange_ ? exchange_->request.url.href() : url_, maxBody_, 0);
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
  return response;
}

// The head is here, and not all of the body.
void Connection::deliverHead() {
  Response response = takeResponse();
  url_ = response.url.href();
  stream_ = new BodyStream(*this, std::exchange(body_, {}), url_);
  if (const auto length = parser_.contentLength()) stream_->expect(*length);
  response.body = Body(stream_);
  auto trigger = std::move(exchange_->trigger);
  delete std::exchange(exchange_, nullptr);
  arm();
  trigger.callback(std::move(response));
}

void Connection::finished(bool surplus) {
  Exchange* exchange = std::exchange(exchange_, nullptr);
  BodyStream* stream = std::exchange(stream_, nullptr);
  const bool reused = served_ > 0;
  ++served_;
  if (exchange) {
    // A server that gave an idle connection up says 408 to nobody in particular; it is no answer to what was sent at the same moment.
    if (parser_.head().status == 408 && reused && !parser_.keepAlive() && !exchange->retried &&
        isIdempotent(exchange->request.method())) {
      body_.clear();
      Pool& pool = *pool_;
      abort();
      pool.retry(*exchange);
      return;
    }
    exchange_ = exchange;
    Response response = takeResponse();
    exchange_ = nullptr;
    response.body = Body(std::exchange(body_, {}));
    auto trigger = std::move(exchange->trigger);
    delete exchange;
    if (parser_.keepAlive() && !surplus && !closeAfter_ && transport().buffered() == 0)
      pool_->released(*this);
    else
      abort();
    trigger.callback(std::move(response));
    return;
  }
  if (paused_) {
    paused_ = false;
    transport().resumeReading();
  }
  if (parser_.keepAlive() && !surplus && !closeAfter_ && transport().buffered() == 0)
    pool_->released(*this);
  else
    abort();
  stream->finish();
  stream->removeReference();
}

// ---- ending

void Connection::leavePool() {
  if (timer_.active()) timer_.cancel();
  if (pool_) pool_->removed(*this);
}

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
  return served_ > 0 && !parser_.started() && !exchange_->retried && isIdempotent(exchange_->request.method());
}

void Connection::connectionLost(const Failure& reason) {
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
      closeAfter_ = true;
      finished(false);
      return;
    } catch (...) {
      failure = Failure();
    }
  }
  broken(ResponseFailed(exchange_ ? exchange_->request.url.href() : url_, std::move(failure)));
}

void Connection::bodyWanted() noexcept {
  if (!paused_) return;
  paused_ = false;
  activeAt_ = transport().clock().now();
  transport().resumeReading();
}

void Connection::bodyAbandoned() noexcept {
  BodyStream* stream = std::exchange(stream_, nullptr);
  abort();
  stream->removeReference();
}

// ---- time: one timer, which looks when the next deadline is due and is never moved while bytes come

void Connection::setIdle() {
  activeAt_ = pool_->clock().now();
  arm();
}

std::chrono::nanoseconds Connection::nextDeadline() const noexcept {
  const AgentOptions& options = pool_->options();
  if (!exchange_ && !stream_) return later(activeAt_, options.keepAlive);
  if (exchange_ && !parser_.started()) return std::min(deadline_, later(sentAt_, options.firstByteTimeout));
  if (paused_) return deadline_;  // it is we who do not read
  return std::min(deadline_, later(activeAt_, options.idleTimeout));
}

void Connection::arm() {
  const auto due = nextDeadline();
  if (timer_.active() && timer_.getTime() <= due) return;
  const auto now = pool_->clock().now();
  const auto left = std::max(due - now, std::chrono::nanoseconds(0));
  if (timer_.active())
    timer_.reset(left);
  else
    timer_ = pool_->clock().callLater(left, [this] { checkTime(); });
}

void Connection::checkTime() {
  const auto now = pool_->clock().now();
  if (now < nextDeadline()) {
    arm();
    return;
  }
  if (!exchange_ && !stream_) {
    close();
    return;
  }
  const AgentOptions& options = pool_->options();
  const std::string url = exchange_ ? exchange_->request.url.href() : url_;
  if (now >= deadline_)
    broken(TotalTimeout(url, totalSeconds_));
  else if (exchange_ && !parser_.started())
    broken(FirstByteTimeout(url, options.firstByteTimeout.seconds()));
  else
    broken(IdleTimeout(url, options.idleTimeout.seconds()));
}

}  // namespace weft::http::detail
