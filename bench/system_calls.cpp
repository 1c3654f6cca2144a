// These functions take the place of the C library's in this program, and count.
#include "system_calls.hpp"

#include <atomic>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {
std::atomic<long> wakeCount{0}, pollCount{0};
}

extern "C" {

ssize_t write(int file, const void* buffer, size_t size) {
  wakeCount.fetch_add(1, std::memory_order_relaxed);
  return syscall(SYS_write, file, buffer, size);
}
// Asio wakes its loop by arming a descriptor that is always readable.
int epoll_ctl(int poll, int operation, int file, epoll_event* event) noexcept {
  wakeCount.fetch_add(1, std::memory_order_relaxed);
  return static_cast<int>(syscall(SYS_epoll_ctl, poll, operation, file, event));
}
int epoll_wait(int poll, epoll_event* events, int capacity, int timeout) {
  pollCount.fetch_add(1, std::memory_order_relaxed);
  return static_cast<int>(syscall(SYS_epoll_pwait, poll, events, capacity, timeout, nullptr, 0));
}

}  // extern "C"

namespace bench {

long SystemCalls::wakes() noexcept { return wakeCount.load(std::memory_order_relaxed); }
long SystemCalls::polls() noexcept { return pollCount.load(std::memory_order_relaxed); }

}  // namespace bench
