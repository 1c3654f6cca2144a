// What a downloader records, it replays.
#include "support/temporary_folder.hpp"

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/warc/warc_agent.hpp>
#include <weft/crawler/warc/warc_replay.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

using namespace std::string_view_literals;

// "<title>packed</title>" by gzip.
constexpr std::string_view kPacked =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xb3\x29\xc9\x2c\xc9\x49\xb5\x2b\x48\x4c\xce\x4e\x4d\xb1\xd1\x87\xf0\x00\x3a\x0f\x3d\x68\x15\x00\x00\x00"sv;

struct World {
  test::TemporaryFolder folder;
  const std::string path = folder / "a.warc.gz";
  ManualClock clock;
  net::MemoryNetwork network{clock, 1};
  Settings settings;
  int asked = 0;
  std::function<http::Response(const http::Request&)> answer = [](const http::Request&) { return http::Response(200, "hello"); };
  std::shared_ptr<http::Site> site = std::make_shared<http::Site>([this](http::Request request) -> Deferred<http::Response> {
    ++asked;
    if (request.method() == "POST") {
      auto reading = request.bytes();
      request.body = co_await reading;
    }
    co_return answer(request);
  });
  std::unique_ptr<net::Port> port;

  World() {
    network.addHost("site.test");
    port = network.listen(80, site);
  }
  Deferred<Response> fetch(HttpDownloader& from, Request request) {
    auto fetching = from.fetch(std::make_shared<const Request>(std::move(request)));
    clock.playAll(60);
    return fetching;
  }
  Response get(HttpDownloader& from, Request request) {
    auto fetching = fetch(from, std::move(request));
    return successResultOf(fetching);
  }
  // Records these requests.
  std::vector<std::string> record(const std::vector<Request>& requests) {
    WarcWriter writer(path, {}, nullptr);
    std::vector<std::string> bodies;
    {
      HttpDownloader downloader(network, settings, [&](http::AnyAgent& agent) { return std::make_unique<WarcAgent>(agent, writer, "weft"); });
      for (const Request& request : requests) bodies.push_back(get(downloader, request).body);
    }
    writer.close();
    return bodies;
  }
  HttpDownloader replaying() {
    asked = 0;
    return HttpDownloader(network, settings, [this](http::AnyAgent&) { return std::make_unique<WarcReplay>(std::vector<std::string>{path}); });
  }
  std::vector<WarcRecord> records() const {
    std::vector<WarcRecord> all;
    WarcReader reader(path);
    while (auto record = reader.next()) all.push_back(std::move(*record));
    return all;
  }
  void write(std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
};

std::string page(std::string_view fields, std::string_view block) {
  return "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://site.test/\r\nContent-Type: application/http; msgtype=response\r\n" + std::string(fields) + "Content-Length: " + std::to_string(block.size()) + "\r\n\r\n" + std::string(block) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("pages are recorded as they were sent, and replayed without the network") {
  World world;
  world.answer = [](const http::Request&) { return http::Response(200, std::string(kPacked), "text/html").setHeader("Content-Encoding", "gzip").setHeader("Set-Cookie", "a=1"); };
  CHECK(world.record({Request("http://site.test/page?a=b#part")}) == std::vector<std::string>{"<title>packed</title>"});
  const auto all = world.records();
  REQUIRE(all.size() == 3);
  CHECK(all[1].block.starts_with("GET /page?a=b HTTP/1.1\r\nHost: site.test\r\nUser-Agent: weft\r\nAccept: "));
  CHECK(all[1].block.find("\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n") != std::string::npos);
  CHECK(all[2].targetUri() == "http://site.test/page?a=b");
  CHECK(all[2].block.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(all[2].block.ends_with(kPacked));
  CHECK(all[2].field("WARC-Payload-Digest") == warcDigest(kPacked));

  HttpDownloader downloader = world.replaying();
  const Response again = world.get(downloader, Request("http://site.test/page?a=b"));
  CHECK(again.body == "<title>packed</title>");
  CHECK(again.headers.get("Content-Type") == "text/html");
  CHECK(again.headers.get("Set-Cookie") == "a=1");
  CHECK(world.asked == 0);
}

TEST_CASE("a body in chunks, one of a megabyte, one without bytes: each is replayed as it came") {
  World world;
  std::string large;
  for (int i = 0; large.size() < 1'000'000; ++i) large += std::to_string(i) + ' ';
  world.answer = [&](const http::Request& request) {
    if (request.target == "/empty") return http::Response(204);
    http::Response response(200);
    response.setBodyChunks([](std::string text) -> AsyncGenerator<std::string> {
      for (std::size_t at = 0; at < text.size(); at += 5000) co_yield text.substr(at, 5000);
    }(request.target == "/large" ? large : "small"));
    return response;
  };
  const std::vector<Request> requests{Request("http://site.test/large"), Request("http://site.test/small"), Request("http://site.test/empty")};
  const auto bodies = world.record(requests);
  CHECK(bodies == std::vector<std::string>{large, "small", ""});
  CHECK(world.records().at(4).block.find("\r\nX-Orig-Transfer-Encoding: chunked\r\n") != std::string::npos);
  HttpDownloader downloader = world.replaying();
  for (std::size_t i = 0; i < requests.size(); ++i) CHECK(world.get(downloader, requests[i]).body == bodies[i]);
  CHECK(world.asked == 0);
}

TEST_CASE("methods and bodies tell requests apart, and what was asked several times is given out in order") {
  World world;
  int count = 0;
  world.answer = [&](const http::Request& request) {
    const int number = count++;
    return http::Response(number == 0 ? 503 : 200, request.method() + ' ' + request.body + ' ' + std::to_string(number));
  };
  const auto post = [](std::string body) {
    Request request("http://site.test/");
    request.setMethod("POST").setBody(std::move(body));
    return request;
  };
  CHECK(world.record({Request("http://site.test/"), Request("http://site.test/"), post("a"), post("b")}) == std::vector<std::string>{"GET  0", "GET  1", "POST a 2", "POST b 3"});
  HttpDownloader downloader = world.replaying();
  CHECK(world.get(downloader, post("b")).body == "POST b 3");
  CHECK(world.get(downloader, post("a")).body == "POST a 2");
  CHECK(world.get(downloader, Request("http://site.test/")).status == 503);
  CHECK(world.get(downloader, Request("http://site.test/")).body == "GET  1");
  CHECK(world.get(downloader, Request("http://site.test/")).body == "GET  1");
  auto unknown = world.fetch(downloader, post("c"));
  CHECK(failureResultOf<NotInWarc>(unknown).what() == std::string("POST http://site.test/ is not in ") + world.path);
  CHECK(world.asked == 0);
}

TEST_CASE("a body whose reader had enough is recorded as cut; replayed, it comes as far as it goes") {
  World world;
  const std::string text(300'000, 'x');
  world.answer = [&](const http::Request&) { return http::Response(200, text); };
  Request request("http://site.test/");
  request.setMeta("truncate_body", "1000");
  const auto bodies = world.record({request});
  CHECK(world.records().back().field("WARC-Truncated") == "length");
  HttpDownloader downloader = world.replaying();
  CHECK(world.get(downloader, request).body.size() >= 1000);
  auto whole = world.fetch(downloader, Request("http://site.test/"));
  CHECK(std::string(failureResultOf<http::ResponseFailed>(whole).what()).find("was cut in") != std::string::npos);
}

TEST_CASE("bodies over the limit are recorded up to it") {
  World world;
  world.answer = [&](const http::Request&) { return http::Response(200, std::string(300'000, 'x')); };
  WarcOptions options;
  options.maxBody = 100'000;
  WarcWriter writer(world.path, options, nullptr);
  HttpDownloader downloader(world.network, world.settings, [&](http::AnyAgent& agent) { return std::make_unique<WarcAgent>(agent, writer, "weft"); });
  CHECK(world.get(downloader, Request("http://site.test/")).body.size() == 300'000);
  writer.close();
  CHECK(world.records().back().field("WARC-Truncated") == "length");
  CHECK(world.records().back().block.size() < 101'000);
}

TEST_CASE("records of other tools are replayed: chunks left in, or taken out and the field left; no request record; no HTTP") {
  World world;
  const auto body = [&](std::string_view file) {
    world.write(file);
    HttpDownloader downloader = world.replaying();
    return world.get(downloader, Request("http://site.test/")).body;
  };
  CHECK(body(page("", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")) == "hello");
  CHECK(body(page("", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello")) == "hello");
  CHECK(body(page("", "HTTP/1.1 200 OK\nContent-Type: text/plain\n\nhello")) == "hello");
  world.write(page("", "no HTTP at all\r\n\r\n"));
  HttpDownloader downloader = world.replaying();
  auto broken = world.fetch(downloader, Request("http://site.test/"));
  failureResultOf<http::ResponseFailed>(broken);
}

TEST_CASE("a revisit has the body of the record that it refers to, or of the first with its digest, under its own head") {
  World world;
  const auto revisit = [](std::string_view uri, std::string_view fields, std::string_view head) {
    return "WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\nWARC-Target-URI: http://site.test" + std::string(uri) + "\r\n" +
           std::string(fields) + "Content-Length: " + std::to_string(head.size()) + "\r\n\r\n" + std::string(head) + "\r\n\r\n";
  };
  const std::string first = page("WARC-Record-ID: <urn:uuid:1>\r\nWARC-Payload-Digest: sha1:ABC\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-From: first\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  world.write(first + revisit("/again", "WARC-Refers-To: <urn:uuid:1>\r\n", "HTTP/1.1 203 Again\r\nContent-Type: text/plain\r\nX-From: revisit\r\nContent-Length: 5\r\n\r\n") +
              revisit("/same", "WARC-Payload-Digest: sha1:ABC\r\n", "") + revisit("/lost", "WARC-Refers-To: <urn:uuid:9>\r\n", "HTTP/1.1 200 OK\r\n\r\n"));
  HttpDownloader downloader = world.replaying();
  const Response again = world.get(downloader, Request("http://site.test/again"));
  CHECK(again.body == "hello");
  CHECK(again.status == 203);
  CHECK(again.headers.get("X-From") == "revisit");
  const Response same = world.get(downloader, Request("http://site.test/same"));
  CHECK(same.body == "hello");
  CHECK(same.headers.get("X-From") == "first");
  auto lost = world.fetch(downloader, Request("http://site.test/lost"));
  failureResultOf<NotInWarc>(lost);
}
