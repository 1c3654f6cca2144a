// WARC files as others write them, and as nobody should.
#include <weft/crawler/feeds/packer.hpp>
#include <weft/crawler/warc/warc_reader.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

struct Read {
  std::vector<WarcRecord> records;
  bool truncated = false;
  std::uint64_t whole = 0;
  std::string error;
};

Read readAll(std::string_view bytes, std::size_t piece = SIZE_MAX, WarcLimits limits = {}) {
  Read read;
  WarcReader reader("input", [&](char* to, std::size_t size) {
    const std::size_t count = std::min({size, piece, bytes.size()});
    std::memcpy(to, bytes.data(), count);
    bytes.remove_prefix(count);
    return count;
  }, limits);
  try {
    while (auto record = reader.next()) read.records.push_back(std::move(*record));
  } catch (const WarcError& error) {
    read.error = error.what();
  }
  read.truncated = reader.truncated();
  read.whole = reader.wholeUntil();
  return read;
}

std::string gzip(std::string text) {
  makePacker("gz")(text);
  return text;
}

WarcRecord page(std::string_view uri, std::string block) {
  WarcRecord record;
  record.add("WARC-Type", "response").add("WARC-Target-URI", uri);
  record.block = std::move(block);
  return record;
}

}  // namespace

TEST_CASE("a record's text is its version, its fields, its length and its block, and two empty lines") {
  CHECK(page("http://a.test/", "hello").text() == "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.test/\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n");
  CHECK(warcDigest("") == "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
  CHECK(warcDigest("hello") == "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N");
  CHECK(warcDate(std::chrono::system_clock::time_point(std::chrono::microseconds(1'000'000'000'000'001))) == "2001-09-09T01:46:40.000001Z");
  const std::string id = warcRecordId();
  CHECK(id.size() == 47);
  CHECK(id.starts_with("<urn:uuid:"));
  CHECK(id[24] == '4');
  CHECK(id != warcRecordId());
}

TEST_CASE("what was written is read, plain and compressed, whole and byte by byte") {
  const std::string one = page("http://a.test/1", "hello").text(), two = page("http://a.test/2", std::string(200'000, 'x')).text(), three = page("http://a.test/3", "").text();
  for (const std::string& file : {one + two + three, gzip(one) + gzip(two) + gzip(three)})
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, SIZE_MAX}) {
      const Read read = readAll(file, piece);
      CHECK(read.error == "");
      CHECK(!read.truncated);
      CHECK(read.whole == file.size());
      REQUIRE(read.records.size() == 3);
      CHECK(read.records[0].block == "hello");
      CHECK(read.records[1].block == std::string(200'000, 'x'));
      CHECK(read.records[2].targetUri() == "http://a.test/3");
      CHECK(read.records[2].block == "");
    }
}

TEST_CASE("a file that ends anywhere gives its whole records, and where they end") {
  const std::string one = page("http://a.test/1", "hello").text(), two = page("http://a.test/2", "world").text();
  const std::string packedOne = gzip(one), packedTwo = gzip(two);
  for (std::size_t size = 1; size < packedTwo.size(); ++size) {
    const Read read = readAll(packedOne + packedTwo.substr(0, size));
    CHECK(read.error == "");
    CHECK(read.records.size() == 1);
    CHECK(read.truncated);
    CHECK(read.whole == packedOne.size());
  }
  for (std::size_t size = 1; size < two.size() - 4; ++size) {
    const Read read = readAll(one + two.substr(0, size));
    CHECK(read.error == "");
    CHECK(read.records.size() == 1);
    CHECK(read.truncated);
    CHECK(read.whole == one.size());
  }
  CHECK(readAll("").records.empty());
  CHECK(!readAll("").truncated);
}

TEST_CASE("what other tools write is understood: bare LF, folded fields, brackets around URLs, empty lines too many or too few") {
  const Read read = readAll("WARC/0.18\nWARC-Type : response\nwarc-target-uri:<http://a.test/>\nX-Long: one\n  two\ncontent-length: 2\n\nhi\n\n\n\n\nWARC/1.0\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\nWARC/1.0\r\nContent-Length: 1\r\n\r\n!");
  CHECK(read.error == "");
  REQUIRE(read.records.size() == 3);
  CHECK(read.records[0].type() == "response");
  CHECK(read.records[0].targetUri() == "http://a.test/");
  CHECK(read.records[0].field("x-long") == "one two");
  CHECK(read.records[0].block == "hi");
  CHECK(read.records[1].type() == "metadata");
  CHECK(read.records[2].block == "!");
}

TEST_CASE("what is no WARC is refused with its place and why") {
  const std::string good = page("http://a.test/", "hello").text();
  const auto errorOf = [](std::string_view bytes, WarcLimits limits = {}) { return readAll(bytes, SIZE_MAX, limits).error; };
  CHECK(errorOf("<html>\n") == "input, record at byte 0: there is no WARC record, which begins with \"WARC/\"");
  CHECK(errorOf(good + "junk\n") == "input, record at byte " + std::to_string(good.size()) + ": there is no WARC record, which begins with \"WARC/\"");
  CHECK(errorOf("WARC/1.1\r\n\r\n").ends_with("its Content-Length is no number"));
  CHECK(errorOf("WARC/1.1\r\nContent-Length: -1\r\n\r\n").ends_with("its Content-Length is no number"));
  CHECK(errorOf("WARC/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n").ends_with("its Content-Length is no number"));
  CHECK(errorOf("WARC/1.1\r\nnothing\r\n\r\n").ends_with("no \"Name: value\""));
  CHECK(errorOf("WARC/1.1\r\n folded\r\n\r\n").ends_with("continues none"));
  CHECK(errorOf("WARC/1.1\r\nA: " + std::string(70'000, 'a')).ends_with("longer than 65536 bytes"));
  std::string many = "WARC/1.1\r\n";
  for (int i = 0; i < 257; ++i) many += "A: b\r\n";
  CHECK(errorOf(many).ends_with("more than 256 fields"));
  CHECK(errorOf(gzip(good + good)).find("compressed as a whole") != std::string::npos);
  CHECK(errorOf(gzip("WARC/1.1\r\nContent-Length: 9\r\n\r\nshort")).ends_with("shorter than its Content-Length"));
  CHECK(errorOf(gzip("WARC/1.1\r\nContent-")).ends_with("its heading does not end"));
  std::string damaged = gzip(good) + gzip(good);
  damaged[20] = static_cast<char>(damaged[20] ^ 0x55);
  CHECK(errorOf(damaged) != "");
}

TEST_CASE("a block over the limit is passed over, and takes no memory") {
  WarcLimits limits;
  limits.maxBlock = 4;
  const Read read = readAll(gzip(page("http://a.test/1", "hello").text()) + gzip(page("http://a.test/2", "four").text()), SIZE_MAX, limits);
  REQUIRE(read.records.size() == 2);
  CHECK(read.records[0].cut);
  CHECK(read.records[0].block == "");
  CHECK(!read.records[1].cut);
  CHECK(read.records[1].block == "four");
}

TEST_CASE("a file that is not there is named") {
  CHECK_THROWS_WITH_AS(WarcReader("/nowhere/a.warc"), "cannot read /nowhere/a.warc: No such file or directory", WarcError);
}
