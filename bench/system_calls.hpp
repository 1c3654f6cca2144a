// How often this program has called the system for what a loop does: to sleep, and to be woken.
#pragma once

namespace bench {

/// Of all threads, since the program began.
struct SystemCalls {
  static long wakes() noexcept;                        // write and epoll_ctl: what may wake a loop
  static long polls() noexcept;                        // epoll_wait
};

}  // namespace bench
