#include <weft/net/names/record.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::net;
using std::chrono::seconds;

TEST_CASE("the types of records have names, which are found in any case") {
  for (const RecordType type : {RecordType::A, RecordType::AAAA, RecordType::CNAME, RecordType::MX, RecordType::PTR, RecordType::SRV, RecordType::TXT})
    CHECK(recordTypeFromName(recordTypeName(type)) == type);
  CHECK(recordTypeFromName("aaaa") == RecordType::AAAA);
  CHECK(!recordTypeFromName("AAA"));
  CHECK(!recordTypeFromName(""));
}

TEST_CASE("a record is written as in a zone file") {
  const auto text = [](Record::Data data) { return Record("x.example", seconds(300), std::move(data)).toString(); };
  CHECK(text(AddressRecord(*Address::parse("192.0.2.1", 80))) == "x.example 300 A 192.0.2.1");
  CHECK(text(AddressRecord(*Address::parse("2001:db8::1", 0))) == "x.example 300 AAAA 2001:db8::1");
  CHECK(text(CnameRecord("y.example")) == "x.example 300 CNAME y.example");
  CHECK(text(PtrRecord("y.example")) == "x.example 300 PTR y.example");
  CHECK(text(MxRecord(10, "mail.example")) == "x.example 300 MX 10 mail.example");
  CHECK(text(SrvRecord(1, 2, 5060, "sip.example")) == "x.example 300 SRV 1 2 5060 sip.example");
  CHECK(text(SrvRecord(0, 0, 0, "")) == "x.example 300 SRV 0 0 0 .");
  CHECK(text(TxtRecord({"v=1", "say \"hi\"\n\x80"})) == "x.example 300 TXT \"v=1\" \"say \\\"hi\\\"\\010\\128\"");
  CHECK(TxtRecord({"ab", "c"}).text() == "abc");
}

TEST_CASE("an address has a name for its PTR record, and back") {
  CHECK(reverseName(*Address::parse("192.0.2.10", 0)) == "10.2.0.192.in-addr.arpa");
  CHECK(reverseName(*Address::parse("2001:db8::567:89ab", 0)) == "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  for (const char* text : {"0.0.0.0", "255.1.20.3", "::1", "2001:db8:1234:5678:9abc:def0::1"}) {
    const Address address = *Address::parse(text, 0);
    CHECK(addressOfReverseName(reverseName(address)) == address);
  }
  for (const char* text : {"", "in-addr.arpa", ".in-addr.arpa", "1.2.3.in-addr.arpa", "1.2.3.4.5.in-addr.arpa", "1.2.3.256.in-addr.arpa", "1.2.3.x.in-addr.arpa",
                           "1..3.4.in-addr.arpa", "1.2.3.4.", "1.0.ip6.arpa", "example.com"})
    CHECK_MESSAGE(!addressOfReverseName(text), text);
}
