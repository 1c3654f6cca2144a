// What the loop of a thread and the turns that Deferreds run in know of each other.
#pragma once

#include <limits>

namespace weft::detail {

/// One per thread. A turn (defer/detail/turn.hpp) is a chain of callbacks and coroutines that keep each other busy; without a bound it would starve
/// the sockets. So each step costs one unit of `budget`; at zero the turn sets `pending` and returns to the loop, which polls and calls `resume`.
/// Where no loop runs, there is nobody to starve: the budget is then refilled on the spot.
struct LoopLink {
  static constexpr int kBudget = 1024;                 // steps of a turn between two polls of the loop
  int budget = std::numeric_limits<int>::max();
  bool looping = false;                                // a Reactor runs on this thread
  bool pending = false;                                // a turn was cut short; the loop must not sleep before it called resume()
  void (*resume)() noexcept = nullptr;                 // set by the turn together with `pending`
};
inline constinit thread_local LoopLink loopLink;

}  // namespace weft::detail
