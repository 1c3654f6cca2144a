#include <weft/http/parser.hpp>

#include <doctest/doctest.h>

#include "table.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

using namespace weft::http;
using weft::test::readTable;
using weft::test::unhex;

namespace {

// Everything that a parser reports for some input, as text, so that two ways of feeding it can be compared.
struct Run : MessageSink {
  void headReceived() override {
    const MessageHead& h = parser->head();
    log += h.method + " " + h.target + " " + std::to_string(h.status) + " " + h.reason + " " +
           std::to_string(h.minorVersion) + "\n" + std::string(h.headers.wire()) + "framing " +
           std::to_string(static_cast<int>(parser->framing())) + " keep " + std::to_string(parser->keepAlive()) + "\n";
  }
  void bodyReceived(std::string_view piece) override { body += piece; }
  void messageReceived() override {
    log += "body " + body + "\ntrailers " + std::string(parser->head().trailers.wire()) + "end\n";
    bodies.push_back(std::exchange(body, {}));
  }
  void interimReceived() override {
    log += "interim " + std::to_string(parser->head().status) + "\n";
    ++interims;
  }

  Parser* parser = nullptr;
  std::string log, body;
  std::vector<std::string> bodies;     // of complete messages
  int interims = 0;
  std::optional<ParseProblem> problem;
  std::string what;
  std::uint64_t offset = 0;
};

enum class Feed { Whole, Bytes, Random };

// Parses all messages in the input (of responses only the first, if it is the whole connection that counts), and its end.
Run run(Parser::Kind kind, std::string_view input, const ParserOptions& options, Feed feed = Feed::Whole,
        bool eof = true, std::uint64_t seed = 1, bool answersHead = false) {
  Run result;
  Parser parser(kind, result, options);
  result.parser = &parser;
  parser.next(answersHead);
  try {
    std::size_t at = 0;
    while (at < input.size()) {
      std::size_t size = input.size() - at;
      if (feed == Feed::Bytes) size = 1;
      if (feed == Feed::Random) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        size = std::min<std::size_t>(size, 1 + (seed >> 33) % 37);
      }
      // A fresh copy of each piece: nothing may keep pointing at an earlier one.
      const std::string piece(input.substr(at, size));
      at += parser.feed(piece);
      if (parser.complete()) {
        if ((kind == Parser::Kind::Response && eof) || !parser.keepAlive()) break;
        parser.next();
      }
    }
    if (eof && !parser.complete() && (parser.started() || result.bodies.empty())) parser.finish();
  } catch (const ParseError& error) {
    result.problem = error.problem;
    result.what = error.what();
    result.offset = error.offset;
    result.log += "error " + std::to_string(static_cast<int>(error.problem)) + " body " + result.body + "\n";
  }
  return result;
}

Run runAll(Parser::Kind kind, std::string_view input, const ParserOptions& options, bool eof = true) {
  Run whole = run(kind, input, options, Feed::Whole, eof);
  const Run bytes = run(kind, input, options, Feed::Bytes, eof);
  CHECK(whole.log == bytes.log);
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const Run random = run(kind, input, options, Feed::Random, eof, seed);
    CHECK(whole.log == random.log);
  }
  return whole;
}

Run response(std::string_view input, const ParserOptions& options = ParserOptions()) {
  return runAll(Parser::Kind::Response, input, options);
}
Run request(std::string_view input, const ParserOptions& options = ParserOptions()) {
  return runAll(Parser::Kind::Request, input, options);
}

}  // namespace

TEST_CASE("a response comes apart into head and body") {
  Run sink;
  Parser parser(Parser::Kind::Response, sink);
  sink.parser = &parser;
  const std::string_view input =
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nX-Empty:\r\nX-Spaces:  a b \t\r\nContent-Length: "
      "5\r\n\r\nhelloEXTRA";
  CHECK(parser.feed(input) == input.size() - 5);
  CHECK(parser.complete());
  CHECK(parser.head().status == 404);
  CHECK(parser.head().reason == "Not Found");
  CHECK(parser.head().headers.wire() ==
        "Content-Type: text/html\r\nX-Empty: \r\nX-Spaces: a b\r\nContent-Length: 5\r\n");
  CHECK(parser.head().headers.get("x-spaces") == "a b");
  CHECK(parser.framing() == BodyFraming::Length);
  CHECK(parser.contentLength() == 5);
  CHECK(parser.keepAlive());
  CHECK(sink.bodies == std::vector<std::string>{"hello"});
  CHECK(parser.feed("more") == 0);
  parser.next();
  CHECK(!parser.started());
  CHECK(parser.feed("HTTP/1.0 200 OK\r\n\r\nab") == 21);
  CHECK(!parser.complete());
  CHECK(!parser.keepAlive());
  CHECK(parser.framing() == BodyFraming::UntilClose);
  parser.finish();
  CHECK(sink.bodies.back() == "ab");
}

TEST_CASE("a response to HEAD, a 204 and a 304 have no body") {
  CHECK(run(Parser::Kind::Response, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {}, Feed::Whole, true, 1, true)
            .bodies.size() == 1);
  CHECK(run(Parser::Kind::Response, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", {}, Feed::Whole, true, 1,
            true)
            .bodies.size() == 1);
  CHECK(response("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello").bodies == std::vector<std::string>{""});
  CHECK(response("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").bodies == std::vector<std::string>{""});
}

TEST_CASE("an interim response has no body, whatever its fields say") {
  for (const char* field : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
    const std::string input = std::string("HTTP/1.1 103 Early Hints\r\n") + field + "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    for (const bool lenient : {false, true}) {
      for (const Feed feed : {Feed::Whole, Feed::Bytes}) {
        const Run result = run(Parser::Kind::Response, input, ParserOptions().setLenient(lenient), feed);
        CHECK(!result.problem);
        CHECK(result.interims == 1);
        CHECK(result.bodies == std::vector<std::string>{"hi"});
      }
    }
  }
}

TEST_CASE("interim responses pass, up to a limit") {
  std::string many;
  for (int i = 0; i < 16; ++i) many += "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  const std::string real = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  CHECK(response(many + real).bodies == std::vector<std::string>{"ok"});
  CHECK(response(many + "HTTP/1.1 100 Continue\r\n\r\n" + real).problem == ParseProblem::TooManyInterim);
  CHECK(response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n").problem ==
        ParseProblem::UnexpectedUpgrade);
  CHECK(response("HTTP/1.1 100 Continue\r\n\r\n").problem == ParseProblem::Truncated);
}

TEST_CASE("an end of the input inside a message is Truncated, before it Empty") {
  CHECK(response("").problem == ParseProblem::Empty);
  CHECK(response("HTTP/1.1 2").problem == ParseProblem::Truncated);
  CHECK(response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell").problem == ParseProblem::Truncated);
  CHECK(response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n").problem ==
        ParseProblem::Truncated);
  CHECK(response("HTTP/1.1 200 OK\r\n\r\nhello").bodies == std::vector<std::string>{"hello"});
}

TEST_CASE("pipelined requests are parsed one after the other") {
  const Run two =
      request("GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
  CHECK(two.bodies == std::vector<std::string>{"", "hi"});
  CHECK(!two.problem);
}

TEST_CASE("limits on start line, fields and extensions") {
  const ParserOptions small = ParserOptions().setMaxStartLine(100).setMaxHeaderBytes(1000).setMaxHeaders(10);
  CHECK(!request("GET /" + std::string(90, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", small).problem);
  CHECK(request("GET /" + std::string(100, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", small).problem ==
        ParseProblem::StartLineTooLong);
  CHECK(response("HTTP/1.1 200 " + std::string(101, 'a') + "\r\n\r\n", small).problem ==
        ParseProblem::StartLineTooLong);
  CHECK(!response("HTTP/1.1 204 OK\r\nA: " + std::string(990, 'a') + "\r\n\r\n", small).problem);   // in pieces, too
  CHECK(response("HTTP/1.1 200 OK\r\nA: " + std::string(1000, 'a') + "\r\n\r\n", small).problem ==
        ParseProblem::HeadersTooLarge);
  CHECK(response("HTTP/1.1 200 OK\r\n" + std::string(1001, 'a') + ": x\r\n\r\n", small).problem ==
        ParseProblem::HeadersTooLarge);
  CHECK(response("HTTP/1.1 200 OK\r\nA:" + std::string(5000, ' ') + "x\r\n\r\n", small).problem ==
        ParseProblem::HeadersTooLarge);
  std::string fields;
  for (int i = 0; i < 10; ++i) fields += "A: b\r\n";
  CHECK(!response("HTTP/1.1 204 OK\r\n" + fields + "\r\n", small).problem);
  CHECK(response("HTTP/1.1 204 OK\r\nB: c\r\n" + fields + "\r\n", small).problem == ParseProblem::TooManyHeaders);
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(response(chunked + "1\r\nx\r\n0\r\n" + fields + "\r\n", small).problem == ParseProblem::TooManyHeaders);
  CHECK(response(chunked + "1\r\nx\r\n0\r\nT: " + std::string(1000, 'a') + "\r\n\r\n", small).problem ==
        ParseProblem::HeadersTooLarge);
  CHECK(response(chunked + "1;" + std::string(17000, 'a') + "\r\nx\r\n0\r\n\r\n").problem ==
        ParseProblem::ChunkExtensionTooLong);
  CHECK(request(std::string(300000, '\r'), small).problem.has_value());
  std::string emptyLines;
  for (int i = 0; i < 200000; ++i) emptyLines += "\r\n";
  CHECK(request(emptyLines).problem == ParseProblem::HeadersTooLarge);
  CHECK(run(Parser::Kind::Response, chunked + std::string(1000000, '0'), ParserOptions(), Feed::Random, false)
            .problem.has_value());
}

TEST_CASE("trailers are kept apart from the headers") {
  Run sink;
  Parser parser(Parser::Kind::Response, sink);
  sink.parser = &parser;
  parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSet-Cookie: a=b\r\nT: 1\r\n\r\n");
  CHECK(parser.complete());
  CHECK(parser.head().trailers.wire() == "Set-Cookie: a=b\r\nT: 1\r\n");
  CHECK(!parser.head().headers.has("set-cookie"));
}

TEST_CASE("strict mode refuses what lenient mode repairs") {
  const ParserOptions lenient = ParserOptions().setLenient(true);
  const auto both = [&](std::string_view input, ParseProblem strict, std::string_view body) {
    CAPTURE(input);
    CHECK(response(input).problem == strict);
    const Run loose = response(input, lenient);
    CHECK_MESSAGE(!loose.problem, loose.what);
    CHECK(loose.bodies == std::vector<std::string>{std::string(body)});
  };
  both("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", ParseProblem::LineEnding, "hello");
  both("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", ParseProblem::ContentLength, "hello");
  both("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       ParseProblem::LengthConflict, "hello");
  both("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       ParseProblem::LengthConflict, "hello");
  both("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       ParseProblem::TransferEncoding, "hello");
  both("HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 5\r\n\r\nhello", ParseProblem::LineEnding, "hello");
  both("HTTP/1.1 200 OK\r\nX: a\x01\x7F\r\nContent-Length: 5\r\n\r\nhello", ParseProblem::HeaderName, "hello");
  // Nobody knows where these end, or which of them is meant.
  for (std::string_view input :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nhello", "HTTP/1.1 200 OK\r\nno colon\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX : a\r\n\r\nhello", "ICY 200 OK\r\n\r\nhello", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n", "<html>", "HTTP/1.1 20x OK\r\n\r\n"}) {
    CAPTURE(input);
    CHECK(response(input).problem.has_value());
    CHECK(response(input, lenient).problem.has_value());
  }
}

TEST_CASE("a line that begins with a blank right behind the start line continues nothing, and is refused") {      // RFC 9112 section 2.2
  const ParserOptions lenient = ParserOptions().setLenient(true);
  CHECK(response("HTTP/1.1 200 OK\r\n A: b\r\n\r\n", lenient).problem == ParseProblem::LineEnding);
  CHECK(response("HTTP/1.1 103 Early\n \n\r\0HTTP/1.1 200 OK\r\n\r\n", lenient).problem == ParseProblem::LineEnding);
  CHECK(!response("HTTP/1.1 204 OK\r\nA: b\r\n c\r\n\r\n", lenient).problem);
}

TEST_CASE("no NUL, CR or LF reaches the application from a head") {
  const ParserOptions lenient = ParserOptions().setLenient(true);
  Run sink;
  Parser parser(Parser::Kind::Response, sink, lenient);
  sink.parser = &parser;
  parser.feed(std::string_view("HTTP/1.1 200 a\0b\r\nX: a\0b\r\nY: a\r\n b\r\nContent-Length: 0\r\n\r\n", 58));
  REQUIRE(parser.complete());
  CHECK(parser.head().headers.get("x") == "a b");
  CHECK(parser.head().headers.get("y").value().find_first_of("\r\n") == std::string_view::npos);
  CHECK(parser.head().reason == "a b");
  CHECK(parser.wasRepaired());
}

TEST_CASE("of the 256 bytes only those of tokens are taken in names, and no control in values") {
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    const std::string byte(1, static_cast<char>(c));
    const std::string name = "a" + byte + "b";
    const Run run = request("GET / HTTP/1.1\r\nHost: h\r\n" + name + ": x\r\n\r\n");
    CHECK(run.problem.has_value() == (!isToken(name) && c != ':'));
    if (c == '\r' || c == '\n') continue;
    const Run value = request("GET / HTTP/1.1\r\nHost: h\r\nX: a" + byte + "b\r\n\r\n");
    CHECK(value.problem.has_value() == ((c < 0x20 && c != '\t') || c == 0x7F));
    const Run target = request("GET /" + byte + "x HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(target.problem.has_value() == (c <= 0x20 || c >= 0x7F));
  }
}

TEST_CASE("an HTTP/1.1 request has one valid Host") {
  CHECK(request("GET / HTTP/1.1\r\n\r\n").problem == ParseProblem::Host);
  CHECK(request("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").problem == ParseProblem::Host);
  for (const char* host : {"a, b", "a b", "user@a", "a/b", "a:b", "[::1", "a?", "a#"})
    CHECK(request("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").problem == ParseProblem::Host);
  for (const char* host : {"a", "a:80", "[::1]:8080", "127.0.0.1", ""})
    CHECK(!request("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").problem);
  CHECK(!request("GET / HTTP/1.0\r\n\r\n").problem);
}

TEST_CASE("an error of the sink comes out of feed()") {
  struct Thrower : MessageSink {
    void headReceived() override {}
    void bodyReceived(std::string_view) override { throw std::runtime_error("full"); }
    void messageReceived() override {}
  } sink;
  Parser parser(Parser::Kind::Response, sink);
  CHECK_THROWS_WITH(parser.feed("HTTP/1.1 200 OK\r\n\r\nbody"), "full");
}

TEST_CASE("the framing vectors: what RFC 9112 demands is done, whole, byte by byte and in pieces") {
  const auto table = readTable("http1/framing.json");
  for (const auto& test : table["cases"].GetArray()) {
    CAPTURE(std::string(test["name"].GetString()));
    std::string input;
    for (const auto& part : test["raw"].GetArray())
      for (unsigned n = part[1].GetUint(); n > 0; --n) input += unhex(part[0].GetString());
    const bool isRequest = std::string_view(test["side"].GetString()) == "request";
    std::vector<ParserOptions> modes{ParserOptions()};
    if (!isRequest) modes.push_back(ParserOptions().setLenient(true));
    for (const ParserOptions& options : modes) {
      CAPTURE(options.lenient);
      // A connection that stays open after its request is no truncation, but a request that never completes is never handed on.
      const Run result = isRequest ? request(input) : response(input, options);
      const std::string_view want = test["want"].GetString();
      if (want == "reject") {
        CHECK_MESSAGE(result.bodies.empty(), result.log);
        CHECK(result.problem.has_value());
        continue;
      }
      if (want == "accept") CHECK_MESSAGE(!result.bodies.empty(), result.what);
      if (result.bodies.empty()) continue;
      std::string body;
      for (const auto& part : test["body"].GetArray())
        for (unsigned n = part[1].GetUint(); n > 0; --n) body += unhex(part[0].GetString());
      CHECK(result.bodies[0] == body);
      if (isRequest && test["more_messages"].IsUint())
        CHECK(result.bodies.size() == 1 + test["more_messages"].GetUint());
    }
  }
}

TEST_CASE("the browsers' table of Content-Length values: never laxer than they") {
  const auto table = readTable("http1/content_length.json");
  const std::string body(42, 'x');
  for (const auto& test : table["cases"].GetArray()) {
    CAPTURE(std::string(test["id"].GetString()));
    std::string input = "HTTP/1.1 200 OK\r\n";
    for (const auto& value : test["values"].GetArray())
      input += "Content-Length: " + std::string(value.GetString()) + "\r\n";
    input += "\r\n" + body;
    const Run result = response(input, ParserOptions().setLenient(true));
    if (!result.bodies.empty()) {
      REQUIRE(test["length"].IsUint());
      CHECK(result.bodies[0].size() == test["length"].GetUint());
    }
  }
}

TEST_CASE("curl's table of responses") {
  const std::set<std::string> deviations{
      "curl_responses-0034",  // run with --ignore-content-length: to us the body is cut
      "curl_responses-0038",  // run with --raw: an unknown transfer coding is an error
      "curl_responses-0086",  // run with --http0.9
  };
  const auto table = readTable("http1/curl_responses.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    CAPTURE(std::string(test["title"].GetString()));
    const std::string input = unhex(test["response_hex"].GetString());
    const Run result = response(input, ParserOptions().setLenient(true));
    // Codings are undone by a layer above; to the parser such bodies are good bytes.
    const bool coded = input.find("\nContent-Encoding:") != std::string::npos;
    const bool ok = std::string_view(test["outcome"].GetString()) == "ok";
    bool good = true;
    if (ok)
      good = !result.bodies.empty() && (coded || result.bodies[0] == unhex(test["body_hex"].GetString()));
    else if (!coded)
      good = result.bodies.empty();
    if (deviations.contains(id)) continue;
    passed += good;
    CHECK_MESSAGE(good, result.what << "\n" << input << "\n" << result.log);
  }
  MESSAGE("curl_responses: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("llhttp's own table: our glue adds and loses nothing") {
  const std::set<std::string> deviations{
      "llhttp-0016",  // lenient-headers takes a space before the colon; RFC 9112 section 5.1 wants it refused, and we do
      "llhttp-0144",  // codings other than chunked are refused
      "llhttp-0176",  // 101 that was not asked for
  };
  const auto table = readTable("http1/llhttp.json");
  int passed = 0, run = 0;
  for (const auto& test : table["cases"].GetArray()) {
    // Its other lenient flags are ones that we do not set; our strict mode has lines of its own.
    const std::string lenient = test["lenient"].IsString() ? test["lenient"].GetString() : "";
    if ((!lenient.empty() && lenient != "lenient-headers") || !test["options"].ObjectEmpty()) continue;
    ++run;
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    CAPTURE(std::string(test["title"].GetString()));
    const bool isRequest = std::string_view(test["parse"].GetString()) == "request";
    const std::string input = unhex(test["input_hex"].GetString());
    const Run result = runAll(isRequest ? Parser::Kind::Request : Parser::Kind::Response, input,
                              ParserOptions().setLenient(!lenient.empty()).setRequireHost(false), false);
    std::vector<std::string> bodies;
    int interims = 0;
    for (const auto& message : test["messages"].GetArray()) {
      const bool interim = message.HasMember("status") && message["status"].GetInt() < 200;
      if (message["complete"].GetBool() && interim)
        ++interims;
      else if (message["complete"].GetBool())
        bodies.push_back(unhex(message["body_hex"].GetString()));
    }
    const bool good = result.bodies == bodies && result.interims == interims;
    passed += good;
    if (!deviations.contains(id)) CHECK_MESSAGE(good, result.what << "\n" << input << "\n" << result.log);
  }
  MESSAGE("llhttp: " << passed << " of " << run << " of " << table["cases"].Size());
}

TEST_CASE("chunk lines: strict mode keeps the grammar, lenient mode takes what browsers take") {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const ParserOptions lenient = ParserOptions().setLenient(true);
  for (const char* good : {"5\r\nhello\r\n0\r\n\r\n", "000005\r\nhello\r\n000\r\n\r\n", "5;a\r\nhello\r\n0;b=c;d=\"e\\\"; f\"\r\n\r\n",
                           "5;a=\"\";b\r\nhello\r\n0\r\nT: 1\r\n\r\n"}) {
    CAPTURE(good);
    CHECK(response(head + good).bodies == std::vector<std::string>{"hello"});
    CHECK(response(head + good, lenient).bodies == std::vector<std::string>{"hello"});
  }
  for (const char* repaired : {"5 \r\nhello\r\n0\r\n\r\n", "5\t ;x\r\nhello\r\n0 \r\n\r\n", "5\nhello\n0\n\r\n", "5;=\x01;;\r\nhello\r\n0\r\n\r\n"}) {
    CAPTURE(repaired);
    CHECK(response(head + repaired).problem.has_value());
    CHECK(response(head + repaired, lenient).bodies == std::vector<std::string>{"hello"});
  }
  for (const char* bad : {"\r\nhello", " 5\r\nhello\r\n", "-5\r\nhello\r\n", "0x5\r\nhello\r\n", "5\rXhello", "5\r\nhelloX\r\n", "5\r\nhello\rX", "10000000000000005\r\nhello", "g\r\n"}) {
    CAPTURE(bad);
    CHECK(response(head + bad).problem.has_value());
    CHECK(response(head + bad, lenient).problem.has_value());
    CHECK(response(head + bad, lenient).bodies.empty());
  }
  CHECK(response(head + "10000000000000000\r\n", lenient).problem == ParseProblem::ChunkSize);
  CHECK(response(head + std::string(20000, '0') + "5\r\nhello").problem == ParseProblem::ChunkExtensionTooLong);        // fault 10
  CHECK(response(head + "5" + std::string(20000, ' ') + "\r\nhello", lenient).problem == ParseProblem::ChunkExtensionTooLong);
  CHECK(response(head + "0\r\nT:" + std::string(300000, ' ') + "x\r\n\r\n", lenient).problem == ParseProblem::HeadersTooLarge);
  // The limit is for the message: many short extensions are one long one.
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "1;abcd\r\nx\r\n";
  CHECK(response(head + many).problem == ParseProblem::ChunkExtensionTooLong);
}

TEST_CASE("lenient mode says what it repaired") {
  const ParserOptions lenient = ParserOptions().setLenient(true);
  const auto repairs = [&](std::string_view input) {
    unsigned found = 0;
    for (const std::size_t step : {input.size(), std::size_t{1}}) {
      Run sink;
      Parser parser(Parser::Kind::Response, sink, lenient);
      sink.parser = &parser;
      for (std::size_t at = 0; at < input.size() && !parser.complete(); at += step) parser.feed(std::string(input.substr(at, step)));
      CHECK((step == input.size() || found == parser.repairs()));
      found = parser.repairs();
    }
    return found;
  };
  const auto bit = [](Repair kind) { return static_cast<unsigned>(kind); };
  CHECK(repairs("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") == 0);
  CHECK(repairs("HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n") == bit(Repair::BareLf));
  CHECK(repairs("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n") == bit(Repair::FoldedLine));
  CHECK(repairs("HTTP/1.1 200 OK\r\nX: a\x01\r\nContent-Length: 0\r\n\r\n") == bit(Repair::ControlByte));
  CHECK(repairs("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n") == bit(Repair::RepeatedLength));
  CHECK(repairs("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0 \r\n\r\n") == (bit(Repair::LengthConflict) | bit(Repair::ChunkLine)));
  CHECK(repairs("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n") == bit(Repair::IdentityCoding));
}

TEST_CASE("gunicorn's table of requests") {
  const std::set<std::string> deviations{
      // Transfer codings other than chunked are refused, "identity" among them.
      "gunicorn_requests-0008", "gunicorn_requests-0024", "gunicorn_requests-0028", "gunicorn_requests-0054",
      "gunicorn_requests-0026",  // a target that is not ASCII
      "gunicorn_requests-0030",  // a method of no RFC
      // Our limits are wider.
      "gunicorn_requests-0070", "gunicorn_requests-0072",
      // What a target and a field mean is for whoever handles the request to judge.
      "gunicorn_requests-0080", "gunicorn_requests-0090", "gunicorn_requests-0132",
      "gunicorn_requests-0124",  // a Content-Length among the trailers: they are kept apart, and it frames nothing
  };
  const auto table = readTable("http1/gunicorn_requests.json");
  int passed = 0, ran = 0;
  for (const auto& test : table["cases"].GetArray()) {
    // Options of that server which ours has not: PROXY protocol, a map of header names, limits in lines.
    if (!test["settings"].ObjectEmpty()) continue;
    ++ran;
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    CAPTURE(std::string(test["name"].GetString()));
    const std::string input = unhex(test["input_hex"].GetString());
    const Run result = runAll(Parser::Kind::Request, input, ParserOptions().setRequireHost(false));
    bool good = true;
    if (test["valid"].GetBool()) {
      std::vector<std::string> bodies;
      for (const auto& one : test["requests"].GetArray()) bodies.push_back(unhex(one["body_hex"].GetString()));
      good = result.bodies == bodies;
    } else {
      good = result.problem.has_value();
    }
    passed += good;
    if (!deviations.contains(id)) CHECK_MESSAGE(good, result.what << "\n" << input.substr(0, 300));
  }
  MESSAGE("gunicorn_requests: " << passed << " of " << ran << " of " << table["cases"].Size());
}
