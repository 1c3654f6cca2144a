// A name server of a test's own, on loopback.
#pragma once

#include <weft/net/address.hpp>
#include <weft/net/names/record.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace weft::net {

/// A DNS message in the making.
class DnsMessage {
 public:
  DnsMessage() = default;
  /// An answer to a question: its id, its question, "recursion available".
  DnsMessage(std::uint16_t id, std::string_view name, std::uint16_t type, int code = 0) {
    number16(id).number16(static_cast<std::uint16_t>(0x8180 | code)).number16(1).number16(0).number16(0).number16(0);
    this->name(name).number16(type).number16(1);
  }
  DnsMessage& number16(std::uint16_t value) {
    bytes += static_cast<char>(value >> 8);
    bytes += static_cast<char>(value & 255);
    return *this;
  }
  DnsMessage& number32(std::uint32_t value) { return number16(static_cast<std::uint16_t>(value >> 16)).number16(static_cast<std::uint16_t>(value)); }
  DnsMessage& name(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('.'), text.size());
      bytes += static_cast<char>(end);
      bytes += text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    bytes += '\0';
    return *this;
  }
  DnsMessage& raw(std::string_view text) {
    bytes += text;
    return *this;
  }
  DnsMessage& truncated() {
    bytes[2] = static_cast<char>(bytes[2] | 2);
    return *this;
  }
  /// Adds a record to the answers, with the data as it is sent.
  DnsMessage& answer(std::string_view owner, RecordType type, std::uint32_t ttl, std::string_view data) {
    return record(7, owner, static_cast<std::uint16_t>(type), ttl, data);
  }
  DnsMessage& answer(std::string_view owner, const char* address, std::uint32_t ttl = 60) {
    const Address parsed = Address::parse(address, 0).value();
    const bool four = parsed.family() == Address::Family::IPv4;
    return answer(owner, four ? RecordType::A : RecordType::AAAA, ttl, {reinterpret_cast<const char*>(parsed.bytes().data()), four ? 4u : 16u});
  }
  /// Adds the zone's SOA, which says how long a "no" may be remembered.
  DnsMessage& soa(std::string_view zone, std::uint32_t ttl, std::uint32_t minimum) {
    DnsMessage data;
    data.name("ns").name("hostmaster").number32(1).number32(2).number32(3).number32(4).number32(minimum);
    return record(9, zone, 6, ttl, data.bytes);
  }
  static std::string nameData(std::string_view name) { return DnsMessage().name(name).bytes; }

  std::string bytes;

 private:
  DnsMessage& record(std::size_t counter, std::string_view owner, std::uint16_t type, std::uint32_t ttl, std::string_view data) {
    name(owner).number16(type).number16(1).number32(ttl).number16(static_cast<std::uint16_t>(data.size())).raw(data);
    ++bytes[counter];
    return *this;
  }
};

struct DnsQuery {
  std::uint16_t id;
  std::string name;
  RecordType type;
  bool tcp;
  DnsMessage answer(int code = 0) const { return DnsMessage(id, name, static_cast<std::uint16_t>(type), code); }
};

/// Answers by UDP and TCP, on one port of 127.0.0.1, from a thread of its own. The handler runs there, and gives the messages to send, in order.
class DnsServer {
 public:
  using Handler = std::function<std::vector<std::string>(const DnsQuery&)>;
  explicit DnsServer(Handler handler) : handler_(std::move(handler)) {
    // UDP and TCP must have the same number, which one of them may not get.
    for (int tries = 0; tries < 100 && !bindBoth(); ++tries) {}
    REQUIRE(port != 0);
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { run(); });
  }
  ~DnsServer() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    for (const int socket : {udp_, tcp_, stop_}) ::close(socket);
    for (const int socket : connections_) ::close(socket);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port); }

  std::uint16_t port = 0;
  std::atomic<int> udpQueries{0};
  std::atomic<int> tcpQueries{0};

 private:
  bool bindBoth() {
    udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(udp_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::getsockname(udp_, reinterpret_cast<sockaddr*>(&address), &length);
    if (::bind(tcp_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(tcp_, 16) == 0) {
      port = ntohs(address.sin_port);
      return true;
    }
    ::close(udp_);
    ::close(tcp_);
    return false;
  }
  void run() {
    for (;;) {
      std::vector<pollfd> watched{{stop_, POLLIN, 0}, {udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
      for (const int connection : connections_) watched.push_back({connection, POLLIN, 0});
      if (::poll(watched.data(), watched.size(), -1) < 0) continue;
      if (watched[0].revents) return;
      if (watched[1].revents) answerUdp();
      if (watched[2].revents) {
        const int connection = ::accept(tcp_, nullptr, nullptr);
        if (connection >= 0) connections_.push_back(connection);
      }
      for (std::size_t i = 3; i < watched.size(); ++i)
        if (watched[i].revents && !answerTcp(watched[i].fd)) {
          ::close(watched[i].fd);
          std::erase(connections_, watched[i].fd);
        }
    }
  }
  void answerUdp() {
    char buffer[2048];
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t count = ::recvfrom(udp_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (count < 12) return;
    ++udpQueries;
    for (const std::string& message : handler_(parse({buffer, static_cast<std::size_t>(count)}, false)))
      ::sendto(udp_, message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }
  bool answerTcp(int connection) {
    unsigned char size[2];
    if (::recv(connection, size, 2, MSG_WAITALL) != 2) return false;
    std::string query(static_cast<std::size_t>(size[0] << 8 | size[1]), '\0');
    if (::recv(connection, query.data(), query.size(), MSG_WAITALL) != static_cast<ssize_t>(query.size())) return false;
    ++tcpQueries;
    for (const std::string& message : handler_(parse(query, true))) {
      DnsMessage framed;
      framed.number16(static_cast<std::uint16_t>(message.size())).raw(message);
      ::send(connection, framed.bytes.data(), framed.bytes.size(), MSG_NOSIGNAL);
    }
    return true;
  }
  static DnsQuery parse(std::string_view message, bool tcp) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(message[i]); };
    DnsQuery query{static_cast<std::uint16_t>(at(0) << 8 | at(1)), "", RecordType::A, tcp};
    std::size_t i = 12;
    while (at(i) != 0) {
      if (!query.name.empty()) query.name += '.';
      query.name += message.substr(i + 1, at(i));
      i += at(i) + 1u;
    }
    query.type = static_cast<RecordType>(at(i + 1) << 8 | at(i + 2));
    return query;
  }

  Handler handler_;
  int udp_ = -1;
  int tcp_ = -1;
  int stop_ = -1;
  std::vector<int> connections_;
  std::thread thread_;
};

}  // namespace weft::net
