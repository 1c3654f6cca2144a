// The floor: one thread, level-triggered epoll, a write and a read a request, llhttp with the fields and the body kept in strings.
#include "clients.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <llhttp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace bench {

namespace {

[[noreturn]] void broken(const char* what) {
  std::perror(what);
  std::exit(1);
}

class EpollClient {
 public:
  explicit EpollClient(const Work& work)
      : work_(work),
        request_("GET " + work.path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(work.port) + "\r\nUser-Agent: floor\r\nAccept: */*\r\n\r\n"),
        poll_(epoll_create1(0)),
        connections_(static_cast<std::size_t>(work.connections)) {
    llhttp_settings_init(&settings_);
    settings_.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) { return of(p).fields.emplace_back(std::string(at, size), ""), 0; };
    settings_.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) { return of(p).fields.back().second.append(at, size), 0; };
    settings_.on_body = [](llhttp_t* p, const char* at, std::size_t size) { return of(p).body.append(at, size), 0; };
    settings_.on_message_complete = [](llhttp_t* p) { return of(p).complete = true, 0; };
  }
  ~EpollClient() {
    for (const Connection& connection : connections_) close(connection.socket);
    close(poll_);
  }

  long run() {
    for (Connection& connection : connections_) {
      open(connection);
      send(connection);
    }
    static char buffer[64 * 1024];
    static epoll_event events[1024];
    for (long done = 0; done < work_.requests;) {
      const int count = epoll_wait(poll_, events, 1024, -1);
      for (int i = 0; i < count; ++i) {
        auto& connection = *static_cast<Connection*>(events[i].data.ptr);
        const ssize_t size = read(connection.socket, buffer, sizeof buffer);
        if (size < 0 && errno == EAGAIN) continue;
        if (size <= 0) broken("read");
        if (llhttp_execute(&connection.parser, buffer, static_cast<std::size_t>(size)) != HPE_OK) broken("parse");
        if (!connection.complete) continue;
        ++done;
        bytes_ += static_cast<long>(connection.body.size());
        send(connection);
      }
    }
    return bytes_;
  }

 private:
  struct Connection {
    int socket = -1;
    llhttp_t parser;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
    bool complete = false;
  };
  static Connection& of(llhttp_t* parser) noexcept { return *static_cast<Connection*>(parser->data); }

  void open(Connection& connection) {
    connection.socket = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(work_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) broken("connect");
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    llhttp_init(&connection.parser, HTTP_RESPONSE, &settings_);
    connection.parser.data = &connection;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(poll_, EPOLL_CTL_ADD, connection.socket, &event);
  }

  void send(Connection& connection) {
    connection.fields.clear();
    connection.body.clear();
    connection.complete = false;
    if (sent_ == work_.requests) return;
    ++sent_;
    if (write(connection.socket, request_.data(), request_.size()) != static_cast<ssize_t>(request_.size())) broken("write");
  }

  const Work& work_;
  const std::string request_;
  const int poll_;
  llhttp_settings_t settings_;
  std::vector<Connection> connections_;
  long sent_ = 0, bytes_ = 0;
};

}  // namespace

long getByEpoll(const Work& work) { return EpollClient(work).run(); }

}  // namespace bench
