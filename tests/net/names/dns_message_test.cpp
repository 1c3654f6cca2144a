#include <weft/net/internal/dns_message.hpp>

#include "dns_server.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace weft::net;
using std::chrono::seconds;

namespace {

std::optional<detail::DnsAnswer> parse(const std::string& message, std::string_view name, RecordType type) {
  // On the heap with its exact size, so that a sanitizer sees each byte read too many.
  const std::vector<unsigned char> bytes(message.begin(), message.end());
  return detail::parseDnsAnswer(bytes, name, type);
}
std::vector<std::string> recordsOf(const DnsMessage& message, std::string_view name, RecordType type) {
  const auto answer = parse(message.bytes, name, type);
  REQUIRE(answer);
  std::vector<std::string> texts;
  for (const Record& record : answer->records) texts.push_back(record.toString());
  return texts;
}
DnsMessage answerTo(std::string_view name, RecordType type, int code = 0) { return DnsMessage(7, name, static_cast<std::uint16_t>(type), code); }

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("answers of all types are read, with their TTLs") {      // J13
  CHECK(recordsOf(answerTo("a.example", RecordType::A).answer("A.Example", "192.0.2.1", 5).answer("a.example", "192.0.2.2", 6), "a.example", RecordType::A) ==
        Texts{"A.Example 5 A 192.0.2.1", "a.example 6 A 192.0.2.2"});
  CHECK(recordsOf(answerTo("a.example", RecordType::AAAA).answer("a.example", "2001:db8::1"), "a.example.", RecordType::AAAA) ==
        Texts{"a.example 60 AAAA 2001:db8::1"});
  CHECK(recordsOf(answerTo("a.example", RecordType::CNAME).answer("a.example", RecordType::CNAME, 1, DnsMessage::nameData("b.example")), "a.example",
                  RecordType::CNAME) == Texts{"a.example 1 CNAME b.example"});
  CHECK(recordsOf(answerTo("1.2.0.192.in-addr.arpa", RecordType::PTR)
                      .answer("1.2.0.192.in-addr.arpa", RecordType::PTR, 1, DnsMessage::nameData("b.example")),
                  "1.2.0.192.in-addr.arpa", RecordType::PTR) == Texts{"1.2.0.192.in-addr.arpa 1 PTR b.example"});
  CHECK(recordsOf(answerTo("a.example", RecordType::MX)
                      .answer("a.example", RecordType::MX, 1, std::string("\0\x0a", 2) + DnsMessage::nameData("mail.example")),
                  "a.example", RecordType::MX) == Texts{"a.example 1 MX 10 mail.example"});
  CHECK(recordsOf(answerTo("_s._tcp.example", RecordType::SRV)
                      .answer("_s._tcp.example", RecordType::SRV, 1, DnsMessage().number16(1).number16(2).number16(443).name("s.example").bytes),
                  "_s._tcp.example", RecordType::SRV) == Texts{"_s._tcp.example 1 SRV 1 2 443 s.example"});
  CHECK(recordsOf(answerTo("a.example", RecordType::TXT).answer("a.example", RecordType::TXT, 1, std::string("\2ab\0\1c", 6)), "a.example",
                  RecordType::TXT) == Texts{"a.example 1 TXT \"ab\" \"\" \"c\""});
}

TEST_CASE("aliases are followed, and shorten the TTL; what does not belong to the question is left out") {
  auto message = answerTo("www.example", RecordType::A);
  message.answer("web.example", "192.0.2.1", 300)
      .answer("evil.example", "192.0.2.66", 300)
      .answer("www.example", RecordType::CNAME, 20, DnsMessage::nameData("cdn.example"))
      .answer("cdn.example", RecordType::CNAME, 30, DnsMessage::nameData("WEB.example"));
  CHECK(recordsOf(message, "www.example", RecordType::A) == Texts{"web.example 20 A 192.0.2.1"});
}

TEST_CASE("compressed names are read, and bytes that would be misread are escaped") {
  auto message = answerTo("a.example", RecordType::CNAME);
  message.raw(std::string("\xc0\x0c", 2)).number16(5).number16(1).number32(60).number16(9);
  message.raw(std::string("\4b.\\\x01\xc0\x0e", 7)).raw(std::string(2, '\0'));
  message.bytes[7] = 1;
  message.bytes.resize(message.bytes.size() - 2);
  message.bytes[message.bytes.size() - 8] = 7;         // the length of the data
  CHECK(recordsOf(message, "a.example", RecordType::CNAME) == Texts{"a.example 60 CNAME b\\.\\\\\\001.example"});
}

TEST_CASE("a no says how long it may be remembered: the least of the SOA's TTL and its minimum") {
  CHECK(parse(answerTo("a.example", RecordType::A, 3).soa("example", 300, 60).bytes, "a.example", RecordType::A)->negativeTtl == seconds(60));
  CHECK(parse(answerTo("a.example", RecordType::A, 3).soa("example", 30, 60).bytes, "a.example", RecordType::A)->negativeTtl == seconds(30));
  const auto without = parse(answerTo("a.example", RecordType::A, 3).bytes, "a.example", RecordType::A);
  CHECK(without->code == 3);
  CHECK(!without->negativeTtl);
  CHECK(parse(answerTo("a.example", RecordType::A).answer("a.example", "192.0.2.1", 0x80000000u).bytes, "a.example", RecordType::A)->records[0].ttl == seconds(0));
}

TEST_CASE("messages that contradict themselves are refused") {      // fault 20: garbage, loops
  const auto bad = [](const DnsMessage& message, RecordType type = RecordType::A) { CHECK(!parse(message.bytes, "a.example", type)); };
  const auto start = [](std::string_view owner, RecordType type = RecordType::A) {
    DnsMessage message = answerTo("a.example", type);
    message.bytes[7] = 1;
    message.raw(owner);
    return message;
  };
  const std::size_t here = answerTo("a.example", RecordType::A).bytes.size();
  const auto pointer = [](std::size_t to) { return std::string{static_cast<char>(0xc0 | to >> 8), static_cast<char>(to & 255)}; };
  bad(DnsMessage());
  bad(start(pointer(here)));                           // to itself
  bad(start(std::string("\1x") + pointer(here)));      // around in a circle
  bad(start(pointer(here + 100)));                     // forward
  bad(start(std::string("\x40x\0", 3)));               // a length that is none
  bad(start(std::string("\x3fx")));                    // longer than the message
  std::string tooLong;
  for (int i = 0; i < 5; ++i) tooLong += '\x3f' + std::string(63, 'x');
  bad(start(tooLong + '\0'));
  bad(answerTo("a.example", RecordType::A).answer("a.example", RecordType::A, 1, "123"));
  bad(answerTo("a.example", RecordType::AAAA).answer("a.example", RecordType::AAAA, 1, "123456789012345"), RecordType::AAAA);
  bad(answerTo("a.example", RecordType::TXT).answer("a.example", RecordType::TXT, 1, "\5ab"), RecordType::TXT);
  bad(answerTo("a.example", RecordType::MX).answer("a.example", RecordType::MX, 1, "\1"), RecordType::MX);
  bad(answerTo("a.example", RecordType::A)
          .answer("a.example", RecordType::CNAME, 1, DnsMessage::nameData("b.example"))
          .answer("b.example", RecordType::CNAME, 1, DnsMessage::nameData("a.example")));
}

TEST_CASE("no message makes the reader read beyond it, or think for long") {
  auto message = answerTo("a.example", RecordType::A);
  message.answer("a.example", RecordType::CNAME, 20, DnsMessage::nameData("b.example")).answer("b.example", "192.0.2.1").soa("example", 1, 1);
  for (std::size_t size = 0; size < message.bytes.size(); ++size) CHECK(!parse(message.bytes.substr(0, size), "a.example", RecordType::A));
  std::mt19937 random(20);
  for (int round = 0; round < 50'000; ++round) {
    std::string damaged = message.bytes;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    static_cast<void>(parse(damaged, "a.example", static_cast<RecordType>(damaged.back() & 31)));
  }
  // Names of one label each that point at the name before, 64 KiB of them.
  DnsMessage chain = answerTo("a.example", RecordType::A);
  std::size_t before = 12;
  int count = 0;
  while (chain.bytes.size() < 16'000) {
    const std::size_t at = chain.bytes.size();
    chain.raw("\1x").raw(std::string{static_cast<char>(0xc0 | before >> 8), static_cast<char>(before & 255)});
    chain.number16(1).number16(1).number32(1).number16(4).raw("1234");
    before = at;
    ++count;
  }
  chain.bytes[6] = static_cast<char>(count >> 8);
  chain.bytes[7] = static_cast<char>(count & 255);
  CHECK(!parse(chain.bytes, "a.example", RecordType::A));
}
