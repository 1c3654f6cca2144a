// The samples of the HTTP server: what they answer, and how they end.
#include "support/run_program.hpp"
#include "support/running_program.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

const std::string kFolder = std::string(SAMPLES_FOLDER) + "/http_";
const std::string kAnyPort = "tcp:0:interface=127.0.0.1";

/// Sends one request, or what is none, and gives all that comes.
std::string ask(std::uint16_t port, const std::string& request) {
  PlainClient client(port);
  client.send(request);
  return client.rest();
}
std::string ask(std::uint16_t port, const std::string& line, const std::string& body, const std::string& host = "127.0.0.1") {
  const std::string length = body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return ask(port, line + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + length + "\r\n" + body);
}
/// "200 the body".
std::string statusAndBody(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || end == std::string::npos) return answer;
  return answer.substr(9, 4) + answer.substr(end + 4);
}

std::string contentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

TEST_CASE("the samples of the server explain themselves, and refuse an option that they do not have") {
  for (const char* name : {"hello", "json_server", "office", "reverse_proxy", "sse_clock", "threads"}) {
    CAPTURE(name);
    const ProgramRun help = runProgram(kFolder + name + " --help");
    CHECK(help.status == 0);
    CHECK(help.output.starts_with(std::string("http_") + name));
    CHECK(runProgram(kFolder + name + " --no-such-thing").status == 2);
  }
  CHECK(runProgram(kFolder + "office").status == 2);
  CHECK(runProgram(kFolder + "reverse_proxy").status == 2);
  CHECK(runProgram(kFolder + "reverse_proxy nowhere").output == "nowhere is no URL of a server\n");
  CHECK(runProgram(kFolder + "reverse_proxy http://127.0.0.1/ --below api").output == "api is no path: /api would be one\n");
  CHECK(runProgram(kFolder + "threads --threads 0").status == 2);
  const weft::test::TemporaryFolder folder;
  CHECK(runProgram(kFolder + "office " + (folder / "nothing") + " --log " + (folder / "log")).output == "opening the file " + (folder / "nothing") + ": No such file or directory\n");
  CHECK(runProgram(kFolder + "hello --listen tcp:0:interface=nowhere").status == 1);
}

TEST_CASE("http_hello: greets the world, and whoever is named") {
  RunningProgram hello({kFolder + "hello", "--listen", kAnyPort});
  CHECK(statusAndBody(ask(hello.port(), "GET /", "")) == "200 Hello, world!\n");
  CHECK(statusAndBody(ask(hello.port(), "GET /J%C3%BCrgen", "")) == "200 Hello, Jürgen!\n");
  CHECK(statusAndBody(ask(hello.port(), "HEAD /", "")) == "200 ");
  CHECK(statusAndBody(ask(hello.port(), "GET /a/b", "")).starts_with("404 "));
  CHECK(hello.stop() == 143);
}

TEST_CASE("http_json_server: authors are listed in pages, added, read, changed and removed") {
  RunningProgram server({kFolder + "json_server", "--listen", kAnyPort});
  const auto answer = [&](const std::string& line, const std::string& body = "") { return statusAndBody(ask(server.port(), line, body)); };
  CHECK(answer("GET /authors/Jane%20Austen") == "200 {\"name\":\"Jane Austen\",\"born\":1775}\n");
  const std::string created = ask(server.port(), "POST /authors", R"({"name": "A. Müller/Söhne", "born": 1800})");
  CHECK(statusAndBody(created) == "201 {\"name\":\"A. Müller/Söhne\",\"born\":1800}\n");
  CHECK(created.find("\r\nLocation: /authors/A.%20M%C3%BCller%2FS%C3%B6hne\r\n") != std::string::npos);
  CHECK(created.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(answer("PUT /authors/A.%20M%C3%BCller%2FS%C3%B6hne", R"({"born": 1801})") == "200 {\"name\":\"A. Müller/Söhne\",\"born\":1801}\n");
  CHECK(answer("GET /authors?count=2") ==
        "200 {\"authors\":[{\"name\":\"A. Müller/Söhne\",\"born\":1801},{\"name\":\"Albert Einstein\",\"born\":1879}],\"next\":\"/authors?after=Albert%20Einstein&count=2\"}\n");
  CHECK(answer("GET /authors?after=Albert%20Einstein&count=2") == "200 {\"authors\":[{\"name\":\"Jane Austen\",\"born\":1775},{\"name\":\"Mark Twain\",\"born\":1835}],\"next\":null}\n");
  CHECK(answer("DELETE /authors/Mark%20Twain") == "204 ");
  CHECK(answer("GET /authors?after=Jane%20Austen") == "200 {\"authors\":[],\"next\":null}\n");
}

TEST_CASE("http_json_server: every error is JSON, also of what is no request") {
  RunningProgram server({kFolder + "json_server", "--listen", kAnyPort});
  const auto answer = [&](const std::string& line, const std::string& body = "") { return statusAndBody(ask(server.port(), line, body)); };
  CHECK(answer("GET /authors/nobody") == "404 {\"error\":\"there is no author of that name\"}\n");
  CHECK(answer("PUT /authors/nobody", R"({"born": 1})") == "404 {\"error\":\"there is no author of that name\"}\n");
  CHECK(answer("DELETE /authors/nobody") == "404 {\"error\":\"there is no author of that name\"}\n");
  CHECK(answer("GET /elsewhere") == "404 {\"error\":\"404 Not Found\"}\n");
  CHECK(answer("PATCH /authors/Jane%20Austen") == "405 {\"error\":\"405 Method Not Allowed\"}\n");
  CHECK(answer("POST /authors", R"({"name": "Jane Austen", "born": 1775})") == "409 {\"error\":\"there is an author of that name\"}\n");
  CHECK(answer("POST /authors", R"({"born": 1775})") == "400 {\"error\":\"\\\"name\\\" must be a string\"}\n");
  CHECK(answer("POST /authors", R"({"name": "X", "born": "x"})") == "400 {\"error\":\"\\\"born\\\" must be a year\"}\n");
  CHECK(answer("POST /authors", R"({"name)").starts_with("400 {\"error\":\"parsing JSON: line 1, column 7: "));
  CHECK(answer("POST /authors", R"({"name": ")" + std::string(5000, 'x') + "\"}") == "413 {\"error\":\"413 Content Too Large\"}\n");
  for (const char* count : {"0", "101", "x", "-1", "1x", "99999999999999999999"}) CHECK(answer("GET /authors?count=" + std::string(count)).starts_with("400 {\"error\":\"\\\"count\\\""));
  CHECK(statusAndBody(ask(server.port(), "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n")) == "400 {\"error\":\"400 Bad Request\"}\n");
}

TEST_CASE("http_sse_clock: a page, and ticks until their listener goes") {
  RunningProgram server({kFolder + "sse_clock", "--listen", kAnyPort, "--every", "0"});
  CHECK(ask(server.port(), "GET /", "").find("new EventSource(\"ticks\")") != std::string::npos);
  {
    PlainClient page(server.port());
    page.send("GET /ticks HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(page.line() == "HTTP/1.1 200 OK\r\n");
    std::string all, line;
    while (all.find("id: 3\n") == std::string::npos && !(line = page.line()).empty()) all += line;
    CHECK(all.find("Content-Type: text/event-stream") != std::string::npos);
    CHECK(all.find("event: tick\n") != std::string::npos);
    CHECK(all.find("retry: 2000\n") != std::string::npos);
    CHECK(all.find(" GMT\n") != std::string::npos);
  }
  const std::string came = server.line(), gone = server.line();
  CHECK(came.ends_with(" listens"));
  CHECK(gone == came.substr(0, came.size() - 7) + "has gone");
}

TEST_CASE("http_reverse_proxy: what is below a path is the other server's, and is a line here") {
  RunningProgram inner({kFolder + "json_server", "--listen", kAnyPort});
  RunningProgram outer({kFolder + "reverse_proxy", "http://127.0.0.1:" + std::to_string(inner.port()) + "/", "--below", "/api", "--listen", kAnyPort});
  const std::string answer = ask(outer.port(), "GET /api/authors/Jane%20Austen", "");
  CHECK(statusAndBody(answer) == "200 {\"name\":\"Jane Austen\",\"born\":1775}\n");
  CHECK(answer.find("\r\nVia: 1.1 weft\r\n") != std::string::npos);
  CHECK(outer.line().find("\"GET /api/authors/Jane%20Austen HTTP/1.1\" 200 35 ") != std::string::npos);
  CHECK(statusAndBody(ask(outer.port(), "POST /api/authors", R"({"name": "A/B", "born": 1})")) == "201 {\"name\":\"A/B\",\"born\":1}\n");
  CHECK(outer.line().find("\"POST /api/authors HTTP/1.1\" 201 ") != std::string::npos);
  CHECK(statusAndBody(ask(outer.port(), "GET /api/authors/A%2FB", "")) == "200 {\"name\":\"A/B\",\"born\":1}\n");
  CHECK(statusAndBody(ask(outer.port(), "GET /elsewhere", "")) == "404 404 Not Found\n");
  inner.stop();
  CHECK(statusAndBody(ask(outer.port(), "GET /api/authors", "")) == "502 502 Bad Gateway\n");
}

TEST_CASE("http_office: sessions, files, a password, hosts, pages for errors, and a log that is whole at the end") {
  const weft::test::TemporaryFolder folder;
  std::ofstream(folder / "page.html") << std::string(5000, 'x');
  const std::string logFile = folder / "log";
  RunningProgram office({kFolder + "office", folder / "", "--log", logFile, "--listen", kAnyPort});
  const std::string first = ask(office.port(), "GET /", "");
  CHECK(first.ends_with("<p>Visit 1\n"));
  const std::size_t at = first.find("\r\nSet-Cookie: weft_session=");
  REQUIRE(at != std::string::npos);
  const std::string cookie = first.substr(at + 14, first.find(';', at) - at - 14);
  CHECK(ask(office.port(), "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + cookie + "\r\nConnection: close\r\n\r\n").ends_with("<p>Visit 2\n"));
  CHECK(ask(office.port(), "GET /files/", "").find("page.html") != std::string::npos);
  const std::string coded = ask(office.port(), "GET /files/page.html HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
  CHECK(coded.find("\r\nContent-Encoding: gzip\r\n") != std::string::npos);
  CHECK(coded.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
  CHECK(coded.size() < 1000);
  const std::string who = ask(office.port(), "GET /private", "");
  CHECK(who.find("\r\nWWW-Authenticate: Digest realm=\"the office\", qop=\"auth\", algorithm=SHA-256, ") != std::string::npos);
  CHECK(statusAndBody(who) == "401 Sorry: 401 Unauthorized\n");
  CHECK(statusAndBody(ask(office.port(), "GET /nothing", "")) == "404 Sorry: 404 Not Found\n");
  CHECK(statusAndBody(ask(office.port(), "POST /notes", "J\xC3\xBCrgen")) == "200 7 bytes\n");
  CHECK(statusAndBody(ask(office.port(), "GET /", "", "status.localhost")) == "200 8 requests, 1 connections\n");

  CHECK(office.stop() == 143);
  const std::string log = contentOf(logFile);
  CHECK(log.find("\"GET /nothing HTTP/1.1\" 404 21 \"-\" \"-\"\n") != std::string::npos);
  CHECK(std::count(log.begin(), log.end(), '\n') == 8);
}

TEST_CASE("http_office: when it is told to stop, a request that is under way gets its answer") {
  const weft::test::TemporaryFolder folder;
  std::ofstream(folder / "big.bin") << std::string(32'000'000, 'x');                 // more than the sockets hold
  RunningProgram office({kFolder + "office", folder / "", "--log", folder / "log", "--listen", kAnyPort});
  PlainClient slow(office.port()), idle(office.port());
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(idle.line() == "HTTP/1.1 200 OK\r\n");
  slow.send("GET /files/big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(slow.line() == "HTTP/1.1 200 OK\r\n");
  office.send(SIGTERM);
  CHECK(idle.rest().ends_with("<p>Visit 1\n"));                                      // closed, as it had no request
  CHECK_THROWS(PlainClient(office.port()));
  const std::string rest = slow.rest();
  CHECK(rest.size() - rest.find("\r\n\r\n") == 32'000'004);
  CHECK(office.wait() == 143);
}

TEST_CASE("http_threads: answers come from threads that know nothing of each other") {
  RunningProgram server({kFolder + "threads", "--port", "0", "--threads", "3"});
  CHECK(server.firstLine.starts_with("3 threads listening on 127.0.0.1:"));
  PlainClient one(server.port());                                                    // a connection stays with its thread
  one.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string answers = one.rest();
  const std::size_t at = answers.find("thread ");
  REQUIRE(at != std::string::npos);
  const std::string thread = answers.substr(at, 8);
  CHECK(answers.find(thread + ", answer 1\n") != std::string::npos);
  CHECK(answers.find(thread + ", answer 2\n") != std::string::npos);
  CHECK(server.stop() == 143);
}
