// HTTP/2 frames into a server's session: in one piece, in any pieces the same; answered while they come, nothing is lost or kept.
#include "check.hpp"

#include <weft/http/http2/internal/session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace weft::http;
using weft::http::detail::Http2Stream;
using Frames = weft::http::detail::Session;

namespace {

struct Stream : Http2Stream {
  std::uint64_t bytes = 0;
  bool ended = false;
  bool reset = false;
};

class Server final : public Frames::Handler {
 public:
  explicit Server(bool answers) : answers_(answers), session_(Frames::Kind::Server, *this, Http2Options().setControlFrames(200, 0).setResets(50, 0).setMaxHeaderBytes(2000)) {}

  void feed(std::string_view bytes) {
    if (!session_.feed(bytes, std::chrono::seconds(1))) return;
    if (!answers_) return;
    for (Stream* stream : ready_)
      if (stream->id() != 0) answer(*stream);
    ready_.clear();
    produce();
  }
  void produce() {
    std::string out;
    for (int i = 0; i < 1000 && session_.produce(out, 1 << 16); ++i) out.clear();
  }
  std::string outcome() const {
    // After its GOAWAY a client begins no streams (RFC 9113 section 6.8). How many of those that it begins all the same are seen depends on how they came: the connection is over once no other one is open.
    if (away_) return "away";
    std::string text = std::to_string(static_cast<int>(session_.violation() ? session_.violation()->code : Http2Code::NoError));
    // Of a body that breaks a rule, such as its content-length, as much has come as came before the piece in which it did. The reset that says so is not sent any more where the connection is over.
    const bool over = session_.violation() || session_.finished();
    for (const auto& stream : streams_) {
      const bool compared = stream->ended || (!stream->reset && !over);
      text += " " + (compared ? std::to_string(stream->bytes) : "?") + (stream->ended ? "e" : "") + std::to_string(stream->head().fields.size());
    }
    return text;
  }

 private:
  Http2Stream* streamBegun() override { return streams_.emplace_back(std::make_unique<Stream>()).get(); }
  void headReceived(Http2Stream& stream, Frames::Part, bool) override {
    FUZZ_CHECK(stream.head().fields.wire().size() <= 2000);
    ready_.push_back(&static_cast<Stream&>(stream));
  }
  void dataReceived(Http2Stream& stream, std::string_view data) override {
    auto& ours = static_cast<Stream&>(stream);
    FUZZ_CHECK(!ours.ended);
    ours.bytes += data.size();
    FUZZ_CHECK(stream.unread() <= Http2Options().streamWindow);
    if (answers_ && ours.bytes % 2) session_.consumed(stream);
  }
  void messageEnded(Http2Stream& stream) override { static_cast<Stream&>(stream).ended = true; }
  void closed(Http2Stream& stream, Http2Code code, bool) override {
    FUZZ_CHECK(stream.id() == 0);
    static_cast<Stream&>(stream).reset = code != Http2Code::NoError;
  }
  void bodyEmptied(Http2Stream& stream) override {
    if (!stream.sentAll()) session_.end(stream);
  }
  void wentAway(Http2Code, std::string_view) override { away_ = true; }

  void answer(Stream& stream) {
    const std::vector<HeaderField> fields{{":status", "200"}, {"x", "y"}};
    switch (stream.head().path.size() % 4) {
      case 0: return session_.reset(stream, Http2Code::Cancel);
      case 1: return session_.forget(stream, Http2Code::Cancel);
      case 2: return session_.submitResponse(stream, fields, true);
      default:
        session_.submitResponse(stream, fields, false);
        session_.send(stream, std::string(70'000, 'x'));
    }
  }

  const bool answers_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<Stream*> ready_;
  bool away_ = false;
  Frames session_;
};

std::string run(std::string_view bytes, std::size_t piece, bool answers) {
  Server server(answers);
  for (std::size_t at = 0; at < bytes.size(); at += piece) server.feed(bytes.substr(at, piece));
  server.produce();
  return server.outcome();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 1) return 0;
  // The preface is given: no fuzzer has to find it.
  const std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = run(bytes, bytes.size(), false);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2} + data[0] % 29}) {
    FUZZ_CHECK(run(bytes, piece, false) == whole);
    run(bytes, piece, true);
  }
  run(bytes, bytes.size(), true);
  return 0;
}
