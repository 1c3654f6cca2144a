// WebSocket frames: whole and in pieces they are the same messages, within the limits; and what is sent is read again.
// The first byte says how: bit 0 client or server, bit 1 compressed, bit 2 with a context that is kept.
#include "fuzz/check.hpp"
#include "http/websocket/frames.hpp"

#include <weft/http/text/utf8.hpp>
#include <weft/http/websocket/internal/deflate.hpp>
#include <weft/http/websocket/internal/message_reader.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace weft::http;
using weft::http::detail::Compression;
using weft::http::detail::MessageDeflater;
using weft::http::detail::MessageReader;
using weft::test::eventsOf;

namespace {

constexpr std::size_t kMost = 100'000;

using Events = std::vector<std::string>;

bool failed(const Events& events) { return !events.empty() && events.back().starts_with("error "); }

// An error may be noticed as another one: text that is wrong, in a message that is too long.
Events withoutCode(Events events) {
  if (failed(events)) events.back() = "error";
  return events;
}

void check(const Events& events) {
  for (const std::string& event : events) {
    if (event.starts_with("text ")) FUZZ_CHECK(isUtf8(event));
    if (event.starts_with("text ") || event.starts_with("binary ")) FUZZ_CHECK(event.size() <= kMost + 7);
    if (event.starts_with("ping ") || event.starts_with("pong ")) FUZZ_CHECK(event.size() <= 125 + 5);
    if (event.starts_with("close ")) FUZZ_CHECK(isUtf8(event));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto side = data[0] & 1 ? MessageReader::Side::Client : MessageReader::Side::Server;
  Compression compression;
  compression.agreed = data[0] & 2;
  compression.receiveKeepsContext = data[0] & 4;
  const WebSocketOptions options = WebSocketOptions().setMaxMessage(kMost).setMaxFragments(50);

  const Events whole = eventsOf(bytes, bytes.size() + 1, options, side, compression);
  check(whole);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2} + data[0] % 13}) FUZZ_CHECK(withoutCode(eventsOf(bytes, piece, options, side, compression)) == withoutCode(whole));

  if (bytes.empty() || bytes.size() > kMost) return 0;
  std::string compressed;
  MessageDeflater(15, false, 1 + data[0] % 9).deflate(bytes, compressed);
  compression.agreed = true;
  const std::string frames = weft::test::frame(0xC2, compressed) + weft::test::frame(0x82, bytes);
  const std::string expected = "binary " + std::string(bytes);
  FUZZ_CHECK((eventsOf(frames, 1 + data[0], options, MessageReader::Side::Server, compression) == Events{expected, expected}));
  return 0;
}
