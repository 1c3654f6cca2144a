// Files over a real socket: who reads them, the system or this program, and what happens when the client or the file goes wrong in the middle.
#include <doctest/doctest.h>

#include "http/server/server_world.hpp"
#include "net/worlds.hpp"
#include "support/open_descriptors.hpp"
#include "support/temporary_folder.hpp"

#include <weft/http/server/access_log.hpp>
#include <weft/http/server/compress.hpp>
#include <weft/http/server/static_files.hpp>
#include <weft/net/transport.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

using namespace weft;
using namespace weft::http;

namespace {

std::uint64_t sentBySystem = 0;                        // bytes that sendfile() has sent in this program

}  // namespace

// In place of the C library's: the same system call, counted.
extern "C" ssize_t sendfile(int to, int from, off_t* offset, std::size_t bytes);
extern "C" ssize_t sendfile64(int to, int from, off_t* offset, std::size_t bytes);

extern "C" ssize_t sendfile(int to, int from, off_t* offset, std::size_t bytes) {
  const long count = ::syscall(SYS_sendfile, to, from, offset, bytes);
  if (count > 0) sentBySystem += static_cast<std::uint64_t>(count);
  return count;
}

extern "C" ssize_t sendfile64(int to, int from, off_t* offset, std::size_t bytes) { return sendfile(to, from, offset, bytes); }

namespace {

constexpr std::size_t kSize = 24'000'000;              // more than sockets hold

std::string numbered(std::size_t bytes) {
  std::string text;
  for (int line = 0; text.size() < bytes; ++line) text += std::to_string(line) + '\n';
  text.resize(bytes);
  return text;
}

std::string get(const std::string& path, const std::string& fields = {}) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"; }

/// A site of a folder at loopback: big.txt as StaticFiles sends it, and as /body, by setBodyFile().
struct SentWorld : net::TcpWorld {
  test::TemporaryFolder folder;
  std::string content = numbered(kSize);
  std::string path = folder / "big.txt";
  std::vector<AccessEntry> log;
  std::vector<std::string> errors;
  LogSink old = setLogSink([this](const LogRecord& record) {
    if (record.level >= LogLevel::Error) errors.emplace_back(record.message);
  });
  std::shared_ptr<Site> site;
  std::unique_ptr<net::Port> port;
  int descriptors = 0;

  explicit SentWorld(bool compressing = false) {
    std::ofstream(path, std::ios::binary) << content;
    std::ofstream(folder / "small.txt") << "small";
    StaticFiles files(folder / ".");
    auto answer = [this, files](Request request) -> Deferred<Response> {
      if (request.url.path() == "/body") return succeed(Response(200).setHeader("Content-Type", "text/plain").setBodyFile(path));
      return files(std::move(request));
    };
    site = std::make_shared<Site>(Handler(std::move(answer)), SiteOptions().setAccessLog([this](const AccessEntry& entry) { log.push_back(entry); }));
    if (compressing) site->use(compress());
    port = network.listen(0, site, loopback());
    sentBySystem = 0;
    settle();
    descriptors = test::openDescriptors();
  }
  ~SentWorld() { setLogSink(old); }

  std::shared_ptr<test::server::Client> connect() {
    auto client = std::make_shared<test::server::Client>();
    net::resultOf(*this, net::connectProtocol(network, "127.0.0.1", port->getHost().port(), client));
    return client;
  }
  /// All that comes for a request, with a connection of its own.
  std::string ask(const std::string& path, const std::string& fields = {}, const std::string& method = "GET") {
    auto client = connect();
    client->transport().write(method + get(path, fields + "Connection: close\r\n").substr(3));
    REQUIRE(until([&] { return client->lost; }));
    return client->received;
  }
};

std::string bodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the system itself sends large files, whole and in ranges, of a folder and of setBodyFile()") {
  SentWorld world;
  for (const char* path : {"/big.txt", "/body"}) {
    sentBySystem = 0;
    const std::string whole = world.ask(path);
    CHECK(has(whole, "Content-Length: " + std::to_string(kSize) + "\r\n"));
    CHECK(bodyOf(whole) == world.content);
    CHECK(sentBySystem == kSize);
  }
  sentBySystem = 0;
  const std::string range = world.ask("/big.txt", "Range: bytes=1000-4000999\r\n");
  CHECK(has(range, "206 Partial Content"));
  CHECK(bodyOf(range) == world.content.substr(1000, 4'000'000));
  CHECK(sentBySystem == 4'000'000);
  const std::string parts = world.ask("/big.txt", "Range: bytes=0-99999,-200000\r\n");
  CHECK(has(parts, world.content.substr(0, 100'000) + "\r\n--"));
  CHECK(has(parts, world.content.substr(kSize - 200'000) + "\r\n--"));
  CHECK(sentBySystem == 4'300'000);
  CHECK(bodyOf(world.ask("/big.txt", {}, "HEAD")).empty());
  CHECK(bodyOf(world.ask("/body", {}, "HEAD")).empty());
  CHECK(bodyOf(world.ask("/small.txt")) == "small");
  CHECK(sentBySystem == 4'300'000);
  CHECK(world.errors.empty());
}

TEST_CASE("what is compressed, or goes over a transport without sendfile, is read in pieces") {
  SentWorld world(true);
  const std::string coded = world.ask("/body", "Accept-Encoding: gzip\r\n");
  CHECK(has(coded, "Content-Encoding: gzip\r\n"));
  CHECK(coded.size() < kSize / 2);
  CHECK(world.log.back().complete);
  CHECK(sentBySystem == 0);
  test::server::World memory([&](Request) { return succeed(Response(200).setBodyFile(world.path)); });
  CHECK(bodyOf(memory.exchange(get("/"), 5)) == world.content);
  CHECK(sentBySystem == 0);
}

TEST_CASE("a client that resets in the middle of a file leaves no descriptor and no error behind") {
  SentWorld world;
  for (const char* path : {"/big.txt", "/body"}) {
    auto client = world.connect();
    client->transport().pauseReading();
    client->transport().write(get(path));
    const std::uint64_t before = sentBySystem;
    REQUIRE(world.until([&] { return sentBySystem > before; }));
    client->transport().abortConnection();
    REQUIRE(world.until([&] { return world.site->connections() == 0; }));
    client.reset();
    world.settle();
    CHECK_FALSE(world.log.back().complete);
    CHECK(test::openDescriptors() == world.descriptors);
  }
  CHECK(world.errors.empty());
}

TEST_CASE("a file that is cut short while it is sent cuts the connection, so that nobody takes the part for the whole") {
  SentWorld world;
  for (const char* path : {"/big.txt", "/body"}) {
    std::ofstream(world.path, std::ios::binary) << world.content;
    auto client = world.connect();
    client->transport().pauseReading();
    client->transport().write(get(path));
    const std::uint64_t before = sentBySystem;
    REQUIRE(world.until([&] { return sentBySystem > before; }));
    world.settle();
    std::filesystem::resize_file(world.path, 1000);
    client->transport().resumeReading();
    REQUIRE(world.until([&] { return client->lost; }));
    CHECK(client->received.size() < kSize);
    CHECK_FALSE(world.log.back().complete);
  }
  REQUIRE(world.errors.size() == 2);
  CHECK(has(world.errors[0], "the connection is cut"));
}

TEST_CASE("a file for a client that does not read waits without being in memory, and holds nobody up") {
  SentWorld world;
  auto slow = world.connect();
  slow->transport().pauseReading();
  slow->transport().write(get("/big.txt") + get("/small.txt"));
  REQUIRE(world.until([] { return sentBySystem > 0; }));
  world.settle();
  const std::uint64_t sent = sentBySystem;
  CHECK(sent < kSize);                                 // what the sockets hold
  CHECK(bodyOf(world.ask("/small.txt")) == "small");
  CHECK(sentBySystem == sent);
  slow->transport().resumeReading();
  REQUIRE(world.until([&] { return slow->received.ends_with("small"); }));
  CHECK(slow->received.substr(slow->received.find("\r\n\r\n") + 4, kSize) == world.content);
  CHECK(sentBySystem == kSize);
  slow->transport().abortConnection();
  REQUIRE(world.until([&] { return world.site->connections() == 0; }));
}
