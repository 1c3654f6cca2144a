#include "load.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

namespace {

using Time = std::chrono::steady_clock;

[[noreturn]] void broken(const char* what) {
  std::perror(what);
  std::exit(1);
}

double since(Time::time_point start) { return std::chrono::duration<double>(Time::now() - start).count(); }

int connectTo(std::uint16_t port, bool blocking) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket < 0) broken("socket");
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) broken("connect");
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!blocking && fcntl(socket, F_SETFL, O_NONBLOCK) != 0) broken("fcntl");
  return socket;
}

}  // namespace

Connections::Connections(std::uint16_t port, int count, std::size_t bytes) : message_(bytes, 'x'), poll_(epoll_create1(0)) {
  all_.resize(static_cast<std::size_t>(count));
  for (One& one : all_) {
    one = {connectTo(port, false), 0, 0};
    watch(one, EPOLL_CTL_ADD, EPOLLIN);
  }
  exchange(0);
}

Connections::~Connections() {
  for (const One& one : all_) close(one.socket);
  close(poll_);
}

void Connections::watch(One& one, int operation, unsigned events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &one;
  epoll_ctl(poll_, operation, one.socket, &event);
}

void Connections::send(One& one) {
  while (one.sent < message_.size()) {
    const ssize_t count = write(one.socket, message_.data() + one.sent, message_.size() - one.sent);
    if (count < 0 && errno == EAGAIN) return watch(one, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    if (count < 0) broken("write");
    one.sent += static_cast<std::size_t>(count);
  }
}

LoadResult Connections::exchange(double seconds) {
  static char buffer[256 * 1024];
  static epoll_event events[1024];
  LoadResult result;
  const auto start = Time::now();
  for (One& one : all_) {
    one.sent = one.received = 0;
    send(one);
  }
  bool over = false;
  for (std::size_t open = all_.size(); open > 0;) {
    const int count = epoll_wait(poll_, events, 1024, -1);
    over = over || since(start) >= seconds;
    for (int i = 0; i < count; ++i) {
      One& one = *static_cast<One*>(events[i].data.ptr);
      if (events[i].events & EPOLLOUT) {
        watch(one, EPOLL_CTL_MOD, EPOLLIN);
        send(one);
      }
      if (!(events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))) continue;
      const ssize_t got = read(one.socket, buffer, sizeof buffer);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) broken("read");
      one.received += static_cast<std::size_t>(got);
      if (one.received < message_.size()) continue;
      ++result.messages;
      if (over) {
        --open;
        continue;
      }
      one.sent = one.received = 0;
      send(one);
    }
  }
  result.seconds = since(start);
  return result;
}

LoadResult openAndClose(std::uint16_t port, double seconds) {
  LoadResult result;
  const auto start = Time::now();
  while (since(start) < seconds) {
    const int socket = connectTo(port, true);
    char message[64] = "hello";
    if (write(socket, message, sizeof message) != sizeof message) broken("write");
    for (ssize_t got = 0; got < static_cast<ssize_t>(sizeof message);) {
      const ssize_t count = read(socket, message, sizeof message);
      if (count <= 0) broken("read");
      got += count;
    }
    // A reset leaves no port behind in TIME_WAIT: there are only 28,000 of them.
    const linger now{1, 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(socket);
    ++result.messages;
  }
  result.seconds = since(start);
  return result;
}

}  // namespace bench
