#include <weft/core/clock.hpp>

#include <weft/core/type_name.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace weft {
namespace detail {

void throwBadDelay(double seconds) {
  throw std::invalid_argument("a delay of " + std::to_string(seconds) + " s: it must be zero or more");
}

}  // namespace detail

void DelayedCall::throwNotPending() const {
  if (node_ && node_->state == detail::TimerNode::State::Called) throw AlreadyCalled();
  throw AlreadyCancelled();
}

Clock::~Clock() { dropCalls(); }

void Clock::dropCalls() noexcept {
  if (time_ < 0) time_ = 0;                            // a callable's destructor may ask; the derived class cannot answer any more
  while (detail::TimerNode* node = wheel_.any()) {
    node->unlink();
    node->state = detail::TimerNode::State::Cancelled;
    node->act(*node, detail::TimerNode::Action::Destroy);
    node->releaseSchedule();
  }
}

std::vector<DelayedCallDescription> Clock::getDelayedCalls() const {
  std::vector<DelayedCallDescription> calls;
  wheel_.forEach([&](const detail::TimerNode& node) {
    const auto* type = node.act(const_cast<detail::TimerNode&>(node), detail::TimerNode::Action::Describe);
    calls.push_back({std::chrono::nanoseconds(node.due), detail::typeName(*type)});
  });
  std::ranges::stable_sort(calls, {}, &DelayedCallDescription::time);
  return calls;
}

}  // namespace weft
