#include <weft/net/file_sender.hpp>

#include <weft/defer/threads.hpp>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace weft::net {

FileSender::FileSender(Source source, Consumer& consumer, Transform transform)
    : source_(std::move(source)), transform_(std::move(transform)), consumer_(&consumer) {}

Deferred<std::optional<char>> FileSender::send(Source source, Consumer& consumer, Transform transform) {
  auto sender = std::make_shared<FileSender>(std::move(source), consumer, std::move(transform));
  Deferred<std::optional<char>> done([watch = std::weak_ptr(sender)] {
    if (const auto cancelled = watch.lock()) cancelled->finish(Failure(CancelledError()));
  });
  sender->done_ = done.takeTrigger();
  try {
    consumer.registerProducer(sender, false);
  } catch (...) {
    sender->consumer_ = nullptr;
    sender->finish(Failure());
  }
  return done;
}

void FileSender::resumeProducing() {
  if (!consumer_ || (piece_ && !piece_.called())) return;
  Deferred<> piece = sendPiece(shared_from_this());
  if (piece.called()) piece_ = nullptr;
  else piece_ = std::move(piece);
}

Deferred<> FileSender::sendPiece(std::shared_ptr<FileSender> self) {
  try {
    std::string piece;
    while (piece.empty()) {                            // a transform may leave nothing; the consumer would wait for ever
      piece = co_await self->source_(kPiece);
      if (!self->consumer_) co_return;
      if (piece.empty()) co_return self->finish(self->last_);
      if (self->transform_) piece = self->transform_(std::move(piece));
    }
    self->last_ = piece.back();
    self->consumer_->write(piece);
  } catch (...) {
    self->finish(Failure());
  }
}

void FileSender::stopProducing() {
  consumer_ = nullptr;                                 // it lets go by itself
  finish(Failure(ProducingStopped()));
}

void FileSender::finish(Outcome<std::optional<char>> outcome) {
  const auto self = shared_from_this();
  if (Consumer* const consumer = std::exchange(consumer_, nullptr)) consumer->unregisterProducer();
  if (done_.pending()) std::exchange(done_, {}).fire(std::move(outcome));
  if (piece_) {                                        // its frame holds this object
    Deferred<> piece = std::move(piece_);
    piece.cancel();
    piece.detach();
  }
}

namespace {

class OpenFile {
 public:
  explicit OpenFile(std::string path) : path_(std::move(path)) {}
  OpenFile(const OpenFile&) = delete;
  ~OpenFile() {
    if (file_ >= 0) ::close(file_);
  }
  std::string read(std::size_t bytes) {
    if (file_ < 0) file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), "opening " + path_);
    std::string piece(bytes, '\0');
    ssize_t count;
    while ((count = ::read(file_, piece.data(), bytes)) < 0)
      if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "reading " + path_);
    piece.resize(static_cast<std::size_t>(count));
    return piece;
  }

 private:
  std::string path_;
  int file_ = -1;
};

}  // namespace

FileSender::Source fileSource(Reactor& reactor, std::string path) {
  return [&reactor, file = std::make_shared<OpenFile>(std::move(path))](std::size_t bytes) {
    return deferToThread(reactor, [file, bytes] { return file->read(bytes); });
  };
}

}  // namespace weft::net
