#include <weft/net/stream.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/stream_protocol.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace weft::net {

namespace {

const Logger kLog("weft.net");

// An idle stream keeps a small buffer only. Large ones go round among the streams of a thread: asking the heap for one per message costs a 64 KiB echo a fifth.
constexpr std::size_t kKeepCapacity = 1024;
constexpr std::size_t kLargeCapacity = 2 * Stream::kReadAhead;
constexpr std::size_t kSpares = 8;
thread_local std::vector<std::string> spareBuffers;

void giveBack(std::string& buffer) {
  if (buffer.capacity() <= kKeepCapacity) return;
  if (buffer.capacity() <= 2 * kLargeCapacity && buffer.capacity() >= kLargeCapacity && spareBuffers.size() < kSpares) {
    buffer.clear();
    spareBuffers.push_back(std::move(buffer));
  }
  buffer = {};
}

void takeLarge(std::string& buffer) {
  std::string large;
  if (spareBuffers.empty()) {
    large.reserve(kLargeCapacity);
  } else {
    large = std::move(spareBuffers.back());
    spareBuffers.pop_back();
  }
  large.append(buffer);
  buffer = std::move(large);
}

}  // namespace

namespace detail {

void StreamProtocol::dataReceived(std::string_view data) {
  makeRoom(data.size());
  buffer_.append(data);
  wake();
  if (available() >= std::max(readAhead_, wanted_) && !paused_ && hasTransport()) {
    paused_ = true;
    transport().pauseReading();
  }
}

void StreamProtocol::readConnectionLost() {
  ended_ = true;
  wake();
}

void StreamProtocol::connectionLost(const Failure& reason) {
  lost_ = ended_ = true;
  if (!reason.check<ConnectionDone>()) failure_ = reason;
  for (Trigger<>& trigger : std::exchange(closing_, {})) {
    if (failure_) trigger.errback(*failure_);
    else trigger.callback();
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
  const std::size_t size = buffer_.size() + wanted;
  if (size > buffer_.capacity() && size > kKeepCapacity && size <= kLargeCapacity) takeLarge(buffer_);
}

// Nothing is here and a read waits: the buffer can go.
void StreamProtocol::giveBuffer() {
  begin_ = 0;
  buffer_.clear();
  giveBack(buffer_);
}

void StreamProtocol::wake() {
  if (some_.active()) {
    if (available() == 0 && failure_) std::exchange(some_, {}).errback(*failure_);
    else if (available() > 0 || ended_) std::exchange(some_, {}).callback(takeView(std::min(wanted_, available())));
  } else if (wake_.active() && (available() >= wanted_ || ended_)) {
    std::exchange(wake_, {}).callback();
  }
}

std::string_view StreamProtocol::takeView(std::size_t bytes) {
  const std::string_view taken = view().substr(0, bytes);
  begin_ += taken.size();
  if (paused_ && available() <= readAhead_ / 2 && hasTransport()) {
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

void StreamProtocol::setReadAhead(std::size_t bytes) noexcept {
  readAhead_ = bytes;
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
  if (failure_) return fail<std::string_view>(*failure_);
  if (ended_) return succeed(std::string_view());
  giveBuffer();
  Deferred<std::string_view> deferred;
  wanted_ = maxBytes;
  some_ = deferred.takeTrigger();
  return deferred;
}

Deferred<> StreamProtocol::waitClosed() {
  if (lost_) return failure_ ? fail(*failure_) : succeed();
  Deferred<> deferred;
  closing_.push_back(deferred.takeTrigger());
  return deferred;
}

void StreamProtocol::abandon(const char* why) noexcept {
  ended_ = true;
  if (!failure_) failure_ = ConnectionAborted(why);
  wake();
}

namespace {

using ProtocolPointer = std::shared_ptr<StreamProtocol>;

/// Nothing more will come: what a read that is not satisfied ends with.
Failure endFailure(StreamProtocol& protocol, std::string_view expected) {
  if (protocol.failure()) return *protocol.failure();
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
    if (protocol->failure() && protocol->available() == 0) co_return Failure(*protocol->failure());
    if (protocol->available() == 0) co_return std::nullopt;
    co_return protocol->take(protocol->available());
  }
  std::string line = protocol->take(found);
  line.pop_back();
  if (!line.empty() && line.back() == '\r') line.pop_back();
  co_return line;
}

/// The limits of one operation.
struct StreamLimits {
  Delay timeout;                                       // 0: none
  std::chrono::nanoseconds deadline;                   // max(): none
  template <class T> Deferred<T> apply(Deferred<T> deferred, Clock& clock) const;
};

AsyncGenerator<std::string> linesFrom(std::shared_ptr<Transport> transport, ProtocolPointer protocol, StreamLimits limits, std::size_t limit) {
  for (;;) {
    auto reading = limits.apply(readLineFrom(protocol, limit), transport->clock());
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
    const Serve serve = std::move(serve_);
    Stream stream = streamOf(shared_from_this());
    (*serve)(std::move(stream))
        .addBoth([serve, peer = transport().getPeer()](Outcome<> outcome) {
          if (outcome) return;
          if (outcome.failure().check<ConnectionClosed>()) kLog.debug("serving ", peer, ": ", outcome.failure());
          else kLog.failure(outcome.failure(), "serving ", peer);
        })
        .detach();
  }

 private:
  Serve serve_;
};

}  // namespace
}  // namespace detail

Stream::Stream(std::shared_ptr<Transport> transport)
    : transport_(std::move(transport)), protocol_(std::make_shared<detail::StreamProtocol>()) {
  transport_->setProtocol(protocol_);
}

Stream::Stream(std::shared_ptr<Transport> transport, std::shared_ptr<detail::StreamProtocol> protocol) noexcept
    : transport_(std::move(transport)), protocol_(std::move(protocol)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    letGo();
    transport_ = std::move(other.transport_);
    protocol_ = std::move(other.protocol_);
    readTimeout_ = other.readTimeout_;
    writeTimeout_ = other.writeTimeout_;
    deadline_ = other.deadline_;
  }
  return *this;
}

Stream::~Stream() { letGo(); }

void Stream::letGo() noexcept {
  if (!transport_) return;
  protocol_->abandon("its Stream was dropped");
  if (transport_->protocol() == protocol_) transport_->loseConnection();
}

template <class T> Deferred<T> detail::StreamLimits::apply(Deferred<T> deferred, Clock& clock) const {
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

template <class T> Deferred<T> Stream::limited(Deferred<T> deferred, Delay timeout) {
  return detail::StreamLimits{timeout, deadline_}.apply(std::move(deferred), transport_->clock());
}

Deferred<std::string_view> Stream::readSome(std::size_t maxBytes) { return limited(protocol_->waitSome(maxBytes), readTimeout_); }

Deferred<std::string> Stream::read(std::size_t maxBytes) {
  return limited(protocol_->waitSome(maxBytes), readTimeout_).addCallback([](std::string_view data) { return std::string(data); });
}

Deferred<std::string> Stream::readExactly(std::size_t bytes) { return limited(detail::readExactlyFrom(protocol_, bytes), readTimeout_); }

Deferred<std::string> Stream::readUntil(std::string delimiter, std::size_t limit) {
  return limited(detail::readUntilFrom(protocol_, std::move(delimiter), limit), readTimeout_);
}

Deferred<std::optional<std::string>> Stream::readLine(std::size_t limit) { return limited(detail::readLineFrom(protocol_, limit), readTimeout_); }

AsyncGenerator<std::string> Stream::lines(std::size_t limit) {
  return detail::linesFrom(transport_, protocol_, {readTimeout_, deadline_}, limit);
}

void Stream::unread(std::string_view data) { protocol_->unread(std::string(data)); }
void Stream::setReadAhead(std::size_t bytes) noexcept { protocol_->setReadAhead(bytes); }

Deferred<> Stream::write(std::string_view data) {
  transport_->write(data);
  return limited(transport_->drained(), writeTimeout_);
}

void Stream::closeWriting() { transport_->loseWriteConnection(); }

Deferred<> Stream::close() {
  transport_->loseConnection();
  return limited(protocol_->waitClosed(), writeTimeout_);
}

void Stream::abort() { transport_->abortConnection(); }

std::shared_ptr<Transport> Stream::detach() {
  const std::shared_ptr<detail::StreamProtocol> protocol = std::move(protocol_);
  std::shared_ptr<Transport> transport = std::move(transport_);
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
