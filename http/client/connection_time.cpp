// Connection: one timer, which looks when the next deadline is due and is never moved while bytes come.
#include <weft/http/client/internal/connection.hpp>

#include <weft/http/internal/deadline.hpp>

#include <algorithm>
#include <utility>

namespace weft::http::detail {
std::chrono::nanoseconds Connection::nextDeadline() const noexcept {
  const AgentOptions& options = pool_->options();
  if (!exchange_ && !stream_) return later(activeAt_, options.keepAlive);
  if (paused_) return deadline_;                                           // it is we who do not read
  const auto idle = std::min(deadline_, later(activeAt_, options.idleTimeout));
  if (sender_) return sender_->waitsForServer() || parser_.started() ? idle : deadline_;
  if (exchange_ && !parser_.started()) return std::min(deadline_, later(sentAt_, options.firstByteTimeout));
  return options.minimumRate > 0 ? std::min(idle, later(rateFrom_, options.rateWindow)) : idle;
}

void Connection::arm() {
  const auto due = nextDeadline();
  if (timer_.active() && timer_.getTime() <= due) return;
  const auto now = pool_->clock().now();
  const auto left = std::max(due - now, std::chrono::nanoseconds(0));
  if (timer_.active())
    timer_.reset(left);
  else
    timer_ = pool_->clock().callLater(left, [this] { checkTime(); });
}

void Connection::beginRate() noexcept {
  rateFrom_ = activeAt_;
  rateBytes_ = 0;
}

// Less than asked for in a window that is over.
bool Connection::isTooSlow() const noexcept {
  const AgentOptions& options = pool_->options();
  return static_cast<double>(rateBytes_) < options.minimumRate * options.rateWindow.seconds();
}

void Connection::checkTime() {
  const auto now = pool_->clock().now();
  if (now < nextDeadline()) {
    arm();
    return;
  }
  if (!exchange_ && !stream_) {
    close();
    return;
  }
  const AgentOptions& options = pool_->options();
  const std::string url = this->url();
  if (now >= deadline_) return broken(TotalTimeout(url, totalSeconds_));
  if (exchange_ && !parser_.started() && !sender_) return broken(FirstByteTimeout(url, options.firstByteTimeout.seconds()));
  if (now >= later(activeAt_, options.idleTimeout)) return broken(IdleTimeout(url, options.idleTimeout.seconds()));
  if (isTooSlow()) return broken(ResponseTooSlow(url, rateBytes_, options.minimumRate, options.rateWindow.seconds()));
  rateFrom_ = now;
  rateBytes_ = 0;
  arm();
}

}  // namespace weft::http::detail
