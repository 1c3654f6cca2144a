// ClientStream: one timer for each, which looks when the next deadline is due and is never moved while bytes come.
#include <weft/http/http2/internal/client_connection.hpp>
#include <weft/http/http2/internal/client_stream.hpp>
#include <weft/http/internal/deadline.hpp>

#include <algorithm>

namespace weft::http::detail {
std::chrono::nanoseconds ClientStream::nextDeadline() const noexcept {
  const AgentOptions& options = connection_->pool()->options();
  if (paused_) return deadline_;                                           // it is we who do not read
  const auto idle = std::min(deadline_, later(activeAt_, options.idleTimeout));
  if (sender_) return sender_->waitsForServer() || started_ ? idle : deadline_;
  if (exchange_ && !started_) return std::min(deadline_, later(sentAt_, options.firstByteTimeout));
  return options.minimumRate > 0 ? std::min(idle, later(rateFrom_, options.rateWindow)) : idle;
}

void ClientStream::arm() {
  if (!connection_) return;
  const auto due = nextDeadline();
  if (timer_.active() && timer_.getTime() <= due) return;
  const auto left = std::max(due - connection_->clock().now(), std::chrono::nanoseconds(0));
  if (timer_.active())
    timer_.reset(left);
  else
    timer_ = connection_->clock().callLater(left, [this] { checkTime(); });
}

void ClientStream::beginRate() noexcept {
  rateFrom_ = activeAt_;
  rateBytes_ = 0;
}

void ClientStream::checkTime() {
  const auto self = shared_from_this();
  const auto now = connection_->clock().now();
  if (now < nextDeadline()) return arm();
  const AgentOptions& options = connection_->pool()->options();
  // A connection on which nothing at all has come meanwhile may be dead: others should not wait for it, too.
  if (connection_->activeAt() <= sentAt_) connection_->retire();
  if (now >= deadline_) return broken(TotalTimeout(url(), totalSeconds_));
  if (exchange_ && !started_ && !sender_) return broken(FirstByteTimeout(url(), options.firstByteTimeout.seconds()));
  if (now >= later(activeAt_, options.idleTimeout)) return broken(IdleTimeout(url(), options.idleTimeout.seconds()));
  if (static_cast<double>(rateBytes_) < options.minimumRate * options.rateWindow.seconds())
    return broken(ResponseTooSlow(url(), rateBytes_, options.minimumRate, options.rateWindow.seconds()));
  rateFrom_ = now;
  rateBytes_ = 0;
  arm();
}

}  // namespace weft::http::detail
