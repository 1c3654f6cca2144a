#include <weft/net/protocols/int_string_receiver.hpp>

#include "every_way.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::net;
using namespace std::string_literals;

namespace {

using Log = std::vector<std::string>;

template <class Receiver> class Strings : public Receiver {
 public:
  void stringReceived(std::string_view string) override { log.emplace_back(string); }
  void connectionLost(const Failure& reason) override { log.push_back("lost: " + std::string(reason.what())); }
  Log log;
};

template <class Receiver> class Patient : public Strings<Receiver> {
 public:
  explicit Patient(std::size_t most) { this->setMaxLength(most); }
  void lengthLimitExceeded(std::size_t length) override { this->log.push_back("too long: " + std::to_string(length)); }
};

template <class Receiver> std::string sent(const std::vector<std::string>& strings) {
  auto sender = std::make_shared<Strings<Receiver>>();
  StringTransport transport;
  transport.setProtocol(sender);
  for (const std::string& string : strings) sender->sendString(string);
  CHECK(transport.writes() == strings.size());
  return transport.value();
}

}  // namespace

// H28
TEST_CASE("lengths are big-endian, of one, two and four bytes") {
  CHECK(sent<Int8StringReceiver>({"hello", ""}) == "\x05hello\0"s);
  CHECK(sent<Int16StringReceiver>({"hello", ""}) == "\0\x05hello\0\0"s);
  CHECK(sent<Int32StringReceiver>({"hello", ""}) == "\0\0\0\x05hello\0\0\0\0"s);
  CHECK(sent<Int16StringReceiver>({std::string(300, 'x')}).starts_with("\x01\x2c"));
}

TEST_CASE_TEMPLATE("strings are the same however they were cut on their way", Receiver, Int8StringReceiver, Int16StringReceiver, Int32StringReceiver) {
  const Log strings{"one", "", "", std::string(200, 'x'), "\0\x01\x02"s, "last"};
  CHECK(everyWay([] { return std::make_shared<Strings<Receiver>>(); }, sent<Receiver>(strings)) == strings);
}

TEST_CASE("a string longer than its prefix can say is refused when it is sent") {
  auto sender = std::make_shared<Strings<Int8StringReceiver>>();
  StringTransport transport;
  transport.setProtocol(sender);
  sender->sendString(std::string(255, 'x'));
  transport.clear();
  CHECK_THROWS_WITH_AS(sender->sendString(std::string(256, 'x')), "a string of 256 bytes can't be sent: its length prefix says at most 255", StringTooLongError);
  CHECK(transport.value().empty());
  auto wide = std::make_shared<Strings<Int16StringReceiver>>();
  StringTransport other;
  other.setProtocol(wide);
  CHECK_THROWS_AS(wide->sendString(std::string(65536, 'x')), StringTooLongError);
}

TEST_CASE("a string of exactly maxLength bytes is received, a longer one closes the connection as soon as it is announced") {
  const auto make = [] {
    auto strings = std::make_shared<Strings<Int32StringReceiver>>();
    strings->setMaxLength(5);
    return strings;
  };
  CHECK(everyWay(make, "\0\0\0\x05" "12345"s) == Log{"12345"});
  CHECK(everyWay(make, "\0\0\0\x01" "a\xff\xff\xff\xff"s) == Log{"a", "closed"});
  CHECK(Int32StringReceiver::kMaxLength == 99999);
}

TEST_CASE("a connection that is left open at a string too long gets the next one") {
  const auto make = [] { return std::make_shared<Patient<Int16StringReceiver>>(4); };
  CHECK(everyWay(make, sent<Int16StringReceiver>({"1234", "12345", "ab", std::string(3000, 'x'), "", "last"})) ==
        Log{"1234", "too long: 5", "ab", "too long: 3000", "", "last"});
}

TEST_CASE("a million empty strings in one buffer are a loop") {
  auto strings = std::make_shared<Strings<Int16StringReceiver>>();
  StringTransport transport;
  transport.setProtocol(strings);
  transport.receive(std::string(2'000'000, '\0'));
  CHECK(strings->log.size() == 1'000'000);
}

TEST_CASE("strings of a connection that is lost at the n-th byte are a beginning of them all") {
  lostAtEveryByte([] { return std::make_shared<Strings<Int32StringReceiver>>(); }, sent<Int32StringReceiver>({"one", "", "three", "four four"}));
}
