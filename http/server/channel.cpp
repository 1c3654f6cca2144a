#include <weft/http/server/internal/channel.hpp>

#include <weft/core/log.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace weft::http::detail {
namespace {

Logger& logger() {
  static Logger instance("weft.http.server");
  return instance;
}

// How much of the next requests is read while one is being handled.
constexpr std::size_t kReadAhead = 16 * 1024;
constexpr Delay kLinger = 2;

int statusFor(ParseProblem problem) noexcept {
  switch (problem) {
    case ParseProblem::Method:
    case ParseProblem::TransferEncoding: return 501;
    case ParseProblem::Version: return 505;
    case ParseProblem::StartLineTooLong: return 414;
    case ParseProblem::HeadersTooLarge:
    case ParseProblem::TooManyHeaders: return 431;
    default: return 400;
  }
}

struct TooLarge {};

}  // namespace

Channel::Channel(std::shared_ptr<Site> site)
    : site_(std::move(site)), parser_(Parser::Kind::Request, *this, site_->options_.parser) {}

Channel::~Channel() {
  if (timer_.active()) timer_.cancel();
  if (state_ != State::Ended) site_->left(*this);
}

void Channel::connectionMade() { setState(State::Idle); }

// ---- what comes in

void Channel::dataReceived(std::string_view data) {
  activeAt_ = clock().now();
  if (state_ == State::Lingering) return;
  if (state_ != State::Handling) {
    process(data);
    return;
  }
  pending_.append(data);
  if (pending_.size() > kReadAhead && !paused_) {
    paused_ = true;
    transport().pauseReading();
  }
}

// Goes through requests until the bytes are used up, or one is being handled.
void Channel::process(std::string_view data) {
  const auto kept = shared_from_this();
  processing_ = true;
  while (!data.empty() && (state_ == State::Idle || state_ == State::Reading)) {
    if (state_ == State::Idle) setState(State::Reading);
    try {
      data.remove_prefix(parser_.feed(data));
    } catch (const ParseError& error) {
      logger().debug("refused a request", field("client", transport().getPeer()), field("error", error.what()));
      refuse(statusFor(error.problem));
      break;
    } catch (const TooLarge&) {
      refuse(413);
      break;
    }
    if (parser_.complete()) dispatch();
  }
  processing_ = false;
  if (state_ == State::Handling && !data.empty()) pending_.append(data);
}

void Channel::headReceived() {
  const auto length = parser_.contentLength();
  if (length && *length > site_->options_.maxBody) throw TooLarge();
  if (parser_.framing() != BodyFraming::None && parser_.head().headers.hasToken("Expect", "100-continue"))
    transport().write("HTTP/1.1 100 Continue\r\n\r\n");
}

void Channel::bodyReceived(std::string_view piece) {
  if (body_.size() + piece.size() > site_->options_.maxBody) throw TooLarge();
  body_.append(piece);
}

// A whole request is here.
void Channel::dispatch() {
  MessageHead& head = parser_.head();
  toHead_ = head.method == "HEAD";
  oldVersion_ = head.minorVersion == 0;
  keepAlive_ = parser_.keepAlive();
  Request request;
  request.minorVersion = head.minorVersion;
  request.client = transport().getPeer();
  std::string address;
  const bool absolute = head.target.starts_with("http://") || head.target.starts_with("https://");
  if (!absolute) {
    const auto host = head.headers.get("Host");
    address.append("http://").append(host && !host->empty() ? *host
                                                            : std::string_view(transport().getHost().toString()));
    if (head.target != "*") address.append(head.target);
  } else {
    address = head.target;
  }
  const bool known = absolute || head.target.starts_with('/') || (head.target == "*" && head.method == "OPTIONS");
  if (!known || !request.url.assign(address)) {
    refuse(head.method == "CONNECT" ? 501 : 400);
    return;
  }
  request.setMethod(head.method);
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  request.body = std::exchange(body_, {});
  setState(State::Handling);
  ++site_->requests_;
  Deferred<> handling =
      maybeDeferred(site_->handler_, std::move(request)).addBoth([weak = weak_from_this()](Outcome<Response> outcome) {
        if (const auto channel = weak.lock()) channel->answered(std::move(outcome));
      });
  if (handling.called()) return;
  handling_ = std::move(handling);
}

// ---- what goes out

void Channel::answered(Outcome<Response> outcome) {
  if (state_ != State::Handling) return;                                   // the client has gone
  if (!outcome) {
    logger().error("a handler failed", field("client", transport().getPeer()),
                   field("error", outcome.failure().what()));
    send(errorResponse(500));
    return;
  }
  send(std::move(*outcome));
}

// Answers what is no request, and closes.
void Channel::refuse(int status) {
  setState(State::Handling);
  keepAlive_ = false;
  toHead_ = false;
  send(errorResponse(status));
}

void Channel::send(Response response) {
  const int status = response.status;
  const bool noBody = status == 204 || status == 304 || status < 200;
  const bool streamed = !noBody && !toHead_ && !response.body.complete();
  const bool chunked = streamed && !oldVersion_ && !response.contentLength();
  if (site_->closing_ || response.headers.hasToken("Connection", "close") || (streamed && oldVersion_))
    keepAlive_ = false;
  head_.assign("HTTP/1.1 ").append(std::to_string(status)).append(" ");
  head_.append(response.reason.empty() || !isReasonPhrase(response.reason) ? reasonPhrase(status) : std::string_view(response.reason)).append("\r\n");
  response.headers.remove("Connection");
  response.headers.remove("Transfer-Encoding");
  if (!response.headers.has("Date")) head_.append("Date: ").append(site_->date()).append("\r\n");
  if (!streamed && !noBody) {
    // An answer to HEAD may say how long the body would be without making it.
    if (!toHead_ || !response.body.buffered().empty() || !response.headers.has("Content-Length"))
      response.headers.remove("Content-Length");
    if (!response.headers.has("Content-Length"))
      head_.append("Content-Length: ").append(std::to_string(response.body.buffered().size())).append("\r\n");
  }
  if (chunked) head_.append("Transfer-Encoding: chunked\r\n");
  if (!keepAlive_)
    head_.append("Connection: close\r\n");
  else if (oldVersion_)
    head_.append("Connection: keep-alive\r\n");
  head_.append(response.headers.wire()).append("\r\n");
  if (streamed) {
    transport().write(head_);
    Deferred<> sending = sendPieces(std::move(response), chunked).addBoth([weak = weak_from_this()](Outcome<> outcome) {
      const auto channel = weak.lock();
      if (!channel || channel->state_ != State::Handling) return;
      if (outcome) {
        channel->sent();
        return;
      }
      logger().error("a body failed while it was sent", field("error", outcome.failure().what()));
      channel->transport().abortConnection();  // the client must not take it for complete
    });
    if (!sending.called()) handling_ = std::move(sending);
    return;
  }
  if (noBody || toHead_)
    transport().write(head_);
  else
    transport().writeSequence({head_, response.body.buffered()});
  sent();
}

Deferred<> Channel::sendPieces(Response response, bool chunked) {
  const auto kept = shared_from_this();
  for (;;) {
    auto piece = co_await response.body.next();
    if (state_ != State::Handling) co_return;
    if (!piece) break;
    if (chunked) {
      char size[20];
      const auto end = std::to_chars(size, size + 16, piece->size(), 16).ptr;
      end[0] = '\r';
      end[1] = '\n';
      transport().writeSequence({std::string_view(size, static_cast<std::size_t>(end + 2 - size)), *piece, "\r\n"});
    } else {
      transport().write(*piece);
    }
    activeAt_ = clock().now();
    co_await transport().drained();
    if (state_ != State::Handling) co_return;
  }
  if (chunked) transport().write("0\r\n\r\n");
}

// An answer is on its way: on to the next request.
void Channel::sent() {
  if (!keepAlive_ || peerDone_) {
    linger();
    return;
  }
  parser_.next();
  body_.clear();
  setState(State::Idle);
  if (processing_) return;  // process() goes on
  std::string rest = std::exchange(pending_, {});
  if (paused_) {
    paused_ = false;
    transport().resumeReading();
  }
  process(rest);
}

void Channel::linger() {
  setState(State::Lingering);
  pending_.clear();
  if (peerDone_) {
    transport().loseConnection();
    return;
  }
  transport().loseWriteConnection();
  if (paused_) {
    paused_ = false;
    transport().resumeReading();
  }
}

// ---- ending

void Channel::readConnectionLost() {
  peerDone_ = true;
  if (state_ != State::Handling)
    transport().loseConnection();  // a half-closed client still gets the answer that is being made
}

void Channel::connectionLost(const Failure&) {
  if (timer_.active()) timer_.cancel();
  state_ = State::Ended;
  Deferred<> handling = std::move(handling_);
  handling.cancel();
  handling.detach();
  site_->left(*this);
}

void Channel::closeSoon() {
  keepAlive_ = false;
  if (state_ == State::Idle) transport().loseConnection();
}

void Channel::closeNow() {
  if (hasTransport()) transport().abortConnection();
}

// ---- time: one timer, which looks when something is due and is never moved while bytes come

void Channel::setState(State state) {
  state_ = state;
  since_ = activeAt_ = clock().now();
  arm();
}

std::chrono::nanoseconds Channel::deadline() const noexcept {
  const SiteOptions& options = site_->options_;
  switch (state_) {
    case State::Idle: return since_ + options.keepAlive.value();
    case State::Reading:
      return parser_.headComplete() ? activeAt_ + options.bodyTimeout.value() : since_ + options.headTimeout.value();
    case State::Handling: return activeAt_ + options.bodyTimeout.value();
    case State::Lingering: return since_ + kLinger.value();
    case State::Ended: break;
  }
  return std::chrono::nanoseconds::max();
}

void Channel::arm() {
  if (state_ == State::Ended) return;
  const auto due = deadline();
  if (timer_.active() && timer_.getTime() <= due) return;
  const auto left = std::max(due - clock().now(), std::chrono::nanoseconds(0));
  if (timer_.active())
    timer_.reset(left);
  else
    timer_ = clock().callLater(left, [this] { checkTime(); });
}

void Channel::checkTime() {
  // A handler may take its time; only an answer that the client does not read may not.
  if (state_ == State::Handling && transport().buffered() == 0) activeAt_ = clock().now();
  if (clock().now() < deadline()) {
    arm();
    return;
  }
  if (state_ == State::Reading) {
    refuse(408);
  } else if (state_ == State::Idle && transport().buffered() == 0) {
    transport().loseConnection();
  } else {
    transport().abortConnection();
  }
}

}  // namespace weft::http::detail
