// The samples of the HTTP client, against a server in this process.
#include "support/run_program.hpp"

#include <weft/core/reactor.hpp>
#include <weft/http/json.hpp>
#include <weft/http/header_values/byte_range.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/tcp_network.hpp>

#include <doctest/doctest.h>

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <thread>

namespace {

using namespace weft;

const std::string kFolder = std::string(SAMPLES_FOLDER) + "/http_";

std::string numbered(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += std::to_string(text.size()) + ' ';
  return text.substr(0, bytes);
}

/// A site and a forwarding proxy, on a thread of their own.
class Server {
 public:
  Server() {
    std::promise<std::uint16_t> listening;
    thread_ = std::thread([this, &listening] {
      Reactor reactor;
      net::TcpNetwork network(reactor);
      reactor_ = &reactor;
      const auto port = network.listen(0, std::make_shared<http::Site>([this](http::Request request) { return answer(std::move(request)); }), net::ListenOptions().interface("127.0.0.1"));
      reactor.callWhenRunning([&] { listening.set_value(port->getHost().port()); });
      reactor.run();
    });
    url = "http://127.0.0.1:" + std::to_string(listening.get_future().get());
  }
  ~Server() {
    reactor_.load()->callFromThread([this] { reactor_.load()->stop(); });
    thread_.join();
  }

  std::string url;
  const std::string file = numbered(500'000);

 private:
  Deferred<http::Response> answer(http::Request request) {
    const std::string path(request.url.path());
    if (path == "/page") co_return http::Response(200, "\xF0\xD2\xC9\xD7\xC5\xD4\nand more").setHeader("Content-Type", "text/plain; charset=koi8-r");
    if (path == "/moved") co_return http::Response(302, "").setHeader("Location", "/page");
    if (path == "/file") {
      const std::string range(request.headers.get("Range", ""));
      if (range.empty() || request.headers.get("If-Range") != "\"v1\"") co_return http::Response(200, file).setHeader("ETag", "\"v1\"");
      const std::size_t from = std::stoul(range.substr(6));
      co_return http::Response(206, file.substr(from)).setHeader("ETag", "\"v1\"").setHeader("Content-Range", "bytes " + std::to_string(from) + "-499999/500000");
    }
    if (path == "/notes" && request.method() == "POST") {
      const http::Json note = http::Json::parse(co_await request.bytes());
      if (note["text"].string().empty()) co_return http::Response(422, "a note without text");
      notes_.push_back(http::Json::Object{{"id", static_cast<std::int64_t>(notes_.size() + 1)}, {"text", note["text"].string()}});
      co_return http::Response(201, notes_.back().dump()).setHeader("Content-Type", "application/json");
    }
    if (path == "/notes") co_return http::Response(200, http::Json(notes_).dump()).setHeader("Content-Type", "application/json");
    co_return http::errorResponse(404);
  }

  std::thread thread_;
  std::atomic<Reactor*> reactor_{nullptr};
  http::Json::Array notes_;
};

struct Folder {
  Folder() { REQUIRE(mkdtemp(path)); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return std::string(path) + "/" + name; }
  char path[64] = "/tmp/weft-http-samples-XXXXXX";
};

std::string contentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

TEST_CASE("http_page: where a page was, its encoding, and its text in UTF-8") {
  const Server server;
  const ProgramRun run = runProgram(kFolder + "page " + server.url + "/moved --proxy ''");
  CHECK(run.status == 0);
  CHECK(run.output == "200 OK\n" + server.url + "/page\nkoi8-r, 21 bytes of text\nПривет\n");
  const ProgramRun forwarded = runProgram(kFolder + "page http://nobody.knows.example/page --proxy " + server.url);      // the site as a proxy: it looks at the path alone
  CHECK(forwarded.output == "200 OK\nhttp://nobody.knows.example/page\nkoi8-r, 21 bytes of text\nПривет\n");
  const ProgramRun wrong = runProgram(kFolder + "page " + server.url + "/page --proxy gopher://a");
  CHECK(wrong.status == 1);
  CHECK(wrong.output.find("there are proxies of the schemes") != std::string::npos);
  const ProgramRun typo = runProgram(kFolder + "page " + server.url + "/page --prox x");
  CHECK(typo.status == 2);
  CHECK(typo.output.starts_with("there is no option --prox\n"));
}

TEST_CASE("http_download: shows how far it is, and goes on where an earlier try ended") {
  const Server server;
  const Folder folder;
  const std::string command = kFolder + "download " + server.url + "/file " + (folder / "file");
  const ProgramRun whole = runProgram(command);
  CHECK(whole.status == 0);
  CHECK(whole.output.ends_with("100 %\n" + (folder / "file") + ": 500000 bytes\n"));
  CHECK(contentOf(folder / "file") == server.file);
  std::ofstream(folder / "file.part") << server.file.substr(0, 200'000);
  std::ofstream(folder / "file.etag") << "\"v1\"";
  const ProgramRun rest = runProgram(command);
  CHECK(rest.output.starts_with("going on at byte 200000\n"));
  CHECK(contentOf(folder / "file") == server.file);
  std::ofstream(folder / "file.part") << "something of another file";
  std::ofstream(folder / "file.etag") << "\"v0\"";
  CHECK(runProgram(command).status == 0);
  CHECK(contentOf(folder / "file") == server.file);
  const ProgramRun missing = runProgram(kFolder + "download " + server.url + "/nothing " + (folder / "file"));
  CHECK(missing.status == 1);
  CHECK(missing.output == server.url + "/nothing: 404 Not Found\n");
}

TEST_CASE("http_api: JSON both ways, and an error of the API in its own words") {
  const Server server;
  CHECK(runProgram(kFolder + "api " + server.url + "/notes 'buy milk'").output == "added as 1\n1: buy milk\n");
  CHECK(runProgram(kFolder + "api " + server.url + "/notes 'say \"hello\"'").output == "added as 2\n1: buy milk\n2: say \"hello\"\n");
  const ProgramRun wrong = runProgram(kFolder + "api " + server.url + "/notes ''");
  CHECK(wrong.status == 1);
  CHECK(wrong.output == "422 Unprocessable Content: a note without text\n");
}

TEST_CASE("http_many: a line for each URL as it comes") {
  const Server server;
  const ProgramRun run = runProgram(kFolder + "many --limit 1 " + server.url + "/page " + server.url + "/nothing ' ' " + server.url + "/file");
  CHECK(run.status == 1);
  CHECK(run.output.find("200 15 bytes " + server.url + "/page\n") != std::string::npos);
  CHECK(run.output.find(" bytes " + server.url + "/nothing\n") != std::string::npos);
  CHECK(run.output.find("200 500000 bytes " + server.url + "/file\n") != std::string::npos);
  CHECK(run.output.find("URL") != std::string::npos);
}

TEST_CASE("http2_mirror: pages over one connection of HTTP/2, kept in a folder") {
  const Server server;
  const Folder folder;
  const std::string mirror = std::string(SAMPLES_FOLDER) + "/http2_mirror ";
  const ProgramRun run = runProgram(mirror + "--known " + (folder / "pages") + " " + server.url + "/page " + server.url + "/file");
  CHECK(run.status == 0);
  CHECK(run.output.find("HTTP/2 15 bytes " + (folder / "pages") + "/page\n") != std::string::npos);
  CHECK(run.output.find("HTTP/2 500000 bytes " + (folder / "pages") + "/file\n") != std::string::npos);
  CHECK(run.output.ends_with("2 pages over 1 connections\n"));
  CHECK(contentOf(folder / "pages/file") == server.file);
  const ProgramRun old = runProgram(mirror + (folder / "old") + " " + server.url + "/page " + server.url + "/nothing");
  CHECK(old.status == 1);
  CHECK(old.output.find("HTTP/1.1 15 bytes ") != std::string::npos);
  CHECK(old.output.find("/nothing: 404") != std::string::npos);
}
