#include <weft/http/http2/internal/client_connection.hpp>

#include <weft/http/http2/internal/client_stream.hpp>
#include <weft/http/http2/internal/fields.hpp>
#include <weft/http/internal/framing.hpp>
#include <weft/net/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace weft::http::detail {
Http2Connection::Http2Connection(Pool& pool, Host& host, const net::Address& peer, std::shared_ptr<const net::TlsFacts> tls)
    : PoolConnection(pool, host, peer, std::move(tls)),
      session_(Session::Kind::Client, *this, pool.options().http2Options),
      writer_(session_, *this, [this] { turn(); }),
      room_(std::max<std::size_t>(pool.options().http2Options.maxStreams, 1)) {}

Http2Connection::~Http2Connection() {
  if (idle_.active()) idle_.cancel();
}

bool Http2Connection::hasRoom() const noexcept { return !retired_ && streams_.size() < std::min(room_, session_.peerMaxStreams()); }

void Http2Connection::connectionMade() {
  activeAt_ = clock().now();
  writer_.soon();
}

void Http2Connection::start(Exchange& exchange, std::chrono::nanoseconds now) {
  if (idle_.active()) idle_.cancel();
  const Request& request = exchange.request;
  const Headers& headers = request.headers;
  const std::string authority(headers.empty() ? request.url.hostAndPort() : headers.get("Host", request.url.hostAndPort()));
  const std::string target(request.url.target());
  const std::string& userAgent = pool_->options().userAgent;
  const bool sized = request.bodySource ? exchange.bodyLength.has_value() : request.hasBody() || takesABody(request.method());
  const std::string length = sized ? std::to_string(exchange.bodyLength.value_or(request.body.size())) : std::string();
  fields_.assign({{":method", request.method()}, {":scheme", host_->secure ? "https" : "http"}, {":authority", authority}, {":path", target}});
  if (!userAgent.empty() && (headers.empty() || !headers.has("User-Agent"))) fields_.push_back({"user-agent", userAgent});
  for (const HeaderField field : headers)
    if (!isOfHttp1(field) && !equalIgnoringCase(field.name, "Host")) fields_.push_back(field);
  if (sized) fields_.push_back({"content-length", length});
  const auto stream = std::make_shared<ClientStream>(*this, exchange, now);
  if (!session_.submitRequest(*stream, fields_, !request.hasBody())) {
    retired_ = true;                                                       // all ids of this connection are used up
    pool_->again(exchange);
    return tellPool();
  }
  ++served_;
  exchange.stream = stream.get();
  streams_.emplace(stream.get(), stream);
  writer_.soon();
  stream->begin();
}

void Http2Connection::drop(Exchange& exchange) {
  const auto stream = exchange.stream->shared_from_this();
  stream->giveUp();
}

// ---- what comes in

void Http2Connection::dataReceived(std::string_view data) {
  activeAt_ = clock().now();
  session_.feed(data, activeAt_);
  turn();
}

// Tells what came, and writes what that led to, until nothing is left of either.
void Http2Connection::turn() {
  const auto kept = transport().protocol();
  do {
    settle();
    if (ended_) return;
    writer_.now();
    if (ended_) return;
  } while (!touched_.empty());
  endIfFinished();
}

void Http2Connection::settle() {
  while (!touched_.empty() && !ended_) {
    for (const auto& stream : std::exchange(touched_, {})) {
      stream->isTouched = false;
      stream->settle();
    }
  }
}

void Http2Connection::touch(ClientStream& stream) {
  if (std::exchange(stream.isTouched, true)) return;
  touched_.push_back(stream.shared_from_this());
}

void Http2Connection::headReceived(Http2Stream& stream, Session::Part part, bool) {
  auto& ours = static_cast<ClientStream&>(stream);
  ours.headReceived(part);
  touch(ours);
}

void Http2Connection::dataReceived(Http2Stream& stream, std::string_view data) {
  auto& ours = static_cast<ClientStream&>(stream);
  ours.dataReceived(data);
  touch(ours);
}

void Http2Connection::messageEnded(Http2Stream& stream) {
  auto& ours = static_cast<ClientStream&>(stream);
  ours.messageEnded();
  touch(ours);
}

void Http2Connection::closed(Http2Stream& stream, Http2Code code, bool byPeer) {
  auto& ours = static_cast<ClientStream&>(stream);
  ours.closed(code, byPeer);
  // More at once than it likes, though it has not said how many that would be.
  if (code == Http2Code::RefusedStream && byPeer) {
    const auto open = static_cast<std::size_t>(std::count_if(streams_.begin(), streams_.end(), [](const auto& entry) { return entry.first->id() != 0; }));
    room_ = std::max<std::size_t>(1, std::min(room_, open));
  }
  touch(ours);
}

void Http2Connection::bodyEmptied(Http2Stream& stream) {
  const auto kept = static_cast<ClientStream&>(stream).shared_from_this();
  kept->bodyEmptied();
}

void Http2Connection::wentAway(Http2Code code, std::string_view debug) {
  retired_ = true;
  if (code != Http2Code::NoError) goneAway_.emplace(code, debug);
}

// ---- ending

void Http2Connection::remove(ClientStream& stream) { streams_.erase(&stream); }

void Http2Connection::tellPool() {
  if (ended_ || !pool_ || isIdle) return;
  if (!streams_.empty())
    pool_->roomIn(*this);
  else if (retired_)
    close();
  else
    pool_->released(*this);
}

void Http2Connection::endIfFinished() {
  if (const auto& violation = session_.violation()) {
    const auto kept = transport().shared_from_this();
    const Failure reason(*violation);
    kept->loseConnection();
    return failAll(reason);
  }
  if (!session_.finished()) return;
  if (streams_.empty()) return close();
  transport().loseConnection();
  failAll(Failure(Http2Violation(Http2Code::ProtocolError, session_.trouble().empty() ? "the connection is over" : session_.trouble())));
}

void Http2Connection::failAll(const Failure& reason) {
  ended_ = retired_ = true;
  writer_.stop();
  // The pool may go meanwhile: then it takes what is left by endAll().
  while (!streams_.empty()) {
    const auto stream = streams_.begin()->second;
    streams_.erase(streams_.begin());
    stream->lost(reason);
  }
  touched_.clear();
  leavePool();
}

void Http2Connection::connectionLost(const Failure& reason) {
  if (goneAway_) return failAll(Failure(*goneAway_));
  failAll(reason);
}

void Http2Connection::close() {
  ended_ = retired_ = true;
  if (hasTransport()) {
    session_.terminate(Http2Code::NoError);
    writer_.now();
    transport().loseConnection();
  }
  writer_.stop();
  leavePool();
}

void Http2Connection::endAll(const std::function<void(Exchange&)>& end, std::vector<BodyStream*>& bodies) {
  if (streams_.empty()) return close();
  ended_ = retired_ = true;
  writer_.stop();
  touched_.clear();
  for (const auto& [key, stream] : std::exchange(streams_, {})) {
    if (Exchange* exchange = stream->exchange())
      end(*exchange);
    else if (BodyStream* body = stream->takeBody())
      bodies.push_back(body);
  }
  if (hasTransport()) transport().abortConnection();
  leavePool();
}

void Http2Connection::leavePool() {
  if (idle_.active()) idle_.cancel();
  if (pool_) pool_->removed(*this);
}

void Http2Connection::setIdle() {
  idle_ = clock().callLater(pool_->options().keepAlive, [this] {
    const auto kept = transport().protocol();
    close();
  });
}

}  // namespace weft::http::detail
