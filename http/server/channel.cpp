#include <weft/core/log.hpp>
#include <weft/http/http2/internal/server_connection.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/http/server/internal/channel.hpp>
#include <weft/http/server/internal/cork.hpp>
#include <weft/http/server/internal/received_body.hpp>

#include <cstddef>
#include <utility>

namespace weft::http::detail {
namespace {

// How much of the next requests is read while one is being handled.
constexpr std::size_t kReadAhead = 16 * 1024;

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

}  // namespace

// ---- what comes in

Channel::Channel(std::shared_ptr<Site> site, const net::Address& peer)
    : SiteConnection(std::move(site), peer) {}

Channel::~Channel() {
  if (timer_.active()) timer_.cancel();
  if (state_ != State::Ended) site_->left(*this);
}

void Channel::connectionMade() { setState(State::Idle); }

void Channel::dataReceived(std::string_view data) {
  received_ += data.size();
  if (state_ == State::Lingering) return;
  if (opening_ && isForHttp2(data)) return;
  process(data);
}

// The first bytes say what the connection speaks (RFC 9113 section 3.4).
bool Channel::isForHttp2(std::string_view data) {
  const std::size_t known = pending_.size();
  const std::string_view expected = kHttp2Preface.substr(known, data.size());
  if (!site_->options_.http2 || !data.starts_with(expected)) {
    opening_ = false;                                    // process() takes what was pending, too
    return false;
  }
  pending_.append(data);
  if (known + expected.size() < kHttp2Preface.size()) {
    if (state_ == State::Idle) {
      parser_ = site_->takeParser(*this);                // if it turns out to be a request
      setState(State::Head);
    }
    return true;
  }
  const auto kept = shared_from_this();
  const auto connection = transport().shared_from_this();
  const auto next = std::make_shared<Http2Channel>(site_, peer_);
  if (timer_.active()) timer_.cancel();
  state_ = State::Ended;
  releaseMemory();
  site_->passOn(*this, *next);
  connection->setProtocol(nullptr);
  connection->unread(std::exchange(pending_, {}));
  connection->setProtocol(next);
  return true;
}

// Are the bytes that come now for the parser? Otherwise they are of a request whose turn has not come.
bool Channel::reads() const noexcept {
  switch (state_) {
    case State::Idle:
    case State::Head:
    case State::Draining: return true;
    case State::Handling:
    case State::Sending: return !parser_->complete() && !broken_;
    case State::Lingering:
    case State::Ended: break;
  }
  return false;
}

// Goes through requests until the bytes are used up, or one is being handled.
void Channel::process(std::string_view data) {
  const auto kept = shared_from_this();
  if (cork_) {                                           // from inside: who is there goes on with it
    pending_.append(data);
    return;
  }
  Cork cork(*this);
  if (!pending_.empty() && reads()) {
    std::string all = std::exchange(pending_, {});
    all.append(data);
    cork.keep(std::move(all), data);
  }
  while (!data.empty() && reads()) {
    if (state_ == State::Idle) {
      if (!parser_) parser_ = site_->takeParser(*this);
      enter(State::Head);
    }
    try {
      data.remove_prefix(parser_->feed(data));
    } catch (const ParseError& error) {
      kServerLog.debug("refused a request", field("client", peer_), field("error", error.what()));
      if (state_ == State::Head) {
        refuse(statusFor(error.problem));
      } else {
        broken_ = true;
        endBody(Failure());
        if (state_ == State::Draining) linger();
      }
      break;
    }
    if (state_ == State::Head) {
      if (parser_->headComplete()) dispatch();
      else arm();
    } else if (state_ == State::Draining) {
      body_.clear();
      if (parser_->complete()) next();
    } else {
      feedBody();
    }
  }
  if (state_ == State::Idle) releaseMemory();
  if (takeOver_) return handOver(std::string(data));
  if (state_ == State::Lingering || state_ == State::Ended || broken_) return;
  pending_.append(data);
  if (pending_.size() > kReadAhead) pause();
}

// ---- the body of the request that is being handled

void Channel::bodyReceived(std::string_view piece) {
  if (stream_) stream_->append(piece);
  else if (state_ == State::Head) body_.append(piece);
}

void Channel::feedBody() {
  if (parser_->complete()) return endBody(std::nullopt);
  if (!stream_) return pause();                            // nobody will read it
  if (stream_->full()) pause();
  stream_->deliver();
}

void Channel::endBody(std::optional<Failure> failure) {
  BodyStream* const stream = std::exchange(stream_, nullptr);
  if (!stream) return;
  if (failure) stream->fail(std::move(*failure));
  else stream->finish();
  stream->removeReference();
}

void Channel::bodyWanted() noexcept {
  // A handler may answer first, with a body that it makes of the request's.
  if (expectsContinue_ && (state_ == State::Handling || (state_ == State::Sending && !begun_))) {
    expectsContinue_ = false;
    write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  resume();
  arm();
}

void Channel::bodyAbandoned() noexcept {
  std::exchange(stream_, nullptr)->removeReference();
  pause();
}

void Channel::pause() {
  if (paused_) return;
  paused_ = true;
  transport().pauseReading();
}

void Channel::resume() {
  if (!paused_) return;
  paused_ = false;
  transport().resumeReading();
}

// The body as the handler gets it; null if the request has none.
std::shared_ptr<BodySource> Channel::receivedBody(std::string url) {
  if (parser_->framing() == BodyFraming::None) return nullptr;
  const auto length = parser_->contentLength();
  if (parser_->complete()) return std::make_shared<ReceivedBody>(Body(std::exchange(body_, {})), length);
  stream_ = new BodyStream(*this, std::exchange(body_, {}), std::move(url));
  if (length) stream_->expect(*length);
  return std::make_shared<ReceivedBody>(Body(stream_), length);
}

// ---- requests

// What the request is for. RFC 9112 section 3.3.
bool Channel::readUrl(const MessageHead& head, Url& url) {
  const std::string_view target = head.target;
  if (target.starts_with("http://") || target.starts_with("https://")) return url.assign(target);
  const bool whole = target == "*" && head.method == "OPTIONS";          // the server itself
  if (!whole && !target.starts_with('/')) return false;
  const std::string_view host = parser_->host();
  const Url* const origin = site_->originOf(host.empty() ? std::string_view(transport().getHost().toString()) : host, transport().tlsFacts() != nullptr);
  return origin && url.assignTarget(*origin, whole ? "/" : target);
}

void Channel::dispatch() {
  MessageHead& head = parser_->head();
  toHead_ = head.method == "HEAD";
  oldVersion_ = head.minorVersion == 0;
  keepAlive_ = parser_->keepAlive();
  wantsUpgrade_ = !oldVersion_ && head.headers.hasToken("Connection", "Upgrade");
  Request request;
  request.minorVersion = head.minorVersion;
  request.client = peer_;
  request.maxBody = site_->options_.maxBody;
  if (!readUrl(head, request.url)) {
    refuse(head.method == "CONNECT" ? 501 : 400);
    return;
  }
  if (site_->options_.accessLog) {
    entry_ = std::make_unique<AccessEntry>();
    entry_->client = peer_;
    entry_->at = std::chrono::system_clock::now();
    entry_->method = head.method;
    entry_->target = head.target;
    entry_->minorVersion = head.minorVersion;
    entry_->referer = head.headers.get("Referer", "");
    entry_->userAgent = head.headers.get("User-Agent", "");
  }
  request.method_ = std::move(head.method);
  expectsContinue_ = parser_->framing() != BodyFraming::None && !parser_->complete() && head.headers.hasToken("Expect", "100-continue");
  request.bodySource = receivedBody(request.url.href());
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  enter(State::Handling);
  requestAt_ = since_;
  ++site_->requests_;
  Deferred<Response> response = site_->respond(std::move(request));
  if (response.called()) return answered(response.result());
  arm();
  handling_ = response.addBoth([weak = weakSelf()](Outcome<Response> outcome) {
    if (const auto channel = weak.lock()) channel->answered(std::move(outcome));
  });
}

// Answers what is no request, and closes.
void Channel::refuse(int status) {
  if (site_->options_.accessLog) {
    entry_ = std::make_unique<AccessEntry>();
    entry_->client = peer_;
    entry_->at = std::chrono::system_clock::now();
  }
  setState(State::Handling);
  requestAt_ = since_;
  broken_ = true;
  keepAlive_ = false;
  toHead_ = false;
  send(site_->errorPage(status));
}

// The request is done with, and the connection is open.
void Channel::next() {
  parser_->next();
  body_.clear();
  expectsContinue_ = false;
  setState(State::Idle);
  resume();
  if (cork_) return;                                     // process() goes on
  if (!pending_.empty()) return process({});
  releaseMemory();
}

// Most connections wait most of the time: what they need for a request, they do not keep.
void Channel::releaseMemory() {
  if (parser_) site_->giveParser(std::move(parser_));
  std::string().swap(body_);
}

}  // namespace weft::http::detail
