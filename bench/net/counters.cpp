// These functions take the place of the C library's in this program, and count.
#include "counters.hpp"

#include <cstdlib>
#include <new>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

constinit bench::Counters ownCounters{};
constinit bench::Counters* counters = &ownCounters;

template <class... A> long counted(long number, A... arguments) {
  counters->calls.fetch_add(1, std::memory_order_relaxed);
  return syscall(number, arguments...);
}

}  // namespace

namespace bench {

Counters& Counters::shared() {
  void* const memory = mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return *new (memory) Counters{};
}

void Counters::countIn(Counters& shared) noexcept { counters = &shared; }

}  // namespace bench

extern "C" {

ssize_t read(int file, void* buffer, size_t size) { return counted(SYS_read, file, buffer, size); }
ssize_t write(int file, const void* buffer, size_t size) { return counted(SYS_write, file, buffer, size); }
ssize_t readv(int file, const iovec* parts, int count) { return counted(SYS_readv, file, parts, count); }
ssize_t writev(int file, const iovec* parts, int count) { return counted(SYS_writev, file, parts, count); }
ssize_t recv(int socket, void* buffer, size_t size, int flags) {
  return counted(SYS_recvfrom, socket, buffer, size, flags, nullptr, nullptr);
}
ssize_t send(int socket, const void* buffer, size_t size, int flags) {
  return counted(SYS_sendto, socket, buffer, size, flags, nullptr, 0);
}
ssize_t recvmsg(int socket, msghdr* message, int flags) { return counted(SYS_recvmsg, socket, message, flags); }
ssize_t sendmsg(int socket, const msghdr* message, int flags) { return counted(SYS_sendmsg, socket, message, flags); }
int epoll_ctl(int poll, int operation, int file, epoll_event* event) noexcept {
  return static_cast<int>(counted(SYS_epoll_ctl, poll, operation, file, event));
}
int epoll_wait(int poll, epoll_event* events, int capacity, int timeout) {
  return static_cast<int>(counted(SYS_epoll_pwait, poll, events, capacity, timeout, nullptr, 0));
}
int timerfd_settime(int timer, int flags, const itimerspec* value, itimerspec* old) noexcept {
  return static_cast<int>(counted(SYS_timerfd_settime, timer, flags, value, old));
}

}  // extern "C"

void* operator new(std::size_t size) {
  counters->allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
