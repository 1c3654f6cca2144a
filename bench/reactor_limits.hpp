// Limits of the reactor's cases: see limits.hpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

namespace limit {

// ---- timers: a wheel of one level, a slot for each of 65,536 ms; the timers belong to the caller and are linked both ways

struct Timer {
  Timer* previous;
  Timer* next;
  std::uint64_t due;
  void (*function)(Timer*);
};

class Wheel {
 public:
  Wheel() : slots_(kSlots) {
    for (Timer& slot : slots_) slot.previous = slot.next = &slot;
  }
  std::uint64_t now() const noexcept { return now_; }
  void add(Timer* timer, std::uint64_t due) noexcept {
    Timer& slot = slots_[due & (kSlots - 1)];
    timer->due = due;
    timer->next = &slot;
    timer->previous = slot.previous;
    slot.previous->next = timer;
    slot.previous = timer;
  }
  static void cancel(Timer* timer) noexcept {
    timer->previous->next = timer->next;
    timer->next->previous = timer->previous;
    timer->next = timer->previous = timer;
  }
  /// Calls what is due now, and lets a millisecond pass.
  std::size_t tick() {
    std::size_t called = 0;
    Timer& slot = slots_[now_ & (kSlots - 1)];
    for (Timer* timer = slot.next; timer != &slot;) {
      Timer* const next = timer->next;
      if (timer->due <= now_) {
        cancel(timer);
        timer->function(timer);
        ++called;
      }
      timer = next;
    }
    ++now_;
    return called;
  }

 private:
  static constexpr std::size_t kSlots = std::size_t{1} << 16;
  std::vector<Timer> slots_;
  std::uint64_t now_ = 0;
};

// ---- calls from another thread: a lock-free stack, and an eventfd that is written when the stack was empty

struct Call {
  Call* next;
  void (*function)(Call*);
};

class Posted {
 public:
  Posted() : event_(eventfd(0, EFD_NONBLOCK)), poll_(epoll_create1(0)) {
    epoll_event interest{};
    interest.events = EPOLLIN;
    epoll_ctl(poll_, EPOLL_CTL_ADD, event_, &interest);
  }
  Posted(const Posted&) = delete;
  ~Posted() {
    close(poll_);
    close(event_);
  }
  void post(Call* call) {
    Call* newest = newest_.load(std::memory_order_relaxed);
    do call->next = newest;
    while (!newest_.compare_exchange_weak(newest, call, std::memory_order_release, std::memory_order_relaxed));
    const std::uint64_t one = 1;
    if (!newest && write(event_, &one, sizeof one) != sizeof one) std::abort();
  }
  /// Sleeps until something was posted, and runs all of it in order.
  void run() {
    epoll_event event;
    epoll_wait(poll_, &event, 1, -1);
    std::uint64_t count;
    if (read(event_, &count, sizeof count) < 0) return;
    Call* call = newest_.exchange(nullptr, std::memory_order_acquire);
    Call* oldest = nullptr;
    while (call) {
      Call* const next = call->next;
      call->next = oldest;
      oldest = call;
      call = next;
    }
    while (oldest) {
      Call* const next = oldest->next;
      oldest->function(oldest);
      oldest = next;
    }
  }

 private:
  std::atomic<Call*> newest_{nullptr};
  int event_, poll_;
};

}  // namespace limit
