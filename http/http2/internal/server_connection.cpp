#include <weft/http/http2/internal/server_connection.hpp>

#include <weft/core/log.hpp>
#include <weft/http/http2/internal/server_stream.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/net/error.hpp>

#include <algorithm>
#include <utility>

namespace weft::http::detail {
namespace {

using std::chrono::nanoseconds;

// Between the GOAWAY that announces the end and the one that names the last stream: requests that crossed the first one are still taken.
constexpr Delay kNotice = 0.5;

}  // namespace

Http2Channel::Http2Channel(std::shared_ptr<Site> site, const net::Address& peer)
    : SiteConnection(std::move(site), peer), session_(Session::Kind::Server, *this, site_->options().http2Options), writer_(session_, *this, [this] { turn(); }) {}

Http2Channel::~Http2Channel() {
  if (timer_.active()) timer_.cancel();
  if (shutdown_.active()) shutdown_.cancel();
  site_->left(*this);
}

void Http2Channel::connectionMade() {
  idleAt_ = clock().now();
  lookAt(idleAt_ + site_->options().keepAlive.value());
  writer_.soon();
}

// ---- what comes in

void Http2Channel::dataReceived(std::string_view data) {
  if (ended_) return;
  session_.feed(data, clock().now());
  turn();
}

// Handles what came, and writes what that led to, until nothing is left of either.
void Http2Channel::turn() {
  const auto kept = shared_from_this();
  do {
    if (!session_.violation()) settle();                                   // else nothing of it is handled any more
    if (ended_) return;
    writer_.now();
    if (ended_) return;
  } while (!touched_.empty() && !session_.violation());
  endIfFinished();
}

void Http2Channel::settle() {
  while (!touched_.empty() && !ended_) {
    for (const auto& stream : std::exchange(touched_, {})) {
      stream->isTouched = false;
      stream->settle();
    }
  }
}

void Http2Channel::touch(ServerStream& stream) {
  if (std::exchange(stream.isTouched, true)) return;
  touched_.push_back(stream.shared_from_this());
}

Http2Stream* Http2Channel::streamBegun() {
  const auto stream = std::make_shared<ServerStream>(*this);
  streams_.emplace(stream.get(), stream);
  lookAt(stream->deadline());
  return stream.get();
}

void Http2Channel::headReceived(Http2Stream& stream, Session::Part part, bool) {
  auto& ours = static_cast<ServerStream&>(stream);
  ours.headReceived(part);
  touch(ours);
}

void Http2Channel::dataReceived(Http2Stream& stream, std::string_view data) {
  auto& ours = static_cast<ServerStream&>(stream);
  ours.dataReceived(data);
  touch(ours);
}

void Http2Channel::messageEnded(Http2Stream& stream) {
  auto& ours = static_cast<ServerStream&>(stream);
  ours.messageEnded();
  touch(ours);
}

void Http2Channel::closed(Http2Stream& stream, Http2Code code, bool byPeer) {
  auto& ours = static_cast<ServerStream&>(stream);
  ours.closed(code, byPeer);
  touch(ours);
}

void Http2Channel::bodyEmptied(Http2Stream& stream) {
  const auto kept = static_cast<ServerStream&>(stream).shared_from_this();
  kept->bodyEmptied();
}

void Http2Channel::wentAway(Http2Code code, std::string_view debug) {
  if (code != Http2Code::NoError) kServerLog.debug("a client ends its connection", field("client", peer_), field("error", GoneAway(code, debug).what()));
}

// ---- ending

void Http2Channel::left(ServerStream& stream) {
  streams_.erase(&stream);
  if (ended_ || !streams_.empty()) return;
  idleAt_ = clock().now();
  lookAt(idleAt_ + site_->options().keepAlive.value());
}

void Http2Channel::endIfFinished() {
  const auto& violation = session_.violation();
  if (!violation && !session_.finished()) return;
  if (violation) kServerLog.debug("refused a connection of HTTP/2", field("client", peer_), field("error", violation->what()));
  else if (!streams_.empty()) kServerLog.debug("refused a connection of HTTP/2", field("client", peer_), field("error", session_.trouble()));
  transport().loseConnection();
  end();
  timer_ = clock().callLater(kLinger, [this] { closeNow(); });
}

// Nothing more is taken or sent; what was written still goes.
void Http2Channel::end() {
  ended_ = true;
  writer_.stop();
  if (timer_.active()) timer_.cancel();
  if (shutdown_.active()) shutdown_.cancel();
  touched_.clear();
  const Failure reason(net::ConnectionAborted("it was ended by HTTP/2"));
  for (const auto& [key, stream] : std::exchange(streams_, {})) stream->lost(reason);
}

void Http2Channel::connectionLost(const Failure&) {
  const auto kept = shared_from_this();
  end();
  site_->left(*this);
}

void Http2Channel::closeSoon() {
  if (ended_ || shutdown_.active()) return;
  const auto finish = [this] {
    session_.shutDown();
    turn();
  };
  if (streams_.empty()) return finish();
  session_.announceShutdown();
  writer_.soon();
  shutdown_ = clock().callLater(kNotice, finish);
}

void Http2Channel::closeNow() {
  if (hasTransport()) transport().abortConnection();
}

// ---- time: one timer, which looks when something is due and is never moved while requests come

void Http2Channel::lookAt(nanoseconds time) {
  if (ended_ || time == nanoseconds::max() || (timer_.active() && timer_.getTime() <= time)) return;
  const auto left = std::max(time - clock().now(), nanoseconds(0));
  if (timer_.active())
    timer_.reset(left);
  else
    timer_ = clock().callLater(left, [this] { checkTime(); });
}

void Http2Channel::checkTime() {
  const auto kept = shared_from_this();
  const auto now = clock().now();
  std::vector<std::shared_ptr<ServerStream>> late;
  for (const auto& [key, stream] : streams_)
    if (now >= stream->deadline()) late.push_back(stream);
  for (const auto& stream : late) {
    if (ended_) return;
    stream->checkTime(now);
  }
  if (ended_) return;
  if (streams_.empty() && now >= idleAt_ + site_->options().keepAlive.value()) {
    if (transport().buffered() > 0) return closeNow();
    session_.terminate(Http2Code::NoError);
    return turn();
  }
  nanoseconds next = streams_.empty() ? idleAt_ + site_->options().keepAlive.value() : nanoseconds::max();
  for (const auto& [key, stream] : streams_) next = std::min(next, stream->deadline());
  lookAt(next);
  turn();
}

}  // namespace weft::http::detail
