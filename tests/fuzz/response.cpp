// HTTP/1 responses: strict and lenient, and the same result whole and in pieces.
#include "fuzz/check.hpp"

#include <weft/http/parser.hpp>

#include <cstdint>
#include <string>
#include <string_view>

using namespace weft::http;

namespace {

struct Sink : MessageSink {
  void headReceived() override { ++heads; }
  void bodyReceived(std::string_view piece) override { body += piece; }
  void messageReceived() override { ++messages; }
  void interimReceived() override { ++interim; }
  std::string body;
  int heads = 0, messages = 0, interim = 0;
};

struct Outcome {
  std::string head, body;
  int heads = 0, messages = 0, interim = 0, problem = -1;
  bool keepAlive = false, repaired = false;
  std::uint64_t used = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view bytes, bool lenient, bool toHead, std::size_t piece) {
  Sink sink;
  ParserOptions options;
  options.setLenient(lenient).setMaxHeaderBytes(512).setMaxHeaders(16).setMaxStartLine(256);
  options.maxChunkExtensions = 64;
  Parser parser(Parser::Kind::Response, sink, options);
  parser.next(toHead);
  Outcome outcome;
  try {
    for (std::size_t at = 0; at < bytes.size() && !parser.complete();) {
      const std::string_view part = bytes.substr(at, piece);
      const std::size_t used = parser.feed(part);
      FUZZ_CHECK(used <= part.size());
      FUZZ_CHECK(used == part.size() || parser.complete());
      at += used;
    }
    if (!parser.complete()) parser.finish();
  } catch (const ParseError& error) {
    outcome.problem = static_cast<int>(error.problem);
  }
  outcome.heads = sink.heads;
  outcome.messages = sink.messages;
  outcome.interim = sink.interim;
  if (outcome.problem >= 0) return outcome;              // where a broken message was noticed may depend on its pieces
  FUZZ_CHECK(sink.heads == 1 && sink.messages == 1);
  MessageHead& head = parser.head();
  outcome.head = std::to_string(head.status) + " " + head.reason + "\r\n" + std::string(head.headers.wire()) + "\r\n" + std::string(head.trailers.wire());
  for (const Headers* fields : {&head.headers, &head.trailers})
    for (const auto [name, value] : *fields) FUZZ_CHECK(isToken(name) && value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  outcome.body = sink.body;
  outcome.keepAlive = parser.keepAlive();
  outcome.repaired = parser.wasRepaired();
  outcome.used = parser.consumed();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool toHead = data[0] & 1;
  for (const bool lenient : {false, true}) {
    const Outcome whole = parse(bytes, lenient, toHead, bytes.size() + 1);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2} + data[0] % 13}) {
      const Outcome split = parse(bytes, lenient, toHead, piece);
      FUZZ_CHECK(split.problem == whole.problem);
      if (whole.problem < 0) FUZZ_CHECK(split == whole);
    }
  }
  return 0;
}
