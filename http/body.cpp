#include <weft/http/body.hpp>

#include <weft/http/client/errors.hpp>
#include <weft/http/internal/body_files.hpp>
#include <weft/http/internal/body_stream.hpp>

#include <memory>

namespace weft::http {

Body& Body::operator=(Body&& other) noexcept {
  if (this == &other) return *this;
  if (stream_) release();
  bytes_ = std::move(other.bytes_);
  other.bytes_.clear();
  stream_ = std::exchange(other.stream_, nullptr);
  return *this;
}

void Body::release() noexcept { std::exchange(stream_, nullptr)->readerGone(); }

bool Body::streamComplete() const noexcept { return stream_->complete(); }

const std::string& Body::buffered() const noexcept { return stream_ ? stream_->buffer() : bytes_; }

std::shared_ptr<BodySource> Body::takeSource() noexcept {
  auto source = stream_ ? stream_->unreadSource() : nullptr;
  if (source) release();
  return source;
}

std::string Body::take() { return std::exchange(stream_ ? stream_->buffer() : bytes_, {}); }

Deferred<std::string> Body::bytes(std::size_t limit) {
  if (stream_) return stream_->bytes(limit);
  if (bytes_.size() > limit) return fail<std::string>(BodyTooLarge("the message", limit, bytes_.size()));
  return succeed(std::exchange(bytes_, {}));
}

Deferred<std::optional<std::string>> Body::next() {
  if (stream_) return stream_->next();
  if (bytes_.empty()) return succeed(std::optional<std::string>());
  return succeed(std::optional<std::string>(std::exchange(bytes_, {})));
}

namespace {

AsyncGenerator<std::string> chunksOf(Body body) {
  while (auto piece = co_await body.next()) co_yield std::move(*piece);
}

}  // namespace

Deferred<std::uint64_t> detail::saveChunks(AsyncGenerator<std::string> chunks, std::string path) {
  auto opening = detail::onFileThread([path] { return std::make_shared<detail::PartFile>(path); });
  const std::shared_ptr<detail::PartFile> file = co_await opening;
  std::uint64_t written = 0;
  while (auto piece = co_await chunks.next()) {
    written += piece->size();
    auto writing = detail::onFileThread([file, bytes = std::move(*piece)] { file->write(bytes); });
    co_await writing;
  }
  auto finishing = detail::onFileThread([file] { file->finish(); });
  co_await finishing;
  co_return written;
}

AsyncGenerator<std::string> Body::chunks() && { return chunksOf(std::move(*this)); }

Deferred<std::uint64_t> Body::saveTo(std::string path) && { return detail::saveChunks(std::move(*this).chunks(), std::move(path)); }

void Body::onProgress(Progress callback) {
  if (stream_) return stream_->onProgress(std::move(callback));
  callback(bytes_.size(), bytes_.size());
}

namespace detail {
namespace {

// Keeps a stream alive while it fires: whoever it fires may drop the last reference.
class Kept {
 public:
  explicit Kept(BodyStream& stream) noexcept : stream_(&stream) { stream_->addReference(); }
  Kept(Kept&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
  Kept& operator=(Kept&&) = delete;
  ~Kept() {
    if (stream_) stream_->removeReference();
  }
  BodyStream* operator->() const noexcept { return stream_; }

 private:
  BodyStream* stream_;
};

}  // namespace

// Somebody who waits for all of it takes what comes; otherwise no more than a window is held.
bool BodyStream::full() const noexcept { return !ended_ && !all_ && buffer_.size() >= Body::kReadAhead; }

template <class T> Deferred<T> BodyStream::wait(Trigger<T>& trigger) {
  Deferred<T> deferred([kept = Kept(*this)] { kept->cancelled(); });
  trigger = deferred.takeTrigger();
  if (source_) source_->bodyWanted();
  return deferred;
}

Deferred<std::string> BodyStream::bytes(std::size_t limit) {
  if (failure_) return weft::fail<std::string>(*failure_);
  if (all_ || piece_)
    return weft::fail<std::string>(RequestError(what_, "its body is being read already: one read at a time"));
  if (buffer_.size() > limit || (!ended_ && expected_ > limit)) {
    abandon();
    failure_.emplace(BodyTooLarge(what_, limit, expected_));
    return weft::fail<std::string>(*failure_);
  }
  if (ended_) return succeed(std::exchange(buffer_, {}));
  limit_ = limit;
  return wait(all_);
}

Deferred<std::optional<std::string>> BodyStream::next() {
  using Piece = std::optional<std::string>;
  if (!buffer_.empty()) {
    Piece piece(std::exchange(buffer_, {}));
    if (source_) source_->bodyWanted();
    return succeed(std::move(piece));
  }
  if (failure_) return weft::fail<Piece>(*failure_);
  if (all_ || piece_)
    return weft::fail<Piece>(RequestError(what_, "its body is being read already: one read at a time"));
  if (ended_) return succeed(Piece());
  return wait(piece_);
}

void BodyStream::onProgress(Body::Progress callback) {
  progress_ = std::move(callback);
  if (ended_) reportProgress();
}

void BodyStream::reportProgress() {
  Body::Progress callback = std::move(progress_);                          // which may set another one
  if (!callback) return;
  try {
    callback(received_, expected_ > 0 ? std::optional<std::uint64_t>(expected_) : std::nullopt);
  } catch (...) {
    abandon();
    failure_.emplace(Failure());
    return;
  }
  if (!progress_) progress_ = std::move(callback);
}

void BodyStream::deliver() {
  const Kept kept(*this);
  if (progress_ && !ended_) {
    reportProgress();
    if (failure_) return fireFailure();
  }
  if (piece_ && !buffer_.empty()) {
    auto waiter = std::move(piece_);
    waiter.callback(std::optional<std::string>(std::exchange(buffer_, {})));
  } else if (all_ && buffer_.size() > limit_) {
    abandon();
    failure_.emplace(BodyTooLarge(what_, limit_, 0));
    fireFailure();
  }
}

void BodyStream::finish() {
  const Kept kept(*this);
  ended_ = true;
  source_ = nullptr;
  if (progress_) {
    if (expected_ == 0) expected_ = received_;
    reportProgress();
    if (failure_) return fireFailure();
  }
  deliver();
  if (all_) {
    auto waiter = std::move(all_);
    waiter.callback(std::exchange(buffer_, {}));
  } else if (piece_) {
    auto waiter = std::move(piece_);
    waiter.callback(std::optional<std::string>());
  }
}

void BodyStream::fail(Failure failure) {
  ended_ = true;
  source_ = nullptr;
  failure_.emplace(std::move(failure));
  fireFailure();
}

void BodyStream::fireFailure() {
  const Kept kept(*this);
  if (all_) {
    auto waiter = std::move(all_);
    waiter.errback(*failure_);
  } else if (piece_) {
    auto waiter = std::move(piece_);
    waiter.errback(*failure_);
  }
}

void BodyStream::cancelled() {
  abandon();
  failure_.emplace(CancelledError());
  fireFailure();
}

void BodyStream::abandon() noexcept {
  ended_ = true;
  if (auto* source = std::exchange(source_, nullptr)) source->bodyAbandoned();
}

void BodyStream::readerGone() noexcept {
  // A read that waits goes on without its Body: whoever awaits `response.bytes()` of a temporary response still gets it.
  if (!all_ && !piece_ && !ended_) abandon();
  removeReference();
}

}  // namespace detail
}  // namespace weft::http
