#include "parser_run.hpp"

#include <stdexcept>

using namespace weft::http;
using namespace weft::test;

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
