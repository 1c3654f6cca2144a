#include <weft/http/http2/internal/server_stream.hpp>

#include <weft/http/http2/internal/server_connection.hpp>
#include <weft/http/internal/framing.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/http/server/internal/received_body.hpp>

#include <algorithm>
#include <utility>

namespace weft::http::detail {
namespace {

using std::chrono::nanoseconds;

// A client may send them one by one (RFC 9113 section 8.2.3); handlers know one field.
void joinCookies(Headers& headers) {
  const auto cookies = headers.getAll("Cookie");
  if (cookies.size() < 2) return;
  std::string all;
  for (const std::string_view cookie : cookies) all.append(all.empty() ? "" : "; ").append(cookie);
  headers.set("Cookie", all);
}

}  // namespace

ServerStream::ServerStream(Http2Channel& channel) : channel_(&channel), since_(channel.clock().now()) {}

ServerStream::~ServerStream() { endBody(net::ConnectionAborted()); }

// ---- what comes in: noted, and handled by settle()

void ServerStream::headReceived(Session::Part part) noexcept {
  if (part == Session::Part::Request) state_ = State::Ready;
}

void ServerStream::dataReceived(std::string_view data) {
  received_ += data.size();
  if (body_)
    body_->append(data);
  else if (state_ == State::Ready)
    early_.append(data);
}

void ServerStream::closed(Http2Code code, bool byPeer) noexcept {
  closed_ = true;
  code_ = code;
  closedByPeer_ = byPeer;
}

void ServerStream::settle() {
  if (!channel_) return;
  const auto self = shared_from_this();
  if (closed_) {
    if (sentAll()) noteAnswer(true);
    return end(code_, closedByPeer_);
  }
  if (state_ == State::Ready) return dispatch();
  if (body_) deliverBody();
}

// ---- the request

bool ServerStream::readUrl(Url& url) {
  const Http2Head& head = this->head();
  const bool whole = head.path == "*" && head.method == "OPTIONS";         // the server itself
  if (!whole && !head.path.starts_with('/')) return false;
  const Url* const origin = channel_->site().originOf(head.authority.empty() ? head.fields.get("Host", "") : std::string_view(head.authority), channel_->isSecure());
  return origin && url.assignTarget(*origin, whole ? std::string_view("/") : std::string_view(head.path));
}

void ServerStream::dispatch() {
  Site& site = channel_->site();
  Http2Head& head = this->head();
  since_ = channel_->clock().now();
  state_ = State::Handling;
  toHead_ = head.method == "HEAD";
  if (site.options().accessLog) {
    entry_ = std::make_unique<AccessEntry>();
    entry_->client = channel_->peer();
    entry_->at = std::chrono::system_clock::now();
    entry_->method = head.method;
    entry_->target = head.path;
    entry_->majorVersion = 2;
    entry_->minorVersion = 0;
    entry_->referer = head.fields.get("Referer", "");
    entry_->userAgent = head.fields.get("User-Agent", "");
  }
  if (head.tooLarge) return send(site.errorPage(431));
  Request request;
  request.majorVersion = 2;
  request.minorVersion = 0;
  request.client = channel_->peer();
  request.maxBody = site.options().maxBody;
  if (!isToken(head.method) || !readUrl(request.url)) return send(site.errorPage(head.method == "CONNECT" ? 501 : 400));
  request.setMethod(head.method);
  joinCookies(head.fields);
  expectsContinue_ = !requestEnded_ && received_ == 0 && head.fields.hasToken("Expect", "100-continue");
  request.bodySource = receivedBody(request.url.href(), head.fields);
  request.target = std::move(head.path);
  request.headers = std::move(head.fields);
  if (!request.headers.has("Host")) request.headers.add("Host", head.authority);
  watch();
  channel_->countRequest();
  Deferred<Response> response = site.respond(std::move(request));
  if (response.called()) return answered(response.result());
  handling_ = response.addBoth([weak = weak_from_this()](Outcome<Response> outcome) {
    if (const auto stream = weak.lock()) stream->answered(std::move(outcome));
  });
}

// The body as the handler gets it; null if the request has none.
std::shared_ptr<BodySource> ServerStream::receivedBody(std::string url, const Headers& headers) {
  if (requestEnded_ && early_.empty()) return nullptr;
  const auto length = contentLengthOf(headers);
  if (requestEnded_) return std::make_shared<ReceivedBody>(Body(std::exchange(early_, {})), length);
  body_ = new BodyStream(*this, std::exchange(early_, {}), std::move(url));
  if (length) body_->expect(*length);
  paused_ = body_->full();
  if (!paused_) channel_->session().consumed(*this);
  return std::make_shared<ReceivedBody>(Body(body_), length);
}

void ServerStream::deliverBody() {
  if (requestEnded_) return endBody(std::nullopt);
  body_->deliver();
  if (!body_ || !channel_) return;
  paused_ = body_->full();
  if (!paused_) channel_->session().consumed(*this);
  watch();
}

void ServerStream::endBody(std::optional<Failure> failure) {
  BodyStream* const body = std::exchange(body_, nullptr);
  if (!body) return;
  if (failure)
    body->fail(std::move(*failure));
  else
    body->finish();
  body->removeReference();
}

void ServerStream::bodyWanted() noexcept {
  if (!channel_) return;
  // A handler may answer first, with a body that it makes of the request's.
  if (std::exchange(expectsContinue_, false) && (state_ == State::Handling || (state_ == State::Sending && !begun_)))
    channel_->session().submitInterim(*this, std::initializer_list<HeaderField>{{":status", "100"}});
  paused_ = false;
  channel_->session().consumed(*this);
  channel_->writeSoon();
  watch();
}

// What comes now stays in the stream's window, and the client stops.
void ServerStream::bodyAbandoned() noexcept { std::exchange(body_, nullptr)->removeReference(); }

// ---- ending

void ServerStream::stopWork() {
  Deferred<> handling = std::exchange(handling_, Deferred<>(nullptr));
  handling.cancel();
  handling.detach();
  Deferred<> sending = std::exchange(sending_, Deferred<>(nullptr));
  sending.cancel();
  sending.detach();
}

void ServerStream::end(Http2Code code, bool byPeer) {
  state_ = State::Ended;
  noteAnswer(false);
  Http2Channel* const channel = std::exchange(channel_, nullptr);
  if (id() != 0) {
    channel->session().forget(*this, Http2Code::Cancel);
    channel->writeSoon();
  }
  channel->left(*this);
  if (body_) endBody(StreamReset(code, byPeer));         // most have none, and an error costs more than all of the above
  stopWork();
}

void ServerStream::lost(const Failure& reason) {
  const auto self = shared_from_this();
  if (!channel_) return;
  state_ = State::Ended;
  noteAnswer(sentAll() && unsent() == 0);
  channel_ = nullptr;
  endBody(reason);
  stopWork();
}

// ---- time

nanoseconds ServerStream::deadline() const noexcept {
  const SiteOptions& options = channel_->site().options();
  nanoseconds due = nanoseconds::max();
  if (state_ == State::Head) return since_ + options.headTimeout.value();
  if (state_ == State::Handling && options.handlerTimeout.value() > nanoseconds::zero()) due = since_ + options.handlerTimeout.value();
  if (waiting_) due = std::min(due, windowAt_ + options.bodyTimeout.value());
  return due;
}

void ServerStream::watch() {
  if (!channel_) return;
  const bool waits = waitsForBody() || unsent() > 0;
  if (waits && !waiting_) {
    windowAt_ = channel_->clock().now();
    windowReceived_ = received_;
    windowTaken_ = taken();
    windowGiven_ = given_;
  }
  waiting_ = waits;
  channel_->lookAt(deadline());
}

// A handler took too long, or the client did.
void ServerStream::checkTime(nanoseconds now) {
  const auto self = shared_from_this();
  if (!channel_ || now < deadline()) return;
  const SiteOptions& options = channel_->site().options();
  if (state_ == State::Head) return channel_->closeNow();                  // in the midst of a head nothing else can come
  if (state_ == State::Handling && options.handlerTimeout.value() > nanoseconds::zero() && now >= since_ + options.handlerTimeout.value()) {
    since_ = now;                                                          // one that goes on all the same is told again
    return stopWork();
  }
  const double needed = std::max(1.0, options.minimumRate * std::chrono::duration<double>(options.bodyTimeout.value()).count());
  // A client that has taken all that waited for it at the start of the window is not slow, however little that was.
  if (unsent() > 0 && taken() < windowGiven_ && static_cast<double>(taken() - windowTaken_) < needed) return end(Http2Code::Cancel, false);
  if (waitsForBody() && static_cast<double>(received_ - windowReceived_) < needed) endBody(BodyTimeout());
  waiting_ = false;
  watch();
}

}  // namespace weft::http::detail
