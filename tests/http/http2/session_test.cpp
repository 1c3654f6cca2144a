// A Session against frames that no good peer would send: what floods it is refused, by the counters of what it let through.
#include <weft/http/http2/internal/session.hpp>

#include <doctest/doctest.h>

#include "http/http2/frames.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;
using namespace weft::http;
using namespace weft::test;
using weft::http::detail::Http2Stream;
using Frames = weft::http::detail::Session;
using namespace std::chrono_literals;

namespace {

struct OneStream : Http2Stream {
  std::string body, path;
  bool ended = false, closed = false, tooLarge = false;
  Http2Code code = Http2Code::NoError;
};

/// A server that writes down what happens to it.
class Server final : public Frames::Handler {
 public:
  explicit Server(Http2Options options = {}) : session(Frames::Kind::Server, *this, options) {}

  /// False once it had enough.
  bool feed(std::string_view bytes, std::chrono::nanoseconds now = 1s) {
    const bool fine = session.feed(bytes, now);
    while (session.produce(sent, sent.size() + 65536)) {
    }
    return fine;
  }
  /// How many of these it takes before it has enough; `most` if it never has.
  int feedMany(const std::string& bytes, int most, std::chrono::nanoseconds between = 0ns) {
    for (int count = 0; count < most; ++count)
      if (!feed(bytes, 1s + between * count)) return count;
    return most;
  }
  Http2Code violated() const { return session.violation() ? session.violation()->code : Http2Code::NoError; }

  Http2Stream* streamBegun() override { return streams.emplace_back(std::make_unique<OneStream>()).get(); }
  void headReceived(Http2Stream& stream, Frames::Part, bool) override {
    static_cast<OneStream&>(stream).path = stream.head().path;
    static_cast<OneStream&>(stream).tooLarge = stream.head().tooLarge;
    ++heads;
  }
  void dataReceived(Http2Stream& stream, std::string_view data) override { static_cast<OneStream&>(stream).body.append(data); }
  void messageEnded(Http2Stream& stream) override { static_cast<OneStream&>(stream).ended = true; }
  void closed(Http2Stream& stream, Http2Code code, bool) override {
    static_cast<OneStream&>(stream).closed = true;
    static_cast<OneStream&>(stream).code = code;
  }
  void bodyEmptied(Http2Stream&) override {}
  void wentAway(Http2Code, std::string_view) override { ++goneAway; }

  Frames session;
  std::string sent;
  std::vector<std::unique_ptr<OneStream>> streams;
  int heads = 0;
  int goneAway = 0;
};

/// The frames of one type in what was sent.
int framesOf(std::uint8_t type, std::string_view bytes) {
  int count = 0;
  while (bytes.size() >= 9) {
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
    count += at(3) == type;
    bytes.remove_prefix(std::min(bytes.size(), 9 + (at(0) << 16) + (at(1) << 8) + at(2)));
  }
  return count;
}

}  // namespace

TEST_CASE("requests come in whole, in single bytes, and in any order of their frames") {
  const std::string block = getBlock("/path");
  const std::string bytes = opening() + frame(kHeaders, kEndStream, 1, block.substr(0, 10)) + frame(kContinuation, kEndHeaders, 1, block.substr(10)) +
                            frame(kHeaders, kEndHeaders, 3, getBlock("/body")) + frame(kData, kNoFlag, 3, "some ") + frame(kPing, kNoFlag, 0, "12345678") +
                            frame(kData, kEndStream, 3, "bytes");
  for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{7}}) {
    CAPTURE(piece);
    Server server;
    for (std::size_t at = 0; at < bytes.size(); at += piece) REQUIRE(server.feed(std::string_view(bytes).substr(at, piece)));
    REQUIRE(server.streams.size() == 2);
    CHECK(server.streams[0]->path == "/path");
    CHECK(server.streams[0]->ended);
    CHECK(server.streams[1]->body == "some bytes");
    CHECK(server.streams[1]->ended);
    CHECK(framesOf(kPing, server.sent) == 1);
  }
}

TEST_CASE("what does not begin as HTTP/2 is refused") {
  Server server;
  CHECK(!server.feed("GET / HTTP/1.1\r\n\r\n       "));
  CHECK(server.violated() == Http2Code::ProtocolError);
  CHECK(framesOf(kGoAway, server.sent) == 1);
  CHECK(server.session.finished());
}

TEST_CASE("a peer that resets its streams as fast as it opens them is sent away") {      // CVE-2023-44487
  Server server(Http2Options().setResets(50, 10));
  server.feed(opening());
  int count = 0;
  while (server.feed(getFrame(static_cast<std::uint32_t>(2 * count + 1)) + frame(kReset, kNoFlag, static_cast<std::uint32_t>(2 * count + 1), number32(8))) && count < 1000) ++count;
  CHECK(count == 50);
  CHECK(server.violated() == Http2Code::EnhanceYourCalm);
  CHECK(framesOf(kGoAway, server.sent) == 1);
  CHECK(!server.feed(getFrame(9001)));                 // nothing of it is looked at any more
  CHECK(server.heads == 51);
}

TEST_CASE("resets that a client makes now and then are no flood") {
  Server server(Http2Options().setResets(50, 10));
  server.feed(opening());
  for (std::uint32_t i = 0; i < 1000; ++i)
    REQUIRE(server.feed(getFrame(2 * i + 1) + frame(kReset, kNoFlag, 2 * i + 1, number32(8)), 1s + i * 101ms));
}

TEST_CASE("a peer that makes us reset its streams is sent away as well") {      // CVE-2025-8671
  Server server(Http2Options().setResets(50, 10));
  server.feed(opening());
  int count = 0;
  // A window of more than 2^31 - 1 bytes is an error of that stream (RFC 9113 section 6.9.1).
  while (server.feed(getFrame(static_cast<std::uint32_t>(2 * count + 1)) + frame(kWindowUpdate, kNoFlag, static_cast<std::uint32_t>(2 * count + 1), number32(0x7FFFFFFF))) && count < 1000)
    ++count;
  CHECK(count >= 50);
  CHECK(count <= 51);
  CHECK(server.violated() == Http2Code::EnhanceYourCalm);
}

TEST_CASE("frames that mean little have a budget: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, unknown ones") {      // CVE-2019-9512, -9515, -9518
  const std::string ping = frame(kPing, kNoFlag, 0, "12345678");
  for (const std::string& flood : {ping, frame(kSettings, kNoFlag, 0), frame(kPriority, kNoFlag, 5, std::string("\0\0\0\0\x10", 5)), frame(kWindowUpdate, kNoFlag, 0, number32(1)),
                                   frame(0x77, kNoFlag, 0, "x"), frame(kData, kNoFlag, 1)}) {
    CAPTURE(int{static_cast<unsigned char>(flood[3])});
    Server server(Http2Options().setControlFrames(100, 10));
    server.feed(opening() + frame(kHeaders, kEndHeaders, 1, getBlock()));
    CHECK(server.feedMany(flood, 5000) <= 100);
    CHECK(server.violated() == Http2Code::EnhanceYourCalm);
  }
  Server patient(Http2Options().setControlFrames(100, 10));
  patient.feed(opening());
  CHECK(patient.feedMany(ping, 5000, 101ms) == 5000);
}

TEST_CASE("window updates are earned by what is sent: one byte at a time is a game") {
  Server server(Http2Options().setControlFrames(100, 0));
  server.feed(opening() + frame(kSettings, kNoFlag, 0, std::string("\0\x04", 2) + number32(0)) + getFrame(1));
  server.session.submitResponse(*server.streams[0], std::vector<HeaderField>{{":status", "200"}}, false);
  server.session.send(*server.streams[0], std::string(1'000'000, 'x'));
  CHECK(server.feedMany(frame(kWindowUpdate, kNoFlag, 1, number32(1)), 5000) <= 100);
  CHECK(server.streams[0]->unsent() >= 1'000'000 - 100);

  Server honest(Http2Options().setControlFrames(100, 0));
  honest.feed(opening() + frame(kSettings, kNoFlag, 0, std::string("\0\x04", 2) + number32(0)) + getFrame(1) + frame(kWindowUpdate, kNoFlag, 0, number32(100'000'000)));
  honest.session.submitResponse(*honest.streams[0], std::vector<HeaderField>{{":status", "200"}}, false);
  honest.session.send(*honest.streams[0], std::string(5'000'000, 'x'));
  CHECK(honest.feedMany(frame(kWindowUpdate, kNoFlag, 1, number32(1000)), 5000) == 5000);
  CHECK(honest.streams[0]->unsent() == 0);
}

TEST_CASE("a head that goes on for ever is cut off by its frames, empty or not") {      // CVE-2024-28182
  for (const std::string& more : {std::string(), fieldBlock({{"x", "y"}}), std::string(10'000, '\x82')}) {
    Server server(Http2Options().setMaxContinuations(6));
    server.feed(opening() + frame(kHeaders, kEndStream, 1, getBlock()));
    CHECK(server.feedMany(frame(kContinuation, kNoFlag, 1, more), 5000) <= 6);
    CHECK(server.session.violation());
    CHECK(server.heads == 0);
  }
}

TEST_CASE("a head over the limits is dropped as far as it is, and said to be so") {
  Server server(Http2Options().setMaxHeaderBytes(4000).setMaxHeaders(20));
  server.feed(opening());
  const std::string large(5000, 'x');
  CHECK(server.feed(frame(kHeaders, kEndStream | kEndHeaders, 1, getBlock("/large") + fieldBlock({{"x-large", large}, {"x-more", "y"}}))));
  CHECK(server.streams[0]->tooLarge);
  CHECK(server.streams[0]->head().fields.empty());
  std::string many = getBlock("/many");
  for (int i = 0; i < 30; ++i) many += fieldBlock({{"x", "y"}});
  CHECK(server.feed(frame(kHeaders, kEndStream | kEndHeaders, 3, many)));
  CHECK(server.streams[1]->tooLarge);
  CHECK(server.streams[1]->head().fields.size() <= 20);
  CHECK(server.feed(getFrame(5)));
  CHECK(!server.streams[2]->tooLarge);
}

TEST_CASE("malformed requests are reset, each for itself") {
  for (const auto& block : {fieldBlock({{":method", "GET"}, {":path", "/"}}), getBlock() + fieldBlock({{"connection", "close"}}), getBlock() + fieldBlock({{"Upper", "x"}}),
                            getBlock() + fieldBlock({{"x", "a\r\nb"}}), fieldBlock({{"x", "y"}}) + getBlock(), getBlock() + fieldBlock({{":path", "/again"}})}) {
    Server server;
    server.feed(opening());
    CHECK(server.feed(frame(kHeaders, kEndStream | kEndHeaders, 1, block)));
    CHECK(server.heads == 0);
    CHECK(server.streams[0]->closed);
    CHECK(server.streams[0]->code == Http2Code::ProtocolError);
    CHECK(framesOf(kReset, server.sent) == 1);
    CHECK(server.feed(getFrame(3)));
    CHECK(server.heads == 1);
  }
}

TEST_CASE("more streams at once than were allowed are refused") {
  Server server(Http2Options().setMaxStreams(3));
  server.feed(opening());
  for (std::uint32_t i = 0; i < 5; ++i) server.feed(getFrame(2 * i + 1));
  CHECK(server.heads == 3);
  CHECK(framesOf(kReset, server.sent) == 2);
}

TEST_CASE("bodies that nobody reads hold their window each, and the connection's together") {
  Server server(Http2Options().setStreamWindow(100'000).setConnectionWindow(400'000));
  server.feed(opening());
  server.feed(frame(kSettings, kAck, 0));              // from here on the stream's window is what was said
  const std::string piece(10'000, 'x');
  std::size_t taken = 0;
  for (std::uint32_t i = 0; i < 10; ++i) {
    server.feed(frame(kHeaders, kEndHeaders, 2 * i + 1, fieldBlock({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}})));
    if (i < 4) {
      for (int n = 0; n < 10; ++n) REQUIRE(server.feed(frame(kData, kNoFlag, 2 * i + 1, piece)));
      taken += 100'000;
      CHECK(server.streams[i]->unread() == 100'000);
    }
  }
  CHECK(taken == 400'000);
  CHECK(framesOf(kWindowUpdate, server.sent) > 0);
  const int updates = framesOf(kWindowUpdate, server.sent);
  for (std::uint32_t i = 0; i < 4; ++i) server.session.consumed(*server.streams[i]);
  server.feed("");
  CHECK(framesOf(kWindowUpdate, server.sent) >= updates + 5);                // of each stream, and of the connection
  // One that does not keep to its window breaks a rule.
  server.feed(frame(kData, kNoFlag, 9, std::string(16'000, 'x')));
  for (int n = 0; n < 10; ++n) server.feed(frame(kData, kNoFlag, 9, std::string(16'000, 'x')));
  CHECK(server.streams[4]->body.size() <= 100'000 + 16'000);              // no more than the frame that crosses it
}
