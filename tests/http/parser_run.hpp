// What a parser makes of an input, whole, byte by byte and in pieces.
#pragma once

#include <weft/http/parser.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::test {

using namespace weft::http;

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
inline Run run(Parser::Kind kind, std::string_view input, const ParserOptions& options, Feed feed = Feed::Whole,
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

inline Run runAll(Parser::Kind kind, std::string_view input, const ParserOptions& options, bool eof = true) {
  Run whole = run(kind, input, options, Feed::Whole, eof);
  const Run bytes = run(kind, input, options, Feed::Bytes, eof);
  CHECK(whole.log == bytes.log);
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const Run random = run(kind, input, options, Feed::Random, eof, seed);
    CHECK(whole.log == random.log);
  }
  return whole;
}

inline Run response(std::string_view input, const ParserOptions& options = ParserOptions()) {
  return runAll(Parser::Kind::Response, input, options);
}
inline Run request(std::string_view input, const ParserOptions& options = ParserOptions()) {
  return runAll(Parser::Kind::Request, input, options);
}

}  // namespace weft::test
