#include <weft/net/protocols/frame_receiver.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/transport.hpp>

#include <algorithm>
#include <utility>

namespace weft::net {

namespace {

constexpr std::size_t kTaste = 256;                    // of a read, what is copied at first to complete a frame
constexpr std::size_t kKeptCapacity = 4096;            // of a buffer that nothing is in

void empty(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptCapacity) buffer = {};
}

// Is it the end of it, in the same memory?
bool isTail(std::string_view whole, std::string_view part) {
  return part.size() <= whole.size() && part.data() == whole.data() + (whole.size() - part.size());
}

}  // namespace

// Views of the read buffer must not outlive the call, however it ends.
class FrameReceiver::Running {
 public:
  explicit Running(FrameReceiver& receiver) : receiver_(receiver) { receiver_.running_ = true; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    receiver_.running_ = false;
    receiver_.rest_ = receiver_.given_ = {};
  }

 private:
  FrameReceiver& receiver_;
};

bool FrameReceiver::goesOn() const noexcept { return !paused_ && hasTransport() && transport().connected(); }

void FrameReceiver::dataReceived(std::string_view data) {
  if (running_) extra_ += data;
  else process(data);
}

void FrameReceiver::process(std::string_view data) {
  const Running running(*this);
  bool fromBacklog = !backlog_.empty();
  if (fromBacklog) {
    backlog_ += data;
    rest_ = std::string_view(backlog_).substr(backlogAt_);
  } else {
    rest_ = data;
  }
  for (;;) {
    while (!rest_.empty() && goesOn()) next();
    if (extra_.empty() || !goesOn()) break;
    backlog_ = std::exchange(extra_, {});
    backlogAt_ = 0;
    rest_ = backlog_;
    fromBacklog = true;
  }
  if (hasTransport() && !transport().connected()) {    // told to close: the rest is nobody's
    held_ = backlog_ = extra_ = {};
    backlogAt_ = 0;
  } else if (!extra_.empty() || (!fromBacklog && !rest_.empty())) {
    std::string unread(rest_);
    unread += std::exchange(extra_, {});
    backlog_ = std::move(unread);
    backlogAt_ = 0;
  } else if (!rest_.empty()) {
    backlogAt_ = backlog_.size() - rest_.size();
  } else {
    empty(backlog_);
    backlogAt_ = 0;
    if (held_.empty()) empty(held_);
  }
}

void FrameReceiver::next() {
  if (held_.empty()) {
    const std::size_t size = findFrame(rest_);
    if (size == kMore) {
      held_ = rest_;
      rest_ = {};
      return;
    }
    given_ = rest_.substr(0, size);
    rest_.remove_prefix(given_.size());
    frameReceived(given_);
    return;
  }
  const std::size_t before = held_.size();
  const std::string_view more = rest_.substr(0, std::max(kTaste, before));
  held_ += more;
  const std::size_t size = findFrame(held_);
  if (size == kMore) {
    rest_.remove_prefix(more.size());
    return;
  }
  std::string bytes = std::exchange(held_, {});        // the callback may take what is unread, or switch
  if (size >= before) {
    rest_.remove_prefix(size - before);
  } else {
    rest_.remove_prefix(more.size());
    held_ = bytes.substr(size);
  }
  given_ = {};
  frameReceived(std::string_view(bytes).substr(0, size));
  if (held_.empty()) {
    bytes.clear();
    held_ = std::move(bytes);
  }
}

std::string FrameReceiver::takeUnread() {
  std::string unread = std::exchange(held_, {});
  if (running_) {
    unread += std::exchange(rest_, {});
    unread += std::exchange(extra_, {});
  } else {
    unread += std::string_view(backlog_).substr(backlogAt_);
    backlog_ = {};
    backlogAt_ = 0;
  }
  return unread;
}

void FrameReceiver::addUnread(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!running_) backlog_ += bytes;
  else if (rest_.empty() && held_.empty() && extra_.empty() && isTail(given_, bytes)) rest_ = bytes;
  else extra_ += bytes;
}

void FrameReceiver::lookAgain() {
  if (running_ || held_.empty()) return;
  held_ += std::string_view(backlog_).substr(backlogAt_);
  backlog_ = std::exchange(held_, {});
  backlogAt_ = 0;
}

void FrameReceiver::giveUnread() {
  if (running_ || paused_ || !hasTransport()) return;
  try {
    process({});
  } catch (...) {                                      // nobody above is a transport that would close for it
    const Failure failure;
    kNetLog.failure(failure, "a protocol threw; aborting its connection");
    if (hasTransport()) transport().abortConnection(failure);
  }
}

void FrameReceiver::pauseProducing() {
  paused_ = true;
  if (hasTransport()) transport().pauseReading();
}

void FrameReceiver::resumeProducing() {
  paused_ = false;
  giveUnread();
  if (!paused_ && hasTransport()) transport().resumeReading();
}

}  // namespace weft::net
