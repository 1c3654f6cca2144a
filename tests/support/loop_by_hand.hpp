// A reactor's side of a turn, driven by a test: what the turn leaves when its budget is spent runs at the next poll().
#pragma once

#include <weft/core/loop_link.hpp>

#include <utility>

namespace weft::test {

class LoopByHand {
 public:
  LoopByHand() noexcept {
    detail::loopLink.looping = true;
    detail::loopLink.budget = detail::LoopLink::kBudget;
  }
  LoopByHand(const LoopByHand&) = delete;
  ~LoopByHand() {
    while (poll()) {
    }
    detail::loopLink.looping = false;
    detail::loopLink.budget = std::numeric_limits<int>::max();
  }
  /// Is there work left that the loop has to come back for?
  bool pending() const noexcept { return detail::loopLink.pending; }
  /// One turn of the loop. False when nothing was pending.
  bool poll() noexcept {
    detail::loopLink.budget = detail::LoopLink::kBudget;
    if (!std::exchange(detail::loopLink.pending, false)) return false;
    ++polls;
    detail::loopLink.resume();
    return true;
  }
  int polls = 0;
};

}  // namespace weft::test
