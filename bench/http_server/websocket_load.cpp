#include "websocket_load.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
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

int openTo(std::uint16_t port) {
  constexpr std::string_view kRequest =
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket < 0) broken("socket");
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) broken("connect");
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (write(socket, kRequest.data(), kRequest.size()) != static_cast<ssize_t>(kRequest.size())) broken("write");
  std::string head;
  char buffer[1024];
  while (!head.ends_with("\r\n\r\n")) {
    const ssize_t got = read(socket, buffer, sizeof buffer);
    if (got <= 0) broken("read");
    head.append(buffer, static_cast<std::size_t>(got));
  }
  if (!head.starts_with("HTTP/1.1 101")) {
    std::fprintf(stderr, "no WebSocket: %s\n", head.c_str());
    std::exit(1);
  }
  if (fcntl(socket, F_SETFL, O_NONBLOCK) != 0) broken("fcntl");
  return socket;
}

}  // namespace

WebSocketConnections::WebSocketConnections(std::uint16_t port, int count, std::size_t bytes) : answer_(2 + bytes), poll_(epoll_create1(0)) {
  constexpr std::string_view kKey = "\x37\xfa\x21\x3d";
  frame_ = "\x82";
  frame_ += static_cast<char>(0x80 | bytes);           // up to 125
  frame_ += kKey;
  for (std::size_t at = 0; at < bytes; ++at) frame_ += static_cast<char>('x' ^ kKey[at % 4]);
  all_.resize(static_cast<std::size_t>(count));
  for (One& one : all_) {
    one = {openTo(port), 0};
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &one;
    epoll_ctl(poll_, EPOLL_CTL_ADD, one.socket, &event);
  }
  exchange(0);
}

WebSocketConnections::~WebSocketConnections() {
  for (const One& one : all_) close(one.socket);
  close(poll_);
}

void WebSocketConnections::send(const One& one) const {
  if (write(one.socket, frame_.data(), frame_.size()) != static_cast<ssize_t>(frame_.size())) broken("write");
}

LoadResult WebSocketConnections::exchange(double seconds) {
  static char buffer[64 * 1024];
  static epoll_event events[1024];
  LoadResult result;
  const auto start = Time::now();
  const auto passed = [start] { return std::chrono::duration<double>(Time::now() - start).count(); };
  for (One& one : all_) {
    one.received = 0;
    send(one);
  }
  bool over = false;
  for (std::size_t open = all_.size(); open > 0;) {
    const int count = epoll_wait(poll_, events, 1024, -1);
    over = over || passed() >= seconds;
    for (int i = 0; i < count; ++i) {
      One& one = *static_cast<One*>(events[i].data.ptr);
      const ssize_t got = read(one.socket, buffer, sizeof buffer);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) broken("read");
      one.received += static_cast<std::size_t>(got);
      if (one.received < answer_) continue;
      ++result.messages;
      if (over) {
        --open;
        continue;
      }
      one.received = 0;
      send(one);
    }
  }
  result.seconds = passed();
  return result;
}

}  // namespace bench
