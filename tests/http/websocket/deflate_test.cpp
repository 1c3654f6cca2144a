#include <weft/http/websocket/internal/deflate.hpp>

#include <doctest/doctest.h>

#include "http/websocket/frames.hpp"
#include "support/allocations.hpp"

#include <cstdint>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::http;
using http::detail::Compression;
using http::detail::MessageDeflater;
using http::detail::MessageInflater;
using test::eventsOf;
using test::frame;
using Events = std::vector<std::string>;
using Side = http::detail::MessageReader::Side;

namespace {

Compression agreed(bool keeps = false) {
  Compression compression;
  compression.agreed = true;
  compression.receiveKeepsContext = keeps;
  return compression;
}

Events inflated(const std::string& bytes, bool keeps = false, const WebSocketOptions& options = {}) {
  const Events whole = eventsOf(bytes, bytes.size(), options, Side::Server, agreed(keeps));
  for (const std::size_t size : {1, 2, 3, 7, 20}) CHECK(eventsOf(bytes, size, options, Side::Server, agreed(keeps)) == whole);
  return whole;
}

std::string someText(std::size_t size) {
  std::string text;
  std::uint64_t state = 1;
  while (text.size() < size) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    text += "word" + std::to_string((state >> 33) % 1000) + " ";
  }
  text.resize(size);
  return text;
}

const std::string kHello = "\xf2\x48\xcd\xc9\xc9\x07";

}  // namespace

TEST_CASE("the examples of RFC 7692 section 7.2.3 are read") {
  const std::string body = kHello + std::string(1, '\0');
  CHECK(inflated(frame(0xC1, body)) == Events{"text Hello"});
  CHECK(inflated(frame(0x41, body.substr(0, 3)) + frame(0x80, body.substr(3))) == Events{"text Hello"});
  // The second refers to the first.
  CHECK(inflated(frame(0xC1, body) + frame(0xC1, std::string("\xf2\x00\x11\x00\x00", 5)), true) == Events{"text Hello", "text Hello"});
  CHECK(inflated(frame(0xC1, body) + frame(0xC1, std::string("\xf2\x00\x11\x00\x00", 5)), false) == Events{"text Hello", "error 1007"});
  // A stored block; a block marked as the last one; two blocks.
  CHECK(inflated(frame(0xC1, std::string("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11))) == Events{"text Hello"});
  const std::string last("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8);
  CHECK(inflated(frame(0xC1, last) + frame(0xC1, body)) == Events{"text Hello", "text Hello"});
  CHECK(inflated(frame(0xC1, last) + frame(0xC1, std::string("\xf2\x00\x11\x00\x00", 5)), true) == Events{"text Hello", "text Hello"});
  CHECK(inflated(frame(0xC1, std::string("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13))) == Events{"text Hello"});
  CHECK(inflated(frame(0xC2, std::string(1, '\0'))) == Events{"binary "});
}

TEST_CASE("messages that are compressed and those that are not may follow each other, with control frames between") {
  const std::string body = kHello + std::string(1, '\0');
  CHECK(inflated(frame(0x41, body.substr(0, 2)) + frame(0x89, "p") + frame(0x80, body.substr(2)) + frame(0x81, "plain") + frame(0xC1, body)) ==
        Events{"ping p", "text Hello", "text plain", "text Hello"});
  CHECK(inflated(frame(0x41, body.substr(0, 2)) + frame(0xC0, body.substr(2))) == Events{"error 1002"});   // RSV1 belongs to the first frame alone
}

TEST_CASE("damaged, cut and missing compression is 1007") {
  CHECK(inflated(frame(0xC2, "\xFF\xFF\xFF\xFF")) == Events{"error 1007"});
  CHECK(inflated(frame(0xC2, kHello)) == Events{"error 1007"});          // the end of the last block has not come
  CHECK(inflated(frame(0xC2, "")) == Events{"error 1007"});
  CHECK(inflated(frame(0xC2, kHello.substr(0, 3) + '\0')) == Events{"error 1007"});
}

TEST_CASE("text is checked when it is inflated, also before the end of the message") {
  std::string wrong;
  MessageDeflater(15, false, 6).deflate("\xC3\x28 is no UTF-8", wrong);
  CHECK(inflated(frame(0xC1, wrong)) == Events{"error 1007"});
  CHECK(inflated(frame(0xC2, wrong)).front().starts_with("binary "));
}

TEST_CASE("a bomb is 1009, and is not inflated beyond the limit") {
  std::string bomb;
  MessageDeflater(15, false, 9).deflate(std::string(8'000'000, '\0'), bomb);
  CHECK(bomb.size() < 10'000);
  const WebSocketOptions options = WebSocketOptions().setMaxMessage(1'000'000);
  CHECK(eventsOf(frame(0xC2, bomb), bomb.size() + 20, options, Side::Server, agreed()) == Events{"error 1009"});
  // In fragments, too, and just below the limit it passes.
  CHECK(eventsOf(frame(0x42, bomb.substr(0, 1000)) + frame(0x80, bomb.substr(1000)), 100, options, Side::Server, agreed()) == Events{"error 1009"});
  CHECK(eventsOf(frame(0xC2, bomb), 100, WebSocketOptions().setMaxMessage(8'000'000), Side::Server, agreed()).size() == 1);
  CHECK(eventsOf(frame(0xC2, bomb), 100, WebSocketOptions().setMaxMessage(7'999'999), Side::Server, agreed()) == Events{"error 1009"});
  MessageInflater inflater(15, false);
  std::string out;
  CHECK(inflater.add(bomb, out, 1'000'000) == MessageInflater::Result::TooLarge);
  CHECK(out.size() <= 1'000'000);
}

TEST_CASE("what is deflated here is inflated again, for every window, level and way to keep the context") {
  const std::vector<std::string> messages{"a", someText(100), someText(70'000), std::string(100'000, 'z'), someText(5000)};
  for (const bool keeps : {false, true}) {
    for (const int bits : {9, 12, 15}) {
      for (const int level : {1, 6, 9}) {
        CAPTURE(bits);
        CAPTURE(level);
        MessageDeflater deflater(bits, keeps, level);
        MessageInflater inflater(bits, keeps);
        for (const std::string& message : messages) {
          std::string small, large;
          deflater.deflate(message, small);
          CHECK(inflater.add(small, large, 1'000'000) == MessageInflater::Result::Good);
          CHECK(inflater.finish(large, 1'000'000) == MessageInflater::Result::Good);
          CHECK(large == message);
        }
      }
    }
  }
}

TEST_CASE("a context that is kept makes the next message smaller, and one that is not stands alone") {
  const std::string message = someText(2000);
  std::string first, again, alone;
  MessageDeflater keeping(15, true, 6);
  keeping.deflate(message, first);
  keeping.deflate(message, again);
  CHECK(again.size() < first.size() / 10);
  MessageDeflater forgetting(15, false, 6);
  forgetting.deflate(message, alone);
  CHECK(alone == first);
  std::string once;
  forgetting.deflate(message, once);
  CHECK(once == first);
}

TEST_CASE("no memory is taken before the first compressed message, and none is kept after it where contexts are not") {
  const std::string message = someText(2000);
  std::string small;
  MessageDeflater(15, false, 6).deflate(message, small);
  const WebSocketOptions options;
  http::detail::MessageReader reader(options, Side::Server, agreed());
  const auto madeBefore = test::allocations();
  std::string_view plain = "\x81\x80\x01\x02\x03\x04";
  CHECK(reader.next(plain) == http::detail::MessageReader::Event::Message);
  CHECK(test::allocations() == madeBefore);
}
