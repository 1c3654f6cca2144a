// What is written of an exchange, where, and what happens when it cannot be.
#include "support/temporary_folder.hpp"

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/warc/warc_reader.hpp>
#include <weft/crawler/warc/warc_writer.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <sys/mount.h>

using namespace weft;
using namespace weft::crawler;

namespace {

WarcExchange exchange(std::string url, std::string body = "hello") {
  WarcExchange exchange;
  exchange.url = std::move(url);
  exchange.begun = std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000'000));
  exchange.request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
  exchange.status = 200;
  exchange.responseHead = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\n\r\n";
  exchange.body = std::move(body);
  exchange.address = "192.0.2.1";
  exchange.protocol = "http/1.1";
  return exchange;
}

std::vector<WarcRecord> records(const std::string& path) {
  std::vector<WarcRecord> all;
  WarcReader reader(path);
  while (auto record = reader.next()) all.push_back(std::move(*record));
  CHECK(!reader.truncated());
  return all;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string noise(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) text += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

struct Quiet {
  Quiet() { setLogSink([](const LogRecord&) {}); }
  ~Quiet() { setLogSink({}); }
};

}  // namespace

TEST_CASE("an exchange is two records that name each other, behind a warcinfo record") {
  test::TemporaryFolder folder;
  const std::string path = folder / "a.warc";
  {
    WarcWriter writer(path, {}, nullptr);
    writer.put(exchange("http://a.test/"));
    writer.close();
    CHECK(writer.written() == 1);
    CHECK(writer.lost() == 0);
  }
  const auto all = records(path);
  REQUIRE(all.size() == 3);
  const std::string info(all[0].field("WARC-Record-ID")), asked(all[1].field("WARC-Record-ID")), answered(all[2].field("WARC-Record-ID"));
  CHECK(all[0].type() == "warcinfo");
  CHECK(all[0].field("WARC-Filename") == "a.warc");
  CHECK(all[0].block.starts_with("software: weft\r\nformat: WARC File Format 1.1\r\n"));
  const std::string file = contents(path);
  const std::string request = "WARC/1.1\r\nWARC-Type: request\r\nWARC-Record-ID: " + asked + "\r\nWARC-Date: 2001-09-09T01:46:40.000000Z\r\nWARC-Target-URI: http://a.test/\r\nWARC-Concurrent-To: " + answered +
                              "\r\nWARC-Warcinfo-ID: " + info + "\r\nWARC-IP-Address: 192.0.2.1\r\nWARC-Protocol: http/1.1\r\nContent-Type: application/http;msgtype=request\r\nWARC-Block-Digest: " +
                              warcDigest("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n") + "\r\nContent-Length: 32\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n\r\n\r\n";
  const std::string message = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\n\r\nhello";
  const std::string response = "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: " + answered + "\r\nWARC-Date: 2001-09-09T01:46:40.000000Z\r\nWARC-Target-URI: http://a.test/\r\nWARC-Concurrent-To: " + asked +
                               "\r\nWARC-Warcinfo-ID: " + info + "\r\nWARC-IP-Address: 192.0.2.1\r\nWARC-Protocol: http/1.1\r\nContent-Type: application/http;msgtype=response\r\nWARC-Block-Digest: " + warcDigest(message) +
                               "\r\nWARC-Payload-Digest: sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N\r\nContent-Length: " + std::to_string(message.size()) + "\r\n\r\n" + message + "\r\n\r\n";
  CHECK(file.substr(all[1].offset) == request + response);
}

TEST_CASE("a 304 is a revisit record, and a body that was cut says so") {
  test::TemporaryFolder folder;
  WarcWriter writer(folder / "a.warc.gz", {}, nullptr);
  auto unchanged = exchange("http://a.test/1", "");
  unchanged.status = 304;
  writer.put(std::move(unchanged));
  auto cut = exchange("http://a.test/2");
  cut.truncated = "disconnect";
  writer.put(std::move(cut));
  writer.close();
  const auto all = records(folder / "a.warc.gz");
  REQUIRE(all.size() == 5);
  CHECK(all[2].type() == "revisit");
  CHECK(all[2].field("WARC-Profile") == "http://netpreserve.org/warc/1.1/revisit/server-not-modified");
  CHECK(all[4].field("WARC-Truncated") == "disconnect");
}

TEST_CASE("a thread writes in the order of put(), and close() waits for it") {
  test::TemporaryFolder folder;
  Reactor reactor;
  WarcWriter writer(folder / "a.warc.gz", {}, &reactor);
  for (int i = 0; i < 200; ++i) writer.put(exchange("http://a.test/" + std::to_string(i), noise(1000)));
  writer.close();
  writer.close();
  writer.put(exchange("http://a.test/late"));
  CHECK(writer.written() == 200);
  CHECK(writer.lost() == 1);
  const auto all = records(folder / "a.warc.gz");
  REQUIRE(all.size() == 401);
  for (std::size_t i = 0; i < 200; ++i) CHECK(all[2 * i + 2].targetUri() == "http://a.test/" + std::to_string(i));
}

TEST_CASE("room() waits while too much waits, and fires when it is written") {
  test::TemporaryFolder folder;
  Reactor reactor;
  WarcOptions options;
  options.maxWaiting = 1000;
  WarcWriter writer(folder / "a.warc.gz", options, &reactor);
  CHECK(writer.room().called());
  writer.put(exchange("http://a.test/", noise(100'000)));
  auto room = writer.room().addCallback([&] { reactor.stop(); });
  CHECK(!room.called());
  reactor.run();
  CHECK(room.called());
}

TEST_CASE("files are rotated by size, each a WARC of its own, and a second run goes on with the last") {
  test::TemporaryFolder folder;
  WarcOptions options;
  options.maxBytes = 3000;
  {
    WarcWriter writer(folder / "a.warc", options, nullptr);
    for (int i = 0; i < 4; ++i) writer.put(exchange("http://a.test/" + std::to_string(i), noise(2000)));
  }
  {
    WarcWriter writer(folder / "a.warc", options, nullptr);
    writer.put(exchange("http://a.test/4", noise(2000)));
  }
  std::vector<std::string> urls;
  for (const char* name : {"a.warc", "a-00002.warc", "a-00003.warc", "a-00004.warc", "a-00005.warc"}) {
    if (!std::filesystem::exists(folder / name)) continue;
    const auto all = records(folder / name);
    CHECK(all.at(0).type() == "warcinfo");
    for (const WarcRecord& record : all)
      if (record.type() == "response") urls.emplace_back(record.targetUri());
  }
  CHECK(urls == std::vector<std::string>{"http://a.test/0", "http://a.test/1", "http://a.test/2", "http://a.test/3", "http://a.test/4"});
  CHECK(std::filesystem::exists(folder / "a-00002.warc"));
}

TEST_CASE("what a crash has left of a record is cut off, and the file is gone on with") {
  Quiet quiet;
  for (const char* name : {"a.warc", "a.warc.gz"}) {
    test::TemporaryFolder folder;
    const std::string path = folder / name;
    {
      WarcWriter writer(path, {}, nullptr);
      writer.put(exchange("http://a.test/1"));
      writer.put(exchange("http://a.test/2"));
    }
    const auto whole = std::filesystem::file_size(path);
    for (const std::uintmax_t off : {1u, 3u, 5u, 40u}) {
      std::filesystem::resize_file(path, whole - off);
      WarcWriter writer(path, {}, nullptr);
      writer.put(exchange("http://a.test/3"));
      writer.close();
      const auto all = records(path);
      CHECK(all.back().targetUri() == "http://a.test/3");
      CHECK(all.at(2).targetUri() == "http://a.test/1");
      std::filesystem::resize_file(path, all.at(all.size() - 2).offset);
      WarcWriter again(path, {}, nullptr);
      again.put(exchange("http://a.test/2"));
      again.close();
      std::filesystem::resize_file(path, whole);
      if (std::string_view(name).ends_with(".gz")) break;        // sizes of members differ
    }
  }
}

TEST_CASE("a file that is no WARC is left as it is") {
  test::TemporaryFolder folder;
  std::ofstream(folder / "notes.txt") << "dear diary\n";
  CHECK_THROWS_AS(WarcWriter(folder / "notes.txt", {}, nullptr), WarcError);
  CHECK(contents(folder / "notes.txt") == "dear diary\n");
  CHECK_THROWS_AS(WarcWriter("/nowhere/a.warc", {}, nullptr), WarcError);
}

TEST_CASE("a full disk: one error, no half record, and the rest counts as lost") {
  test::TemporaryFolder folder;
  const std::string disk = folder / "small";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0) return;      // without the right to mount
  {
    Reactor reactor;
    WarcWriter writer(disk + "/a.warc.gz", {}, &reactor);
    int told = 0, code = 0;
    writer.onError([&](const WarcError& error) {
      ++told;
      code = error.code;
      reactor.stop();
    });
    for (int i = 0; i < 20; ++i) writer.put(exchange("http://a.test/" + std::to_string(i), noise(40'000)));
    reactor.run();
    CHECK(told == 1);
    CHECK(code == ENOSPC);
    CHECK_THROWS_WITH_AS(writer.close(), ("cannot write to " + disk + "/a.warc.gz: No space left on device").c_str(), WarcError);
    CHECK(writer.written() > 2);
    CHECK(writer.written() + writer.lost() == 20);
    CHECK(records(disk + "/a.warc.gz").size() == 1 + 2 * writer.written());
  }
  ::umount(disk.c_str());
}
