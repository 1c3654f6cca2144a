#include <weft/net/internal/pipe_connection.hpp>

#include <weft/net/error.hpp>

#include <cerrno>
#include <utility>

namespace weft::net::detail {

PipeConnection::PipeConnection(SocketLoop& loop) noexcept : clock_(loop.reactor()) {}

PipeConnection::~PipeConnection() {
  closeReader();
  closeWriter();
}

std::shared_ptr<PipeConnection> PipeConnection::make(SocketLoop& loop, End in, End out, WhenUnread whenUnread) {
  auto connection = std::make_shared<PipeConnection>(loop);
  connection->whenUnread_ = whenUnread;
  connection->ended_ = !in.descriptor;
  connection->keepIn_ = std::move(in.keep);
  connection->keepOut_ = std::move(out.keep);
  if (in.descriptor) connection->reader_ = PipeReader::open(loop, std::move(in.descriptor), *connection, 0);
  if (out.descriptor) connection->writer_ = PipeWriter::open(loop, std::move(out.descriptor), *connection, 1);
  return connection;
}

void PipeConnection::closeReader() noexcept {
  if (reader_) std::exchange(reader_, nullptr)->close();
  keepIn_.reset();
}

void PipeConnection::closeWriter() noexcept {
  if (writer_) std::exchange(writer_, nullptr)->close();
  keepOut_.reset();
}

// ---- reading

void PipeConnection::startReading() {
  if (reader_) reader_->resume();
}

void PipeConnection::pipeReadEnded(int, int error) noexcept {
  reader_ = nullptr;
  keepIn_.reset();
  ended_ = true;
  if (!error) error = brokenBy_;
  if (error) end(ConnectionLost(systemErrorText(error), error), false);
  else receivedEnd();
}

// ---- writing

bool PipeConnection::mayWrite(std::size_t size) {
  if (!takesWrites() || size == 0) return false;
  if (!writer_) {
    if (!brokenBy_) brokenBy_ = EPIPE;
    return false;
  }
  if (writer_->size() == 0 || writer_->size() + size <= writeLimit()) return true;
  end(WriteBufferFull(writeLimit()), true);
  return false;
}

void PipeConnection::wrote() {
  if (!writer_ || writer_->size() == 0) return;
  holdSelf();
  queued();
}

void PipeConnection::write(std::string_view data) {
  if (!mayWrite(data.size())) return;
  writer_->write(data);
  wrote();
}

void PipeConnection::writeOwned(std::string data) {
  if (!mayWrite(data.size())) return;
  writer_->writeOwned(std::move(data));
  wrote();
}

void PipeConnection::writeSequence(std::span<const std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string all;
  all.reserve(size);
  for (const std::string_view part : parts) all += part;
  writeOwned(std::move(all));
}

void PipeConnection::flush() {
  holdSelf();
  if (writer_) writer_->flush();
  else clock_.callLater(0, [self = shared_from_this(), this] { wroteAll(); });
}

void PipeConnection::pipeWrote(int) noexcept {
  wroteSome();
  if (!writer_ || writer_->size() > 0) return;
  wroteAll();
  if (state() == State::Open && !protocol()) releaseSelf();      // nobody but its user
}

void PipeConnection::pipeWriteEnded(int, int error, std::size_t lost) noexcept {
  writer_ = nullptr;
  keepOut_.reset();
  if (lost > 0) brokenBy_ = error;
  if (state() == State::Closing || whenUnread_ == WhenUnread::End || ended_) {
    if (state() == State::Closing && lost == 0) end(ConnectionDone(), false);
    else end(ConnectionLost(systemErrorText(error), error), false);
    return;
  }
  wroteSome();
  if (writeClosing()) wroteAll();
}

void PipeConnection::endWriting() noexcept { closeWriter(); }

// ---- the end

void PipeConnection::endCarrier(bool abort) noexcept {
  closeReader();
  closeWriter();
  UniqueFunction<void()> onAbort = std::move(onAbort_);
  if (abort && onAbort) onAbort();
  if (!loopEnds_) finishAgain();
}

void PipeConnection::finishAgain() {
  holdSelf();
  if (loopEnds_) over();
  else clock_.callLater(0, RunOnce([self = shared_from_this(), this] { over(); }));  // also when the reactor goes before it gets there
}

void PipeConnection::over() noexcept {
  finish();
  releaseSelf();
}

void PipeConnection::pipeLoopEnds() noexcept {
  const std::shared_ptr<Transport> self = shared_from_this();
  loopEnds_ = true;
  end(ConnectionAborted("the reactor has ended"), true);
  over();
}

}  // namespace weft::net::detail
