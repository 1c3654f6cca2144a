#include <weft/http/websocket/internal/message_reader.hpp>

#include <doctest/doctest.h>

#include "http/websocket/frames.hpp"

#include <weft/http/websocket/internal/mask.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using http::detail::Compression;
using http::detail::MessageReader;
using test::closeFrame;
using test::eventsOf;
using test::frame;
using Events = std::vector<std::string>;

namespace {

/// The events of bytes to a server, the same in whatever pieces they come.
Events eventsInAnyPieces(const std::string& bytes, const WebSocketOptions& options = {}, MessageReader::Side side = MessageReader::Side::Server, const Compression& compression = {}) {
  const Events whole = eventsOf(bytes, bytes.size(), options, side, compression);
  for (std::size_t size = 1; size < bytes.size() && size < 300; ++size) {
    CAPTURE(size);
    CHECK(eventsOf(bytes, size, options, side, compression) == whole);
  }
  return whole;
}

std::string head(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

}  // namespace

TEST_CASE("messages and control frames come out as they were sent, in any pieces") {
  std::string bytes = frame(0x81, "Hello") + frame(0x82, std::string("\0\xFF", 2)) + frame(0x81, "") + frame(0x89, "are you there?") + frame(0x8A, "");
  bytes += frame(0x01, "one ") + frame(0x89, "in between") + frame(0x00, "two ") + frame(0x00, "") + frame(0x80, "three");
  bytes += frame(0x82, std::string(125, 'a')) + frame(0x82, std::string(126, 'b')) + closeFrame(1000, "so long");
  CHECK(eventsInAnyPieces(bytes) == Events{"text Hello", "binary " + std::string("\0\xFF", 2), "text ", "ping are you there?", "pong ", "ping in between", "text one two three",
                                           "binary " + std::string(125, 'a'), "binary " + std::string(126, 'b'), "close 1000 so long"});
}

TEST_CASE("all three forms of a length are read") {
  for (const std::size_t size : {0UL, 125UL, 126UL, 65535UL, 65536UL, 300000UL}) {
    CAPTURE(size);
    const std::string payload(size, 'x');
    for (const std::size_t piece : {std::size_t{7}, std::size_t{4096}, size + 20}) {
      CHECK(eventsOf(frame(0x82, payload), piece) == Events{"binary " + payload});
      CHECK(eventsOf(frame(0x82, payload, false), piece, {}, MessageReader::Side::Client) == Events{"binary " + payload});
    }
  }
}

TEST_CASE("whatever breaks the protocol is 1002") {
  const std::vector<std::pair<const char*, std::string>> wrong{
      {"RSV1 without an extension", frame(0xC1, "x")},
      {"RSV2", frame(0xA1, "x")},
      {"RSV3", frame(0x91, "x")},
      {"RSV1 of a ping", frame(0xC9, "x")},
      {"opcode 3", frame(0x83, "x")},
      {"opcode 7", frame(0x87, "x")},
      {"opcode 11", frame(0x8B, "x")},
      {"opcode 15", frame(0x8F, "x")},
      {"a ping in fragments", frame(0x09, "x")},
      {"a Close in fragments", frame(0x08, "")},
      {"a ping of 126 bytes", frame(0x89, std::string(126, 'x'))},
      {"a continuation of nothing", frame(0x80, "x")},
      {"a continuation after the end", frame(0x01, "a") + frame(0x80, "b") + frame(0x80, "c")},
      {"a message inside of another", frame(0x01, "a") + frame(0x81, "b")},
      {"not masked", frame(0x81, "x", false)},
      {"half a code", frame(0x88, "\x03")},
      {"a length in two bytes that fits into one", head({0x82, 0xFE, 0, 125})},
      {"a length in eight bytes that fits into two", head({0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})},
      {"2^63", head({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0})},
      {"2^64 - 1", head({0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})},
  };
  for (const auto& [what, bytes] : wrong) {
    CAPTURE(what);
    CHECK(eventsInAnyPieces(bytes + std::string(4, '\0')).back() == "error 1002");
  }
  CHECK(eventsOf(frame(0x81, "x"), 100, {}, MessageReader::Side::Client) == Events{"error 1002"});      // a server's frame that is masked
  CHECK(eventsOf(head({0x83}) + head({0x80}), 2) == Events{"error 1002"});                              // known from the first two bytes
}

TEST_CASE("a Close frame has a code that may be sent and a reason in UTF-8, or nothing") {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
    CHECK(eventsOf(closeFrame(code), 100) == Events{"close " + std::to_string(code) + " "});
  for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) CHECK(eventsOf(closeFrame(code), 100) == Events{"error 1002"});
  CHECK(eventsOf(frame(0x88, ""), 100) == Events{"close 1005 "});
  CHECK(eventsInAnyPieces(closeFrame(1000, "\xC3\xA9t\xC3\xA9")) == Events{"close 1000 \xC3\xA9t\xC3\xA9"});
  CHECK(eventsInAnyPieces(closeFrame(1000, "\xC3")) == Events{"error 1007"});
  CHECK(eventsOf(closeFrame(1000, std::string(123, 'r')), 3) == Events{"close 1000 " + std::string(123, 'r')});
}

TEST_CASE("text is UTF-8, checked across fragments and before its end") {
  const std::string text = "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xF0\x9F\x98\x80";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CAPTURE(cut);
    CHECK(eventsInAnyPieces(frame(0x01, text.substr(0, cut)) + frame(0x89, "") + frame(0x80, text.substr(cut))) == Events{"ping ", "text " + text});
  }
  CHECK(eventsInAnyPieces(frame(0x81, "ab\xC3")) == Events{"error 1007"});                              // a character that is cut
  CHECK(eventsInAnyPieces(frame(0x01, "\xC3") + frame(0x80, "x")) == Events{"error 1007"});
  CHECK(eventsInAnyPieces(frame(0x81, "\xED\xA0\x80")) == Events{"error 1007"});                        // a surrogate
  CHECK(eventsInAnyPieces(frame(0x81, "\xF4\x90\x80\x80")) == Events{"error 1007"});                    // beyond U+10FFFF
  CHECK(eventsInAnyPieces(frame(0x81, "\xC0\xAF")) == Events{"error 1007"});                            // longer than it must be
  CHECK(eventsInAnyPieces(frame(0x82, "\xC0\xAF")) == Events{"binary \xC0\xAF"});
  // The wrong byte is enough: the rest of the frame, and of the message, has not come.
  const std::string begun = frame(0x01, "fine \xFF and much more that is never sent").substr(0, 2 + 4 + 6);
  CHECK(eventsInAnyPieces(begun) == Events{"error 1007"});
  CHECK(eventsInAnyPieces(frame(0x01, "\xF4") + frame(0x00, "\x90").substr(0, 7)) == Events{"error 1007"});
}

TEST_CASE("limits of a frame, a message and its fragments are 1009, before their bytes have come") {
  const WebSocketOptions options = WebSocketOptions().setMaxMessage(100).setMaxFrame(60).setMaxFragments(4);
  CHECK(eventsOf(frame(0x82, std::string(60, 'x')), 1, options).size() == 1);
  CHECK(eventsOf(frame(0x82, std::string(61, 'x')).substr(0, 6), 1, options) == Events{"error 1009"});
  const std::string half = frame(0x02, std::string(50, 'x')), rest = frame(0x80, std::string(50, 'x')), more = frame(0x80, std::string(51, 'x'));
  CHECK(eventsOf(half + rest, 9, options).size() == 1);
  CHECK(eventsOf(half + more.substr(0, 6), 9, options) == Events{"error 1009"});
  const std::string empty = frame(0x00, "");
  CHECK(eventsOf(frame(0x02, "") + empty + empty + frame(0x80, ""), 9, options) == Events{"binary "});
  CHECK(eventsOf(frame(0x02, "") + empty + empty + empty + empty, 9, options) == Events{"error 1009"});
  CHECK(eventsOf(head({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0}), 3, options) == Events{"error 1009"});   // 2^63 - 1
}

TEST_CASE("one kind of message can be refused: 1003") {
  WebSocketOptions options;
  options.setOnly(WebSocketKind::Text);
  CHECK(eventsOf(frame(0x81, "x") + frame(0x82, "x"), 5, options) == Events{"text x", "error 1003"});
  options.setOnly(WebSocketKind::Binary);
  CHECK(eventsOf(frame(0x82, "x") + frame(0x81, "x"), 5, options) == Events{"binary x", "error 1003"});
}

TEST_CASE("a mask is undone whatever the length and wherever the bytes are cut") {
  std::string plain;
  for (int i = 0; i < 200; ++i) plain += static_cast<char>(i * 7);
  for (std::size_t size = 0; size < plain.size(); ++size) {
    for (const std::size_t cut : {std::size_t{0}, size / 3, size / 2, size}) {
      std::string masked = plain.substr(0, size);
      const std::uint32_t next = http::detail::applyMask(masked.data(), cut, 0x12345678);
      http::detail::applyMask(masked.data() + cut, size - cut, next);
      std::string expected = plain.substr(0, size);
      const char key[4] = {0x78, 0x56, 0x34, 0x12};
      for (std::size_t at = 0; at < size; ++at) expected[at] = static_cast<char>(expected[at] ^ key[at % 4]);
      CHECK(masked == expected);
    }
  }
}

TEST_CASE("mask keys differ") {
  std::vector<std::uint32_t> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(http::detail::newMaskKey());
  std::sort(keys.begin(), keys.end());
  CHECK(std::unique(keys.begin(), keys.end()) - keys.begin() > 990);
}
