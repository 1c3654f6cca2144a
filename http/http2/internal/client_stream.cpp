#include <weft/http/http2/internal/client_stream.hpp>

#include <weft/http/http2/internal/client_connection.hpp>
#include <weft/http/parser.hpp>
#include <weft/net/error.hpp>

#include <algorithm>
#include <utility>

namespace weft::http::detail {
namespace {

constexpr std::uint8_t kMostRefusals = 5;              // then a server that does nothing with a request is believed

bool asksFirst(const Request& request) noexcept { return !request.headers.empty() && request.headers.hasToken("Expect", "100-continue"); }

}  // namespace

ClientStream::ClientStream(Http2Connection& connection, Exchange& exchange, std::chrono::nanoseconds now)
    : connection_(&connection),
      exchange_(&exchange),
      maxBody_(exchange.request.maxBody.value_or(connection.pool()->options().maxBody)),
      totalSeconds_(exchange.request.timeout.value_or(connection.pool()->options().totalTimeout).seconds()),
      startedAt_(now),
      sentAt_(now),
      activeAt_(now),
      deadline_(exchange.deadline) {}

ClientStream::~ClientStream() {
  if (sender_) sender_->stop();
  if (timer_.active()) timer_.cancel();
}

void ClientStream::begin() {
  Request& request = exchange_->request;
  if (request.bodySource) {
    const auto self = shared_from_this();
    const auto sender = sender_ = std::make_shared<BodySender>(static_cast<BodyOutlet&>(*this), request.bodySource, exchange_->bodyLength);
    arm();
    return sender->start(asksFirst(request) ? std::optional<Delay>(connection_->pool()->options().continueTimeout) : std::nullopt);
  }
  if (!request.body.empty()) {
    Session& session = connection_->session();
    session.send(*this, request.body);                                     // a copy: it may have to be sent again
    session.end(*this);
  }
  arm();
}

// ---- what comes: noted, and told by settle()

void ClientStream::headReceived(Session::Part part) {
  activeAt_ = connection_->activeAt();
  if (!std::exchange(started_, true)) {
    firstByteAt_ = activeAt_;
    beginRate();
  }
  rateBytes_ += head().bytes;
  const auto refuse = [this](ParseProblem problem) {
    if (!failure_) failure_.emplace(ResponseFailed(url(), ParseError("a response of HTTP/2", problem, 0)));
  };
  if (head().tooLarge) return refuse(head().count > connection_->pool()->options().http2Options.maxHeaders ? ParseProblem::TooManyHeaders : ParseProblem::HeadersTooLarge);
  switch (part) {
    case Session::Part::Interim:
      if (++interimCount_ > ParserOptions().maxInterim) return refuse(ParseProblem::TooManyInterim);
      if (exchange_) interims_.emplace_back(head().status, exchange_->request.onInterim ? std::move(head().fields) : Headers());
      return;
    case Session::Part::Trailers: trailers_ = std::move(head().fields); return;
    default: break;
  }
  status_ = head().status;
  fields_ = std::move(head().fields);
}

void ClientStream::dataReceived(std::string_view data) {
  activeAt_ = connection_->activeAt();
  rateBytes_ += data.size();
  received_ += data.size();
  if (failure_) return;
  if (received_ > maxBody_)
    failure_.emplace(BodyTooLarge(url(), maxBody_, 0));
  else if (body_)
    body_->append(data);
  else
    begun_.append(data);
}

void ClientStream::closed(Http2Code code, bool byPeer) noexcept {
  closed_ = true;
  code_ = code;
  closedByPeer_ = byPeer;
}

// ---- telling it

void ClientStream::settle() {
  if (!connection_) return;
  const auto self = shared_from_this();
  if (!interims_.empty() && !tellInterims()) return;
  if (failure_) return broken(std::move(*failure_));
  if (ended_ && status_ != 0) return finished();
  if (closed_) return closedEarly();
  if (exchange_ && status_ != 0)
    deliverHead();
  else if (body_)
    deliverBody();
  else if (exchange_)
    arm();
}

bool ClientStream::tellInterims() {
  for (auto& [status, headers] : std::exchange(interims_, {})) {
    if (!exchange_) return connection_ != nullptr;
    ++exchange_->facts->interim;
    try {
      if (const auto callback = exchange_->request.onInterim) callback(status, headers);
    } catch (...) {
      if (exchange_) broken(ResponseFailed(url(), Failure()));
      return false;
    }
    if (const auto sender = sender_; sender && status == 100) sender->goOn();
    if (!connection_) return false;
  }
  return true;
}

Response ClientStream::takeResponse() {
  Response response(status_);
  response.majorVersion = 2;
  response.minorVersion = 0;
  response.headers = std::move(fields_);
  response.url = std::move(exchange_->request.url);
  exchange_->facts->timing.firstByte = firstByteAt_ - startedAt_;
  return response;
}

// The head is here, and not all of the body.
void ClientStream::deliverHead() {
  if (sender_ && (status_ >= 300 || !sender_->begun())) stopSending();
  const bool bodiless = exchange_->request.method() == "HEAD" || status_ == 204 || status_ == 304;
  std::optional<std::uint64_t> length;
  Response response = takeResponse();
  url_ = response.url.href();
  if (!bodiless) length = response.contentLength();
  if (length && *length > maxBody_) {
    Exchange* exchange = std::exchange(exchange_, nullptr);
    leave();
    return tell(exchange, nullptr, BodyTooLarge(url_, maxBody_, *length));
  }
  body_ = new BodyStream(*this, std::exchange(begun_, {}), url_);
  if (length) {
    body_->expect(*length);
    body_->buffer().reserve(static_cast<std::size_t>(std::min(*length, kBelieved)));
  }
  response.body = Body(body_);
  facts_ = std::move(exchange_->facts);
  response.setFacts(facts_);
  auto trigger = std::move(exchange_->trigger);
  delete std::exchange(exchange_, nullptr);
  paused_ = body_->full();
  if (!paused_) connection_->session().consumed(*this);
  arm();
  trigger.callback(std::move(response));
}

void ClientStream::deliverBody() {
  body_->deliver();
  if (!body_ || !connection_) return;
  paused_ = body_->full();
  if (!paused_) connection_->session().consumed(*this);
}

void ClientStream::finished() {
  if (sender_) stopSending();
  Exchange* exchange = exchange_;
  BodyStream* body = std::exchange(body_, nullptr);
  if (exchange) {
    Response response = takeResponse();
    exchange_ = nullptr;
    response.body = Body(std::exchange(begun_, {}));
    finishFacts(*exchange->facts);
    response.setFacts(std::move(exchange->facts));
    auto trigger = std::move(exchange->trigger);
    delete exchange;
    leave();
    trigger.callback(std::move(response));
  } else if (body) {
    finishFacts(*std::exchange(facts_, nullptr));
    leave();
    body->finish();
    body->removeReference();
  } else {
    leave();
  }
}

void ClientStream::finishFacts(ResponseFacts& facts) {
  facts.timing.body = activeAt_ - firstByteAt_;
  if (!trailers_.empty()) facts.trailers = std::move(trailers_);
}

// Reset, by the peer or since it broke a rule.
void ClientStream::closedEarly() {
  if (exchange_ && !started_ && closedByPeer_ && (code_ == Http2Code::RefusedStream || code_ == Http2Code::Http11Required) && sentAgain()) return;
  if (closedByPeer_ && code_ == Http2Code::RefusedStream) return broken(ResponseNeverReceived(url(), StreamRefused()));
  Failure reset{StreamReset(code_, closedByPeer_)};
  if (exchange_ && !started_) return broken(ResponseNeverReceived(url(), std::move(reset)));
  broken(ResponseFailed(url(), std::move(reset)));
}

// The server did nothing with it. False: it has been tried often enough, or cannot be repeated.
bool ClientStream::sentAgain() {
  Exchange& exchange = *exchange_;
  const bool repeatable = exchange.request.isBodyRepeatable() || !sender_ || !sender_->begun();
  if (!repeatable || exchange.refusals >= kMostRefusals) return false;
  if (sender_) stopSending();
  exchange_ = nullptr;
  if (code_ == Http2Code::Http11Required) exchange.needsHttp1 = true;
  exchange.stream = nullptr;
  if (timer_.active()) timer_.cancel();
  Http2Connection& connection = *std::exchange(connection_, nullptr);
  connection.remove(*this);
  exchange.pool->again(exchange);
  connection.tellPool();
  return true;
}

// ---- the body that is sent

Clock& ClientStream::outletClock() noexcept { return connection_->clock(); }

Deferred<> ClientStream::sendPiece(std::string piece) {
  Deferred<> room;
  room_ = room.takeTrigger();
  connection_->session().send(*this, std::move(piece));
  connection_->writeSoon();
  return room;
}

void ClientStream::endPieces() {
  connection_->session().end(*this);
  connection_->writeSoon();
}

void ClientStream::bodyEmptied() {
  if (connection_) activeAt_ = connection_->clock().now();
  if (auto room = std::exchange(room_, Trigger<>()); room.active()) room.callback();
}

void ClientStream::bodyMoved() {
  activeAt_ = connection_->clock().now();
  arm();
}

void ClientStream::bodySent() {
  sender_.reset();
  sentAt_ = activeAt_ = connection_->clock().now();
  beginRate();
  arm();
}

void ClientStream::bodyFailed(Failure failure) {
  const auto self = shared_from_this();
  sender_.reset();
  broken(std::move(failure));
}

void ClientStream::stopSending() noexcept { std::exchange(sender_, nullptr)->stop(); }

// ---- the reader

void ClientStream::bodyWanted() noexcept {
  if (!connection_) return;
  if (std::exchange(paused_, false)) {
    activeAt_ = connection_->clock().now();
    beginRate();
  }
  connection_->session().consumed(*this);
  connection_->writeSoon();
  arm();
}

void ClientStream::bodyAbandoned() noexcept {
  const auto self = shared_from_this();
  BodyStream* body = std::exchange(body_, nullptr);
  leave();
  body->removeReference();
}

// ---- ending

// Off the connection; what has not come or gone is given up.
void ClientStream::leave() {
  if (timer_.active()) timer_.cancel();
  Http2Connection& connection = *std::exchange(connection_, nullptr);
  const auto sender = std::exchange(sender_, nullptr);
  if (id() != 0) {
    connection.session().forget(*this, Http2Code::Cancel);
    connection.writeSoon();
  }
  connection.remove(*this);
  connection.tellPool();
  if (sender) sender->stop();                                              // its source may do anything
}

void ClientStream::giveUp() {
  exchange_ = nullptr;
  leave();
}

BodyStream* ClientStream::takeBody() noexcept {
  if (body_) body_->sourceGone();
  connection_ = nullptr;
  if (timer_.active()) timer_.cancel();
  return std::exchange(body_, nullptr);
}

void ClientStream::tell(Exchange* exchange, BodyStream* body, Failure failure) {
  if (exchange) {
    auto trigger = std::move(exchange->trigger);
    delete exchange;
    trigger.errback(std::move(failure));
  } else if (body) {
    body->fail(std::move(failure));
    body->removeReference();
  }
}

void ClientStream::broken(Failure failure) {
  Exchange* exchange = std::exchange(exchange_, nullptr);
  BodyStream* body = std::exchange(body_, nullptr);
  if (body) body->sourceGone();
  leave();
  tell(exchange, body, std::move(failure));
}

void ClientStream::lost(const Failure& reason) {
  const auto self = shared_from_this();
  if (timer_.active()) timer_.cancel();
  connection_ = nullptr;
  if (sender_) stopSending();
  Exchange* exchange = std::exchange(exchange_, nullptr);
  BodyStream* body = std::exchange(body_, nullptr);
  if (body) body->sourceGone();
  if (!exchange) return tell(nullptr, body, ResponseFailed(url_, reason));
  if (started_) return tell(exchange, nullptr, ResponseFailed(exchange->request.url.href(), reason));
  const Request& request = exchange->request;
  const bool again = !exchange->retried && exchange->facts->reused && isIdempotent(request.method()) && request.isBodyRepeatable() && !reason.check<Http2Error>();
  if (again)
    exchange->pool->retry(*exchange);
  else
    tell(exchange, nullptr, ResponseNeverReceived(request.url.href(), reason));
}

}  // namespace weft::http::detail
