#include <weft/net/protocols/netstring_receiver.hpp>

#include "every_way.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::net;
using namespace std::string_literals;

namespace {

using Log = std::vector<std::string>;

class Strings : public NetstringReceiver {
 public:
  explicit Strings(std::size_t most = kMaxLength) { setMaxLength(most); }
  void stringReceived(std::string_view string) override { log.emplace_back(string); }
  void parseFailed(const NetstringParseError& error) override { log.emplace_back(error.what()); }
  void connectionLost(const Failure& reason) override { log.push_back("lost: " + std::string(reason.what())); }
  Log log;
};

const auto make = [] { return std::make_shared<Strings>(); };

}  // namespace

// H27
TEST_CASE("netstrings are the same however they were cut on their way") {
  CHECK(everyWay(make, "5:hello,0:,0:,3:a,b,12:hello world!,1:\0,"s) == Log{"hello", "", "", "a,b", "hello world!", "\0"s});
  CHECK(everyWay(make, "300:" + std::string(300, 'x') + ",2:") == Log{std::string(300, 'x')});
}

TEST_CASE("sendString writes length, colon, bytes and comma at once") {
  auto strings = std::make_shared<Strings>();
  StringTransport transport;
  transport.setProtocol(strings);
  strings->sendString("hello");
  strings->sendString("");
  CHECK(transport.value() == "5:hello,0:,");
  CHECK(transport.writes() == 2);
}

TEST_CASE("whatever is not a netstring closes the connection, and says why") {
  const auto wrong = [](std::string_view input) {
    Log log = everyWay(make, "1:a," + std::string(input));
    REQUIRE(log.size() == 3);
    CHECK(log[0] == "a");
    CHECK(log[2] == "closed");
    return log[1];
  };
  CHECK(wrong("05:hello,") == "the length of a netstring has no leading zero");
  CHECK(wrong("00:,") == "the length of a netstring has no leading zero");
  CHECK(wrong(":,") == "a netstring begins with its length and a colon, not with \":\" after 0 digits");
  CHECK(wrong("-1:x,") == "a netstring begins with its length and a colon, not with \"-\" after 0 digits");
  CHECK(wrong(" 1:x,") == "a netstring begins with its length and a colon, not with \" \" after 0 digits");
  CHECK(wrong("1 :x,") == "a netstring begins with its length and a colon, not with \" \" after 1 digits");
  CHECK(wrong("\x1b:") == "a netstring begins with its length and a colon, not with \"\\x1b\" after 0 digits");
  CHECK(wrong("5:hello.") == "a netstring of 5 bytes ends with a comma, not with \".\"");
  CHECK(wrong("3:hello,") == "a netstring of 3 bytes ends with a comma, not with \"l\"");
  CHECK(wrong("100000:") == "a netstring is longer than 99999 bytes");
  CHECK(wrong("99999999999999999999999999999999") == "a netstring is longer than 99999 bytes");
}

TEST_CASE("a netstring of exactly maxLength bytes is received, a longer one refused before its bytes come") {
  const auto small = [] { return std::make_shared<Strings>(10); };
  CHECK(everyWay(small, "10:0123456789,") == Log{"0123456789"});
  CHECK(everyWay(small, "11") == Log{"a netstring is longer than 10 bytes", "closed"});
  const auto none = [] { return std::make_shared<Strings>(0); };
  CHECK(everyWay(none, "0:,1") == Log{"", "a netstring is longer than 0 bytes", "closed"});
  const auto all = [] { return std::make_shared<Strings>(static_cast<std::size_t>(-1)); };
  CHECK(everyWay(all, "18446744073709551615") == Log{});
  CHECK(everyWay(all, "18446744073709551616") == Log{"a netstring is longer than 18446744073709551615 bytes", "closed"});
}

TEST_CASE("a long netstring in pieces of one byte costs one look at each") {
  auto strings = std::make_shared<Strings>(10'000'000);
  StringTransport transport;
  transport.setProtocol(strings);
  const std::string input = "4000000:" + std::string(4'000'000, 'x') + ",";
  for (const char& byte : input) transport.receive(std::string_view(&byte, 1));
  REQUIRE(strings->log.size() == 1);
  CHECK(strings->log[0].size() == 4'000'000);
}

TEST_CASE("netstrings of a connection that is lost at the n-th byte are a beginning of them all") {
  lostAtEveryByte(make, "5:hello,0:,12:hello world!,2:ab,");
}
