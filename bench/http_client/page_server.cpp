#include "page_server.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unordered_map>

namespace bench {

namespace {

std::string page(std::size_t bytes) {
  return "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 01 Sep 2026 12:00:00 GMT\r\nContent-Type: text/html\r\nContent-Length: " + std::to_string(bytes) +
         "\r\nLast-Modified: Tue, 01 Sep 2026 11:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"64f1c5a0-400\"\r\nAccept-Ranges: bytes\r\n\r\n" + std::string(bytes, 'x');
}

[[noreturn]] void serve(int listening, const std::string& answer) {
  const int poll = epoll_create1(0);
  const auto watch = [poll](int operation, int socket, unsigned events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = socket;
    epoll_ctl(poll, operation, socket, &event);
  };
  watch(EPOLL_CTL_ADD, listening, EPOLLIN);
  std::unordered_map<int, std::string> rest;           // of answers that the socket did not take at once
  static char buffer[64 * 1024];
  static epoll_event events[512];
  for (;;) {
    const int count = epoll_wait(poll, events, 512, -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      if (socket == listening) {
        const int accepted = accept4(listening, nullptr, nullptr, SOCK_NONBLOCK);
        if (accepted < 0) continue;
        const int on = 1;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(EPOLL_CTL_ADD, accepted, EPOLLIN);
        continue;
      }
      std::string_view out = answer;
      if (events[i].events & EPOLLOUT) {
        out = rest[socket];
      } else {
        const ssize_t size = read(socket, buffer, sizeof buffer);    // a request is one small piece, one at a time
        if (size <= 0) {
          if (size < 0 && errno == EAGAIN) continue;
          rest.erase(socket);
          close(socket);
          continue;
        }
      }
      const ssize_t sent = std::max<ssize_t>(0, write(socket, out.data(), out.size()));
      if (static_cast<std::size_t>(sent) == out.size()) {
        if (rest.erase(socket) > 0) watch(EPOLL_CTL_MOD, socket, EPOLLIN);
      } else {
        rest[socket] = std::string(out.substr(static_cast<std::size_t>(sent)));
        watch(EPOLL_CTL_MOD, socket, EPOLLOUT);
      }
    }
  }
}

}  // namespace

PageServer::PageServer(std::size_t bytes) {
  const int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(listening, raw, length) != 0 || listen(listening, 4096) != 0 || getsockname(listening, raw, &length) != 0) std::abort();
  port_ = ntohs(address.sin_port);
  process_ = fork();
  if (process_ < 0) std::abort();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    sched_setaffinity(0, sizeof set, &set);
    serve(listening, page(bytes));
  }
  close(listening);
}

PageServer::~PageServer() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

}  // namespace bench
