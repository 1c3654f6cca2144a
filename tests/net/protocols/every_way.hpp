// A protocol's input, cut in every way, and what the protocol makes of it.
#pragma once

#include <weft/net/testing/memory_network.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

/// Feeds `input` whole, byte by byte, in pieces of 2 to 7 bytes and in random pieces, each to a protocol of its own from `make` (a shared_ptr to something with a
/// `std::vector<std::string> log`), and gives the log, which must be the same each time.
template <class Make> std::vector<std::string> everyWay(Make make, std::string_view input) {
  const auto logOf = [&](auto cut) {
    auto protocol = make();
    StringTransport transport;
    transport.setProtocol(protocol);
    for (std::size_t at = 0; at < input.size();) {
      const std::size_t size = std::min<std::size_t>(std::max<std::size_t>(cut(), 1), input.size() - at);
      const std::string piece(input.substr(at, size));           // in memory of its own, so that a view kept too long is seen
      transport.receive(piece);
      at += size;
    }
    std::vector<std::string> log = protocol->log;
    if (transport.disconnecting()) log.push_back("closed");
    transport.lose();
    return log;
  };
  const auto whole = logOf([&] { return input.size(); });
  for (std::size_t size = 1; size <= 7; ++size) {
    CAPTURE(size);
    CHECK(logOf([&] { return size; }) == whole);
  }
  std::mt19937_64 random(11);
  for (int i = 0; i < 50; ++i) {
    CAPTURE(i);
    CHECK(logOf([&] { return random() % (i % 2 ? 10 : 1000); }) == whole);
  }
  return whole;
}

/// The connection is lost after the n-th byte, for each n: what was received before is a beginning of what is received without the fault, and connectionLost comes once and last.
template <class Make> void lostAtEveryByte(Make make, std::string_view input) {
  std::vector<std::string> all;
  for (std::size_t bytes = input.size() + 1; bytes-- > 0;) {
    CAPTURE(bytes);
    ManualClock clock;
    MemoryNetwork network(clock, bytes);
    auto protocol = make();
    auto port = network.listen(1, factory([&] { return protocol; }));
    MemoryLink link;
    link.chunks(1, 9);
    if (bytes < input.size()) link.resetAfter(bytes, MemoryLink::Direction::ToServer);
    network.setLink(link);
    auto client = network.connect("127.0.0.1", 1);
    clock.play(0.1);
    auto transport = *client.result();
    class Quiet : public Protocol {
      void dataReceived(std::string_view) override {}
    };
    transport->setProtocol(std::make_shared<Quiet>());
    transport->write(input);
    transport->loseConnection();
    clock.play(1);
    REQUIRE(!protocol->log.empty());
    CHECK(protocol->log.back().starts_with("lost: "));
    protocol->log.pop_back();
    if (bytes == input.size()) all = protocol->log;
    REQUIRE(protocol->log.size() <= all.size());
    CHECK(std::equal(protocol->log.begin(), protocol->log.end(), all.begin()));
  }
  CHECK(!all.empty());
}

}  // namespace weft::net
