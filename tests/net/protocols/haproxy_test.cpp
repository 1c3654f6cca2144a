#include <weft/net/protocols/haproxy.hpp>

#include "../tls_world.hpp"

#include <weft/core/log.hpp>
#include <weft/net/endpoints/endpoint_string.hpp>
#include <weft/net/stream.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;
using namespace std::string_literals;

// Row J9.

namespace {

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

/// A header of version 2.
std::string binary(int versionAndCommand, int kind, const std::string& body) {
  return kSignature + static_cast<char>(versionAndCommand) + static_cast<char>(kind) + static_cast<char>(body.size() >> 8) + static_cast<char>(body.size() & 0xff) + body;
}
std::string padded(std::string path) {
  path.resize(108, '\0');
  return path;
}

const std::string kInet = "\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb"s;      // 192.0.2.1, 198.51.100.2, 56324, 443
const std::string kInet6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\xdc\x04\x01\xbb"s;

/// "source > destination, size", and that no beginning of the header is taken for all of it, nor refused.
std::string read(const std::string& header) {
  for (std::size_t size = 0; size < header.size(); ++size) {
    CAPTURE(size);
    CHECK(!HAProxyHeader::parse(std::string_view(header).substr(0, size)));
  }
  const auto read = HAProxyHeader::parse(header + "GET / HTTP/1.1\r\n");
  REQUIRE(read);
  CHECK(read->size == header.size());
  return std::to_string(read->version) + ": " + read->source.toString() + " > " + read->destination.toString();
}

/// What is wrong with it, and that this is told as soon as it can be known, at the latest with the whole.
std::string wrong(const std::string& header) {
  for (std::size_t size = 0; size <= header.size(); ++size) {
    try {
      if (HAProxyHeader::parse(std::string_view(header).substr(0, size))) return "nothing";
    } catch (const HAProxyError& error) {
      return error.what();
    }
  }
  return "still waiting";
}

/// Says who its transport says is there, then echoes.
class WhoIsThere : public Protocol {
 public:
  explicit WhoIsThere(std::string asked) : asked_(std::move(asked)) {}
  void connectionMade() override {
    transport().write(asked_ + " " + transport().getPeer().toString() + " " + transport().getHost().toString() + "\n");
  }
  void dataReceived(std::string_view data) override { transport().write(data); }

 private:
  std::string asked_;
};
std::shared_ptr<Factory> whoIsThere() {
  return factory([](const Address& peer) { return std::make_shared<WhoIsThere>(peer.toString()); });
}

}  // namespace

TEST_CASE("headers of version 1 are read, however they are cut") {      // J9
  CHECK(read("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n") == "1: 192.0.2.1:56324 > 198.51.100.2:443");
  CHECK(read("PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n") == "1: [2001:db8::1]:0 > [2001:db8::2]:65535");
  CHECK(read("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n").starts_with("1: [ffff:"));
  CHECK(read("PROXY UNKNOWN\r\n") == "1: (no address) > (no address)");
  CHECK(read("PROXY UNKNOWN ffff::1 whatever this is\r\n") == "1: (no address) > (no address)");
}

TEST_CASE("headers of version 2 are read, however they are cut, with whatever follows the addresses") {      // J9
  CHECK(read(binary(0x21, 0x11, kInet)) == "2: 192.0.2.1:56324 > 198.51.100.2:443");
  CHECK(read(binary(0x21, 0x12, kInet)) == "2: 192.0.2.1:56324 > 198.51.100.2:443");
  CHECK(read(binary(0x21, 0x21, kInet6)) == "2: [2001:db8::1]:56324 > [2001:db8::2]:443");
  CHECK(read(binary(0x21, 0x11, kInet + "\x01\0\x02h2"s + "\x04\0\0"s)) == "2: 192.0.2.1:56324 > 198.51.100.2:443");
  CHECK(read(binary(0x21, 0x11, kInet + "\x30\x01\x2c"s + std::string(300, 'x'))) == "2: 192.0.2.1:56324 > 198.51.100.2:443");
  CHECK(read(binary(0x21, 0x31, padded("/run/a") + padded("\0name"s))) == "2: unix:/run/a > unix:@name");
  CHECK(read(binary(0x21, 0x31, padded("") + padded(std::string(108, 'x')))) == "2: unix:(unnamed) > unix:" + std::string(108, 'x'));
  CHECK(read(binary(0x21, 0x00, "")) == "2: (no address) > (no address)");
  CHECK(read(binary(0x21, 0x00, "anything")) == "2: (no address) > (no address)");
  for (int kind : {0x00, 0x11, 0xff}) CHECK(read(binary(0x20, kind, "")) == "2: (no address) > (no address)");      // LOCAL
}

TEST_CASE("bad headers are refused, each with what is wrong with it") {      // J9
  const std::string none = "no PROXY header: ";
  for (const std::string& text : {"GET / HTTP/1.1\r\n"s, "PROXy"s, "proxy "s, "\r\n\r\nX"s, "\x16\x03\x01"s, "\0"s, "PROXYX"s}) {
    CAPTURE(text);
    CHECK(wrong(text) == none + "the connection begins with something else");
  }
  CHECK(wrong("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n") == none + "TCP4, TCP6 or UNKNOWN was expected");
  CHECK(wrong("PROXY \r\n") == none + "TCP4, TCP6 or UNKNOWN was expected");
  for (const char* words : {"192.0.2.1 192.0.2.2 1", "192.0.2.1 192.0.2.2 1 2 3", "192.0.2.1  192.0.2.2 1 2", "", "192.0.2.1 192.0.2.2 1 2 "}) {
    CAPTURE(words);
    CHECK(wrong("PROXY TCP4 " + std::string(words) + "\r\n") == none + "two addresses and two ports were expected, each after one space");
  }
  for (const char* words : {"2001:db8::1 2001:db8::2 1 2", "192.0.2.1 localhost 1 2", "192.0.2.256 192.0.2.2 1 2", "192.0.2 192.0.2.2 1 2"}) {
    CAPTURE(words);
    CHECK(wrong("PROXY TCP4 " + std::string(words) + "\r\n") == none + "TCP4 is followed by two IPv4 addresses");
  }
  CHECK(wrong("PROXY TCP6 [2001:db8::1] 2001:db8::2 1 2\r\n") == none + "TCP6 is followed by two IPv6 addresses");
  CHECK(wrong("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n") == none + "TCP6 is followed by two IPv6 addresses");
  for (const char* port : {"65536", "-1", "http", "1x", "+1"}) CHECK(wrong("PROXY TCP4 192.0.2.1 192.0.2.2 " + std::string(port) + " 2\r\n") == none + "a port is a number from 0 to 65535");
  CHECK(wrong("PROXY UNKNOWN " + std::string(200, 'x')) == none + "its line is longer than 107 bytes");
  CHECK(wrong("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n" + std::string(200, 'x')) == none + "its line is longer than 107 bytes");

  for (int version : {0x01, 0x11, 0x31, 0xf1}) CHECK(wrong(binary(version, 0x11, kInet)) == none + "it is of no version that there is");
  for (int command : {0x22, 0x2f}) CHECK(wrong(binary(command, 0x11, kInet)) == none + "its command is neither LOCAL nor PROXY");
  for (int kind : {0x10, 0x01, 0x13, 0x41, 0xff}) CHECK(wrong(binary(0x21, kind, kInet)) == none + "its address family and transport are none that there are");
  CHECK(wrong(binary(0x21, 0x11, kInet.substr(1))) == none + "it is too short for its addresses");
  CHECK(wrong(binary(0x21, 0x21, kInet6.substr(1))) == none + "it is too short for its addresses");
  CHECK(wrong(binary(0x21, 0x31, padded("/run/a"))) == none + "it is too short for its addresses");
  for (const std::string& extension : {"\x01"s, "\x01\0"s, "\x01\0\x03h2"s, "\x01\xff\xff"s})
    CHECK(wrong(binary(0x21, 0x11, kInet + extension)) == none + "an extension is longer than the header");
}

EVERY_MEMORY("behind a PROXY header of either version a protocol sees who really calls, and loses no byte") {      // J9
  World world;
  auto port = world.network.listen(1, std::make_shared<HAProxyWrappingFactory>(whoIsThere()));
  for (const std::string& header : {"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"s, binary(0x21, 0x11, kInet)}) {
    for (const std::size_t cut : {std::size_t(1), header.size() - 1, header.size(), header.size() + 3}) {
      CAPTURE(cut);
      Stream stream(resultOf(world, world.network.connect("127.0.0.1", 1)));
      const std::string all = header + "hello\n";
      resultOf(world, stream.write(all.substr(0, cut)));
      world.settle();
      resultOf(world, stream.write(all.substr(cut)));
      CHECK(resultOf(world, stream.readUntil("\n")) == "192.0.2.1:56324 192.0.2.1:56324 198.51.100.2:443\n");
      CHECK(resultOf(world, stream.readUntil("\n")) == "hello\n");
    }
  }
}

TEST_CASE("where the proxy does not say who calls, the connection's own addresses count") {      // J9
  MemoryWorld world;
  auto port = world.network.listen(1, std::make_shared<HAProxyWrappingFactory>(whoIsThere()));
  for (const std::string& header : {"PROXY UNKNOWN\r\n"s, binary(0x20, 0x00, "")}) {
    Stream stream(resultOf(world, world.network.connect("127.0.0.1", 1)));
    resultOf(world, stream.write(header));
    const std::string me = stream.transport().getHost().toString();
    CHECK(resultOf(world, stream.readUntil("\n")) == me + " " + me + " 127.0.0.1:1\n");
  }
}

TEST_CASE("TLS may follow the header") {      // J9
  MemoryWorld world;
  auto port = world.network.listen(1, std::make_shared<HAProxyWrappingFactory>(std::make_shared<TlsFactory>(TlsServerContext(localhostOptions()), whoIsThere())));
  auto transport = resultOf(world, world.network.connect("127.0.0.1", 1));
  transport->write("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
  Stream stream(resultOf(world, startTLS(std::move(transport), optionsForClientTLS("localhost", TlsClientContext(trustingOptions())))));
  CHECK(resultOf(world, stream.readUntil("\n")) == "192.0.2.1:56324 192.0.2.1:56324 198.51.100.2:443\n");
}

TEST_CASE("a connection without a good header is aborted, and no protocol is made for it") {      // J9
  LogCapture log;
  MemoryWorld world;
  int made = 0;
  auto wrapped = factory([&]() -> std::shared_ptr<Protocol> {
    ++made;
    return nullptr;
  });
  auto port = world.network.listen(1, std::make_shared<HAProxyWrappingFactory>(wrapped, HAProxyOptions().most(300)));
  const auto visit = [&](const std::string& bytes, bool end = false) {
    log.clear();
    Stream stream(resultOf(world, world.network.connect("127.0.0.1", 1)));
    if (!bytes.empty()) resultOf(world, stream.write(bytes));
    if (end) stream.closeWriting();
    const Outcome<std::string> answer = outcomeOf(world, stream.read());
    CHECK(!answer.ok());
    CHECK(log.contains("refusing the connection from 10.255.0.1:"));
  };
  visit("GET / HTTP/1.1\r\n");
  CHECK(log.contains("no PROXY header: the connection begins with something else"));
  visit(binary(0x21, 0x11, kInet + "\x30\x01\x2c"s + std::string(300, 'x')));
  CHECK(log.contains("it is longer than allowed"));
  visit("PROXY TCP4 192.0.2.1", true);
  CHECK(log.contains("the connection has ended before it"));
  visit("PROXY TCP4 192.0.2.1");                       // and says no more
  CHECK(log.contains("it has not come in time"));
  visit("");
  CHECK(log.contains("it has not come in time"));
  CHECK(made == 0);
  world.settle();
  CHECK(world.time.getDelayedCalls().empty());

  Stream refused(resultOf(world, world.network.connect("127.0.0.1", 1)));
  resultOf(world, refused.write(binary(0x21, 0x11, kInet)));
  CHECK(resultOf(world, refused.read()).empty());      // the wrapped factory gave no protocol
  CHECK(made == 1);
}

TEST_CASE("proxies that are not trusted may not say who calls") {      // J9
  LogCapture log;
  MemoryWorld world;
  auto port = world.network.listen(1, std::make_shared<HAProxyWrappingFactory>(whoIsThere(), HAProxyOptions().trust(AddressRange::parse("10.0.0.0/8")).trust(AddressRange::parse("2001:db8::/32"))));
  for (const bool trusted : {true, false}) {
    Stream stream(resultOf(world, world.network.connect("127.0.0.1", 1, ConnectOptions().bindAddress(*Address::parse(trusted ? "10.1.2.3" : "11.1.2.3", 0)))));
    static_cast<void>(outcomeOf(world, stream.write("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n")));
    const Outcome<std::string> answer = outcomeOf(world, stream.readUntil("\n"));
    CHECK(answer.ok() == trusted);
  }
  CHECK(log.contains(", which is none of the trusted proxies"));
}

TEST_CASE("haproxy: stands before any other server's string") {      // J6, J9
  MemoryWorld world;
  auto port = resultOf(world, serverFromString(world.network, "haproxy:tcp:80")->listen(whoIsThere()));
  Stream stream(resultOf(world, world.network.connect("127.0.0.1", 80)));
  resultOf(world, stream.write("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"));
  CHECK(resultOf(world, stream.readUntil("\n")) == "192.0.2.1:56324 192.0.2.1:56324 198.51.100.2:443\n");
  CHECK_THROWS_WITH_AS(static_cast<void>(serverFromString(world.network, "haproxy:tcp:eighty")),
                       "port is a number from 0 to 65535, not \"eighty\"\n  haproxy:tcp:eighty\n              ^", EndpointStringError);
}
