#include <weft/http/server/errors.hpp>
#include <weft/http/internal/deadline.hpp>
#include <weft/http/server/internal/channel.hpp>

#include <algorithm>
#include <utility>

namespace weft::http::detail {
namespace {

using std::chrono::nanoseconds;

}  // namespace

// ---- ending

void Channel::readConnectionLost() {
  peerDone_ = true;
  if (state_ == State::Handling || state_ == State::Sending) {           // a half-closed client still gets the answer that is being made
    if (parser_->complete()) return;
    broken_ = true;
    endBody(ParseError("the request ends inside its body", ParseProblem::Truncated, parser_->consumed()));
    return;
  }
  transport().loseConnection();
}

void Channel::connectionLost(const Failure& reason) {
  if (timer_.active()) timer_.cancel();
  const auto kept = shared_from_this();
  state_ = State::Ended;
  stopHandling();
  Deferred<> sending = std::exchange(sending_, Deferred<>(nullptr));
  sending.cancel();
  sending.detach();
  endBody(reason);
  noteAnswer(false);
  site_->left(*this);
}

void Channel::stopHandling() {
  Deferred<> handling = std::exchange(handling_, Deferred<>(nullptr));
  handling.cancel();
  handling.detach();
}

void Channel::closeSoon() {
  keepAlive_ = false;
  if (state_ == State::Idle) transport().loseConnection();
}

void Channel::closeNow() {
  if (hasTransport()) transport().abortConnection();
}

// ---- time: one timer, which looks when something is due and is never moved while bytes come

void Channel::enter(State state) {
  state_ = state;
  since_ = clock().now();
  window_.reset();
}

void Channel::setState(State state) {
  enter(state);
  arm();
}

// Is a body wanted that the client does not send?
bool Channel::waitsForBody() const noexcept {
  return (state_ == State::Handling || state_ == State::Sending) && stream_ && !paused_;
}

nanoseconds Channel::deadline() const noexcept {
  const SiteOptions& options = site_->options_;
  switch (state_) {
    case State::Idle: return since_ + options.keepAlive.value();
    case State::Head: return since_ + options.headTimeout.value();
    case State::Draining: return since_ + options.bodyTimeout.value();
    case State::Lingering: return since_ + kLinger.value();
    case State::Ended: return kNever;
    case State::Handling:
    case State::Sending: break;
  }
  nanoseconds due = kNever;
  if (state_ == State::Handling && options.handlerTimeout.value() > nanoseconds::zero()) due = since_ + options.handlerTimeout.value();
  if (window_) due = std::min(due, window_->at + options.bodyTimeout.value());
  return due;
}

void Channel::arm() {
  if (state_ == State::Handling || state_ == State::Sending) {
    const bool waits = waitsForBody() || transport().buffered() > 0;
    if (!waits) window_.reset();
    else if (!window_) window_ = std::make_unique<Window>(Window{clock().now(), received_, sent_, sent_ - transport().buffered()});
  }
  const auto due = deadline();
  if (due == kNever || (timer_.active() && timer_.getTime() <= due)) return;
  const auto left = std::max(due - clock().now(), nanoseconds(0));
  if (timer_.active())
    timer_.reset(left);
  else
    timer_ = clock().callLater(left, [this] { checkTime(); });
}

void Channel::checkTime() {
  if (clock().now() < deadline()) return arm();
  const auto kept = shared_from_this();
  switch (state_) {
    case State::Head: return refuse(408);
    case State::Handling:
    case State::Sending: return checkProgress();
    case State::Idle:
      if (transport().buffered() == 0) return transport().loseConnection();
      break;
    default: break;
  }
  transport().abortConnection();
}

// A handler took too long, or the client did.
void Channel::checkProgress() {
  const SiteOptions& options = site_->options_;
  const auto now = clock().now();
  if (state_ == State::Handling && options.handlerTimeout.value() > nanoseconds::zero() && now >= since_ + options.handlerTimeout.value()) {
    setState(State::Handling);                           // one that goes on all the same is told again
    return stopHandling();
  }
  if (!window_) return arm();
  const double needed = std::max(1.0, options.minimumRate * std::chrono::duration<double>(options.bodyTimeout.value()).count());
  const std::uint64_t taken = sent_ - transport().buffered();
  // A client that has taken all that waited for it at the start of the window is not slow, however little that was.
  if (transport().buffered() > 0 && taken < window_->sent && static_cast<double>(taken - window_->taken) < needed) return transport().abortConnection();
  if (waitsForBody() && static_cast<double>(received_ - window_->received) < needed) {
    broken_ = true;
    endBody(BodyTimeout());
    if (state_ == State::Ended) return;
  }
  window_.reset();
  arm();
}

}  // namespace weft::http::detail
