// Heads that come in one piece take a way of their own through the parser. They must not be told from those that come byte by byte.
#include <weft/http/parser.hpp>

#include <doctest/doctest.h>

#include "support/allocations.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace weft::http;

namespace {

struct Recorder final : MessageSink {
  void headReceived() override {
    const MessageHead& h = parser->head();
    log += h.method + " " + h.target + " " + std::to_string(h.status) + " " + h.reason + " " + std::to_string(h.minorVersion) + "\n" + std::string(h.headers.wire());
    for (const auto [name, value] : h.headers) log.append(name).append("=").append(value).append(h.headers.has(name) ? ";" : "?");
    log += "framing " + std::to_string(static_cast<int>(parser->framing())) + " " + std::to_string(parser->contentLength().value_or(0)) + " keep " +
           std::to_string(parser->keepAlive()) + " repairs " + std::to_string(parser->repairs()) + "\n";
  }
  void bodyReceived(std::string_view piece) override { body += piece; }
  void messageReceived() override { log += "body " + std::exchange(body, {}) + "\ntrailers " + std::string(parser->head().trailers.wire()) + "\n"; }
  void interimReceived() override { log += "interim " + std::string(parser->head().headers.wire()); }

  Parser* parser = nullptr;
  std::string log, body;
};

std::string read(Parser::Kind kind, std::string_view input, const ParserOptions& options, std::size_t step) {
  Recorder sink;
  Parser parser(kind, sink, options);
  sink.parser = &parser;
  try {
    for (std::size_t at = 0; at < input.size();) {
      at += parser.feed(input.substr(at, step));
      if (!parser.complete()) continue;
      if (!parser.keepAlive()) break;
      parser.next();
    }
    if (!parser.complete() && parser.started()) parser.finish();
  } catch (const ParseError& error) {
    sink.log += "error " + std::to_string(static_cast<int>(error.problem));
  }
  return sink.log;
}

// The log, which must not depend on how the input is divided.
std::string log(Parser::Kind kind, std::string_view input, const ParserOptions& options = ParserOptions()) {
  const std::string whole = read(kind, input, options, input.size());
  const std::string bytes = read(kind, input, options, 1);
  if (whole != bytes) CHECK_MESSAGE(whole == bytes, input);                      // a CHECK costs more than the two
  return whole;
}

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nServer: x\r\nConnection: keep-alive\r\nX-Empty:\r\nx_!#$%&'*+.^`|~:  a\tb \r\nContent-Length: 5\r\nA: \xC3\xA9\r\n\r\nhello";
constexpr std::string_view kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: a, b\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n";
constexpr std::string_view kInterim = "HTTP/1.1 103 Early\r\nLink: </x>\r\nContent-Length: 7\r\n\r\nHTTP/1.0 404 No\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kRequest = "POST /a?b HTTP/1.1\r\nHost: example.com:80\r\nContent-Length: 2\r\nUser-Agent: y\r\n\r\nhi";
constexpr std::string_view kShortest = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /?# HTTP/1.1\r\nHost: a\r\n\r\nHEAD /a HTTP/1.0\r\n\r\n";

}  // namespace

TEST_CASE("a head in one piece and the same head byte by byte are one message, whatever byte is wrong with it") {
  for (const std::string_view good : {kResponse, kChunked, kInterim, kRequest, kShortest}) {
    const Parser::Kind kind = good == kRequest || good == kShortest ? Parser::Kind::Request : Parser::Kind::Response;
    for (const bool lenient : {false, true}) {
      const ParserOptions options = ParserOptions().setLenient(lenient);
      CHECK(log(kind, good, options).find("error") == std::string::npos);
      std::string input(good);
      for (std::size_t at = 0; at < good.size(); ++at) {
        for (const char c : std::string_view("\0\t\n\r :;,0a#?/.\x7F\x80", 16)) {
          input[at] = c;
          log(kind, input, options);
          input[at] = good[at];
          log(kind, std::string(good.substr(0, at)).append(1, c).append(good.substr(at)), options);      // one more
        }
        log(kind, std::string(good.substr(0, at)).append(good.substr(at + 1)), options);                 // one less
        log(kind, good.substr(0, at), options);
      }
    }
  }
}

TEST_CASE("each of the 256 bytes is the same in a name and in a value, in one piece and byte by byte") {
  for (const bool lenient : {false, true}) {
    const ParserOptions options = ParserOptions().setLenient(lenient);
    for (int c = 0; c < 256; ++c) {
      const std::string byte(1, static_cast<char>(c));
      for (const std::size_t before : {0U, 1U, 14U, 15U, 16U, 31U}) {                                     // steps of sixteen, and their ends
        const std::string letters(before, 'n');
        log(Parser::Kind::Request, "GET /" + letters + byte + "x HTTP/1.1\r\nHost: a\r\n\r\n", options);
        log(Parser::Kind::Response, "HTTP/1.1 204 OK\r\n" + letters + byte + "x: v\r\nB: c\r\n\r\n", options);
        log(Parser::Kind::Response, "HTTP/1.1 204 OK\r\nA: " + letters + byte + "x\r\nB: c\r\n\r\n", options);
        log(Parser::Kind::Response, "HTTP/1.1 204 OK\r\nA: " + letters + byte + "\r\nB: c\r\n\r\n", options);
      }
    }
  }
}

TEST_CASE("the fields that frame a message do so in one piece, too") {
  const auto response = [](std::string_view fields, bool lenient) {
    return log(Parser::Kind::Response, "HTTP/1.1 200 OK\r\nA: b\r\n" + std::string(fields) + "C: d\r\n\r\n5\r\nhello\r\n0\r\n\r\n", ParserOptions().setLenient(lenient));
  };
  const std::string_view lines[] = {"Content-Length: 5\r\n",  "content-LENGTH:15 \r\n",       "Content-Length:\r\n",       "Content-Length: +5\r\n",
                                    "Content-Length: 5, 5\r\n", "Content-Length: 1234567890123456789\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: 0\r\n",
                                    "Transfer-Encoding: chunked\r\n", "TRANSFER-encoding:CHUNKED\t\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n",
                                    "Transfer-Encoding:\r\n", "Connection: close\r\n", "Connection: Upgrade, keep-alive\r\n", "Upgrade: h2c\r\n", "Proxy-Connection: close\r\n",
                                    "Connection:\r\n", "Connectiom: close\r\n"};
  for (const bool lenient : {false, true}) {
    for (const std::string_view one : lines) {
      response(one, lenient);
      for (const std::string_view other : lines) response(std::string(one).append(other), lenient);
    }
  }
  CHECK(response(lines[0], false).find("framing 1 5 keep 1") != std::string::npos);
  CHECK(response(lines[8], false).find("body hello") != std::string::npos);
  CHECK(response(lines[13], false).find("keep 0") != std::string::npos);
  CHECK(response(std::string(lines[0]).append(lines[0]), false).ends_with("error " + std::to_string(static_cast<int>(ParseProblem::ContentLength))));
  CHECK(response(std::string(lines[0]).append(lines[8]), false).ends_with("error " + std::to_string(static_cast<int>(ParseProblem::LengthConflict))));
  CHECK(response(std::string(lines[0]).append(lines[0]), true).find("repairs " + std::to_string(static_cast<unsigned>(Repair::RepeatedLength))) != std::string::npos);
  std::string many;
  for (int i = 0; i < 9; ++i) many += "Connection: x\r\n";
  CHECK(response(many + "Connection: close\r\n", false).find("keep 0") != std::string::npos);
}

TEST_CASE("limits fall on the same byte in one piece and byte by byte") {
  for (std::size_t size = 90; size < 110; ++size) {
    const ParserOptions options = ParserOptions().setMaxHeaderBytes(100).setMaxHeaders(3).setMaxStartLine(100);
    for (const char* end : {"\r\n", " \t\r\n"}) {
      const std::string fields = "A:" + std::string(size - 50, 'x') + end + "Bcd: " + std::string(47, 'y') + "\r\n";
      const std::string result = log(Parser::Kind::Response, "HTTP/1.1 204 OK\r\n" + fields + "\r\n", options);
      CHECK((result.find("error") == std::string::npos) == (size + 1 + (*end == ' ' ? 2 : 0) <= 100));
      log(Parser::Kind::Response, "HTTP/1.1 103 OK\r\n" + fields + "\r\nHTTP/1.1 103 OK\r\n" + fields + "\r\nHTTP/1.1 204 " + std::string(size, 'r') + "\r\n" + fields + "\r\n", options);
    }
  }
  for (const std::size_t count : {63U, 64U, 65U, 130U}) {                        // beyond 64 fields llhttp finds them
    std::string fields;
    for (std::size_t i = 0; i < count; ++i) fields += "A" + std::to_string(i) + ": b\r\n";
    CHECK(log(Parser::Kind::Response, "HTTP/1.1 204 OK\r\n" + fields + "\r\n").find("A" + std::to_string(count - 1) + "=b;") != std::string::npos);
    CHECK(log(Parser::Kind::Response, "HTTP/1.1 204 OK\r\n" + fields + "\r\n", ParserOptions().setMaxHeaders(count - 1)).ends_with("error " + std::to_string(static_cast<int>(ParseProblem::TooManyHeaders))));
  }
}

TEST_CASE("once warm, a head that is taken away costs at most two allocations, and one that stays none") {
  struct Sink final : MessageSink {
    void headReceived() override {}
    void bodyReceived(std::string_view) override {}
    void messageReceived() override {}
  } sink;
  std::string fields = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 18; ++i) fields += "X-Field-" + std::to_string(i) + ": a value of some length, as they are: 0123456789abcdef\r\n";
  for (const char* framing : {"Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    for (const bool lenient : {false, true}) {
      Parser parser(Parser::Kind::Response, sink, ParserOptions().setLenient(lenient));
      const std::string input = fields + framing;
      for (const bool takenAway : {true, false}) {
        std::uint64_t count = 0;
        for (int i = 0; i < 5; ++i) {
          const std::uint64_t before = weft::test::allocations();
          CHECK(parser.feed(input) == input.size());
          const std::uint64_t now = weft::test::allocations() - before;
          if (i > 0) count = std::max(count, now);
          if (takenAway) Headers(std::move(parser.head().headers));
          parser.next();
        }
        CHECK(count <= (takenAway ? 2 : 0));
      }
    }
  }
}
