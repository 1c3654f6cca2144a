#include <weft/http/http2/internal/session_writer.hpp>

#include <weft/net/transport.hpp>

namespace weft::http::detail {
namespace {

constexpr std::size_t kMostAtOnce = 64 * 1024;         // what one write is given
constexpr std::size_t kMostInATurn = 512 * 1024;       // others have work, too
constexpr std::size_t kKept = 16 * 1024;               // of the buffer's memory, between turns

}  // namespace

void SessionWriter::now() {
  if (stopped_ || writing_ || room_ || !owner_.hasTransport()) return;
  if (timer_.active()) timer_.cancel();
  writing_ = true;
  for (std::size_t written = 0;;) {
    out_.clear();
    const bool some = session_.produce(out_, kMostAtOnce);
    if (stopped_) break;
    if (!some) break;
    written += out_.size();
    net::Transport& transport = owner_.transport();
    transport.write(out_);
    if (transport.buffered() > 0) {
      Deferred<> room = transport.drained();
      if (!room.called()) {
        room_ = std::move(room).addBoth([this](Outcome<> outcome) {
          room_ = nullptr;
          if (outcome) goOn();
        });
        break;
      }
    }
    if (written >= kMostInATurn) {
      soon();
      break;
    }
  }
  writing_ = false;
  if (out_.capacity() > kKept) std::string().swap(out_);
}

void SessionWriter::soon() {
  if (stopped_ || room_ || timer_.active() || !owner_.hasTransport()) return;
  timer_ = owner_.transport().clock().callLater(0, [this] { goOn(); });
}

void SessionWriter::goOn() {
  if (stopped_ || !owner_.hasTransport()) return;
  const auto kept = owner_.transport().protocol();
  now();
  if (!stopped_) written_();
}

void SessionWriter::stop() noexcept {
  stopped_ = true;
  if (timer_.active()) timer_.cancel();
  Deferred<> room = std::exchange(room_, nullptr);
  room.cancel();
  room.detach();
}

}  // namespace weft::http::detail
