#include <weft/net/stream.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/connection.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/internal/stream_protocol.hpp>

#include <algorithm>
#include <utility>

namespace weft::net {

namespace {

// From here on a view of the socket's buffer is cheaper than a copy, though a reader who takes his time then holds 64 KiB.
constexpr std::size_t kLend = 4096;

}  // namespace

namespace detail {

const StreamLimits StreamProtocol::kNoLimits;

void StreamProtocol::dataReceived(std::string_view data) {
  if (data.size() >= kLend && lend(data)) return;
  makeRoom(data.size());
  buffer_.append(data);
  wake();
  if (available() >= std::max(readAhead(), wanted_) && !paused_ && hasTransport()) {
    paused_ = true;
    transport().pauseReading();
  }
}

bool StreamProtocol::lend(std::string_view data) {
  if (!some_.active() || available() > 0 || data.size() > wanted_) return false;
  auto* const lender = dynamic_cast<Connection*>(&transport());
  if (!lender || !lender->lendsReadBuffer()) return false;
  const std::shared_ptr<StreamProtocol> self = shared_from_this();
  lent_ = true;
  std::exchange(some_, {}).callback(data);
  if (std::exchange(lent_, false)) kept_ = lender->takeReadBuffer();
  return true;
}

void StreamProtocol::readConnectionLost() {
  ended_ = true;
  wake();
}

void StreamProtocol::connectionLost(const Failure& reason) {
  lost_ = ended_ = true;
  if (!reason.check<ConnectionDone>()) failure_ = reason;
  if (rare_) {
    for (Trigger<>& trigger : std::exchange(rare_->closing, {})) {
      if (failed()) trigger.errback(failure_);
      else trigger.callback();
    }
  }
  wake();
}

// What was given out as a view may be overwritten now: this is called only from the loop, or by the next read.
void StreamProtocol::makeRoom(std::size_t wanted) {
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  } else if (begin_ > 0 && buffer_.size() + wanted > buffer_.capacity()) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  ReadBuffers::makeRoom(buffer_, buffer_.size() + wanted);
}

// Nothing is here and a read waits: the buffer can go.
void StreamProtocol::giveBuffer() noexcept {
  begin_ = 0;
  ReadBuffers::giveBack(buffer_);
}

void StreamProtocol::wake() {
  if (some_.active()) {
    if (available() == 0 && failed()) std::exchange(some_, {}).errback(failure_);
    else if (available() > 0 || ended_) std::exchange(some_, {}).callback(takeView(std::min(wanted_, available())));
  } else if (wake_.active() && (available() >= wanted_ || ended_)) {
    std::exchange(wake_, {}).callback();
  }
}

std::string_view StreamProtocol::takeView(std::size_t bytes) {
  const std::string_view taken = view().substr(0, bytes);
  begin_ += taken.size();
  if (paused_ && available() <= readAhead() / 2 && hasTransport()) {
    paused_ = false;
    transport().resumeReading();
  }
  return taken;
}

void StreamProtocol::unread(const std::string& data) {
  if (reading()) throw AlreadyReading();
  buffer_.replace(0, begin_, data);
  begin_ = 0;
}

void StreamProtocol::setReadAhead(std::size_t bytes) {
  rare().readAhead = bytes;
  takeView(0);                                         // there may be room now
}

Deferred<> StreamProtocol::wait(std::size_t bytes) {
  if (reading()) return fail(AlreadyReading());
  if (available() == 0) giveBuffer();
  Deferred<> deferred;
  wanted_ = bytes;
  wake_ = deferred.takeTrigger();
  if (paused_ && available() < wanted_ && hasTransport()) {
    paused_ = false;
    transport().resumeReading();
  }
  return deferred;
}

Deferred<std::string_view> StreamProtocol::waitSome(std::size_t maxBytes) {
  if (reading()) return fail<std::string_view>(AlreadyReading());
  if (available() > 0) return succeed(takeView(std::min(maxBytes, available())));
  if (failed()) return fail<std::string_view>(failure_);
  if (ended_) return succeed(std::string_view());
  giveBuffer();
  Deferred<std::string_view> deferred;
  wanted_ = maxBytes;
  some_ = deferred.takeTrigger();
  return deferred;
}

Deferred<> StreamProtocol::waitClosed() {
  if (lost_) return failed() ? fail(failure_) : succeed();
  Deferred<> deferred;
  rare().closing.push_back(deferred.takeTrigger());
  return deferred;
}

void StreamProtocol::abandon(const char* why) noexcept {
  ended_ = true;
  if (!failed()) failure_ = ConnectionAborted(why);
  wake();
}

namespace {

using ProtocolPointer = std::shared_ptr<StreamProtocol>;

/// Nothing more will come: what a read that is not satisfied ends with.
Failure endFailure(StreamProtocol& protocol, std::string_view expected) {
  if (protocol.failed()) return protocol.failure();
  return IncompleteReadError(expected, std::string(protocol.view()));
}

Deferred<std::string> readExactlyFrom(ProtocolPointer protocol, std::size_t bytes) {
  if (protocol->available() < bytes && !protocol->ended()) co_await protocol->wait(bytes);
  if (protocol->available() < bytes) co_return endFailure(*protocol, std::to_string(bytes) + " bytes");
  co_return protocol->take(bytes);
}

// The length of what ends with the delimiter; 0 when nothing more comes before it does.
Deferred<std::size_t> find(ProtocolPointer protocol, std::string delimiter, std::size_t limit) {
  for (std::size_t from = 0;;) {
    const std::string_view view = protocol->view().substr(0, limit);
    const std::size_t at = view.find(delimiter, from);
    if (at != std::string_view::npos) co_return at + delimiter.size();
    if (view.size() == limit) co_return Failure(LimitExceeded(limit));
    if (protocol->ended()) co_return std::size_t{0};
    from = view.size() >= delimiter.size() ? view.size() - delimiter.size() + 1 : 0;
    co_await protocol->wait(view.size() + 1);
  }
}

Deferred<std::string> readUntilFrom(ProtocolPointer protocol, std::string delimiter, std::size_t limit) {
  if (protocol->reading()) co_return Failure(AlreadyReading());
  const std::size_t found = co_await find(protocol, std::move(delimiter), limit);
  if (found == 0) co_return endFailure(*protocol, "the delimiter");
  co_return protocol->take(found);
}

Deferred<std::optional<std::string>> readLineFrom(ProtocolPointer protocol, std::size_t limit) {
  if (protocol->reading()) co_return Failure(AlreadyReading());
  const std::size_t found = co_await find(protocol, "\n", limit);
  if (found == 0) {
    if (protocol->failed() && protocol->available() == 0) co_return Failure(protocol->failure());
    if (protocol->available() == 0) co_return std::nullopt;
    co_return protocol->take(protocol->available());
  }
  std::string line = protocol->take(found);
  line.pop_back();
  if (!line.empty() && line.back() == '\r') line.pop_back();
  co_return line;
}

AsyncGenerator<std::string> linesFrom(ProtocolPointer protocol, StreamLimits limits, std::size_t limit) {
  for (;;) {
    protocol->nextCall();
    auto reading = readLineFrom(protocol, limit);
    if (protocol->connection()) reading = limits.apply(std::move(reading), limits.readTimeout, protocol->connection()->clock());
    auto line = co_await std::move(reading);
    if (!line) co_return;
    co_yield std::move(*line);
  }
}

/// A server's side: the connection becomes a Stream when it is made.
class ServedStream final : public StreamProtocol {
 public:
  using Serve = std::shared_ptr<std::function<Deferred<>(Stream)>>;

  explicit ServedStream(Serve serve) : serve_(std::move(serve)) {}
  void connectionMade() override {
    setConnection(transport().shared_from_this());
    auto self = std::static_pointer_cast<ServedStream>(shared_from_this());
    Stream stream = streamOf(self);
    (*serve_)(std::move(stream))
        .addBoth([self](Outcome<> outcome) {           // holds what `serve` captures while it runs
          if (outcome) return;
          const Address peer = self->hasTransport() ? self->transport().getPeer() : Address();
          if (outcome.failure().check<ConnectionClosed>()) kNetLog.debug("serving ", peer, ": ", outcome.failure());
          else kNetLog.failure(outcome.failure(), "serving ", peer);
        })
        .detach();
  }

 private:
  Serve serve_;
};

}  // namespace
}  // namespace detail

template <class T> Deferred<T> detail::StreamLimits::apply(Deferred<T> deferred, Delay timeout, Clock& clock) const {
  if (deferred.called()) return deferred;
  Delay delay = timeout;
  if (deadline != std::chrono::nanoseconds::max()) {
    const Delay left = std::max(deadline - clock.now(), std::chrono::nanoseconds(0));
    if (timeout == Delay(0) || left < timeout) delay = left;
  } else if (timeout == Delay(0)) {
    return deferred;
  }
  return deferred.addTimeout(delay, clock);
}

Stream::Stream(std::shared_ptr<Transport> transport) : protocol_(std::make_shared<detail::StreamProtocol>()) {
  protocol_->setConnection(transport);
  transport->setProtocol(protocol_);
}

Stream::Stream(std::shared_ptr<detail::StreamProtocol> protocol) noexcept : protocol_(std::move(protocol)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    letGo();
    protocol_ = std::move(other.protocol_);
  }
  return *this;
}

Stream::~Stream() { letGo(); }

void Stream::letGo() noexcept {
  if (!protocol_) return;
  protocol_->nextCall();
  protocol_->abandon("its Stream was dropped");
  const std::shared_ptr<Transport> connection = protocol_->takeConnection();
  if (connection->protocol() == protocol_) connection->loseConnection();
}

Transport& Stream::transport() const noexcept { return *protocol_->connection(); }

template <class T> Deferred<T> Stream::limitedRead(Deferred<T> deferred) {
  const detail::StreamLimits& limits = protocol_->limits();
  return limits.apply(std::move(deferred), limits.readTimeout, transport().clock());
}

Deferred<> Stream::limitedWrite(Deferred<> deferred) {
  const detail::StreamLimits& limits = protocol_->limits();
  return limits.apply(std::move(deferred), limits.writeTimeout, transport().clock());
}

void Stream::setTimeout(Delay delay) {
  setReadTimeout(delay);
  setWriteTimeout(delay);
}
void Stream::setReadTimeout(Delay delay) { protocol_->changeLimits().readTimeout = delay; }
void Stream::setWriteTimeout(Delay delay) { protocol_->changeLimits().writeTimeout = delay; }
void Stream::setDeadline(Delay delay) { protocol_->changeLimits().deadline = transport().clock().now() + delay.value(); }
void Stream::clearDeadline() { protocol_->changeLimits().deadline = std::chrono::nanoseconds::max(); }

Deferred<std::string_view> Stream::readSome(std::size_t maxBytes) {
  protocol_->nextCall();
  return limitedRead(protocol_->waitSome(maxBytes));
}

Deferred<std::string> Stream::read(std::size_t maxBytes) {
  return readSome(maxBytes).addCallback([](std::string_view data) { return std::string(data); });
}

Deferred<std::string> Stream::readExactly(std::size_t bytes) {
  protocol_->nextCall();
  return limitedRead(detail::readExactlyFrom(protocol_, bytes));
}

Deferred<std::string> Stream::readUntil(std::string delimiter, std::size_t limit) {
  protocol_->nextCall();
  return limitedRead(detail::readUntilFrom(protocol_, std::move(delimiter), limit));
}

Deferred<std::optional<std::string>> Stream::readLine(std::size_t limit) {
  protocol_->nextCall();
  return limitedRead(detail::readLineFrom(protocol_, limit));
}

AsyncGenerator<std::string> Stream::lines(std::size_t limit) { return detail::linesFrom(protocol_, protocol_->limits(), limit); }

void Stream::unread(std::string_view data) {
  const std::string copy(data);                        // it may be a view that dies now
  protocol_->nextCall();
  protocol_->unread(copy);
}

void Stream::setReadAhead(std::size_t bytes) { protocol_->setReadAhead(bytes); }

Deferred<> Stream::write(std::string_view data) {
  transport().write(data);
  return limitedWrite(transport().drained());
}

void Stream::closeWriting() { transport().loseWriteConnection(); }

Deferred<> Stream::close() {
  transport().loseConnection();
  return limitedWrite(protocol_->waitClosed());
}

void Stream::abort() { transport().abortConnection(); }

std::shared_ptr<Transport> Stream::detach() {
  const std::shared_ptr<detail::StreamProtocol> protocol = std::move(protocol_);
  protocol->nextCall();
  std::shared_ptr<Transport> transport = protocol->takeConnection();
  if (transport->protocol() == protocol) {
    transport->setProtocol(nullptr);
    transport->unread(protocol->take(protocol->available()));
    if (protocol->paused()) transport->resumeReading();
  }
  protocol->abandon("its Stream was given away");
  return transport;
}

std::shared_ptr<Factory> streamFactory(std::function<Deferred<>(Stream)> serve) {
  return factory([serve = std::make_shared<std::function<Deferred<>(Stream)>>(std::move(serve))] {
    return std::make_shared<detail::ServedStream>(serve);
  });
}

Deferred<std::uint64_t> pump(Stream& from, Stream& to) {
  for (std::uint64_t total = 0;;) {
    const std::string_view data = co_await from.readSome();
    if (data.empty()) co_return total;
    total += data.size();
    co_await to.write(data);
  }
}

}  // namespace weft::net
