// The floor: one thread, level-triggered epoll, a read and a write a message, one buffer for all, state only where a write was short.
#include "servers.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>

namespace bench {

namespace {

class EpollEcho {
 public:
  explicit EpollEcho(const Listening& listening) : listening_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), poll_(epoll_create1(0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (bind(listening_, raw, length) != 0 || listen(listening_, kBacklog) != 0 || getsockname(listening_, raw, &length) != 0) std::abort();
    watch(EPOLL_CTL_ADD, listening_, EPOLLIN);
    listening(ntohs(address.sin_port));
  }

  [[noreturn]] void run() {
    static epoll_event events[512];
    for (;;) {
      const int count = epoll_wait(poll_, events, 512, -1);
      for (int i = 0; i < count; ++i) {
        const int socket = events[i].data.fd;
        if (socket == listening_) acceptAll();
        else if (events[i].events & EPOLLOUT) sendRest(socket);
        else echo(socket);
      }
    }
  }

 private:
  void watch(int operation, int socket, unsigned events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = socket;
    epoll_ctl(poll_, operation, socket, &event);
  }

  void acceptAll() {
    for (;;) {
      const int socket = accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK);
      if (socket < 0) return;
      const int on = 1;
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(EPOLL_CTL_ADD, socket, EPOLLIN);
    }
  }

  void echo(int socket) {
    static char buffer[64 * 1024];
    const ssize_t got = read(socket, buffer, sizeof buffer);
    if (got <= 0) {
      if (got < 0 && errno == EAGAIN) return;
      rest_.erase(socket);
      close(socket);
      return;
    }
    ssize_t sent = write(socket, buffer, static_cast<std::size_t>(got));
    if (sent < 0) sent = 0;
    if (sent == got) return;
    rest_[socket].assign(buffer + sent, static_cast<std::size_t>(got - sent));
    watch(EPOLL_CTL_MOD, socket, EPOLLOUT);
  }

  void sendRest(int socket) {
    std::string& rest = rest_[socket];
    const ssize_t sent = write(socket, rest.data(), rest.size());
    if (sent > 0) rest.erase(0, static_cast<std::size_t>(sent));
    if (!rest.empty()) return;
    rest_.erase(socket);
    watch(EPOLL_CTL_MOD, socket, EPOLLIN);
  }

  const int listening_;
  const int poll_;
  std::unordered_map<int, std::string> rest_;
};

}  // namespace

void serveByEpoll(const Listening& listening) { EpollEcho(listening).run(); }

}  // namespace bench
