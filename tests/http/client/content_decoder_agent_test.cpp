#include <weft/http/client/content_decoder_agent.hpp>

#include "http/client/world.hpp"
#include "http/coded.hpp"

#include <weft/http/client/redirect_agent.hpp>

#include <random>

using namespace weft;
using namespace weft::http;
using namespace weft::test;

namespace {

std::string coded(const std::string& coding, const std::string& body, int status = 200) { return reply(body, "Content-Encoding: " + coding + "\r\n", status); }

std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

}  // namespace

// L12: gzip alone in Twisted; and nothing there limits a bomb.
TEST_CASE("a coded body comes out as it was, and the history says how it came") {
  const std::string text = "<p>hello " + noise(3000);
  const std::vector<std::pair<std::string, std::string>> bodies{
      {"gzip", gzipped(text)}, {"x-gzip", gzipped(text)}, {"deflate", deflated(text, 15)}, {"deflate", deflated(text, -15)}, {"br", brotlied(text)}, {"zstd", zstded(text)}, {"gzip, br", brotlied(gzipped(text))}};
  for (const auto& [coding, body] : bodies) {
    CAPTURE(coding);
    World world;
    ContentDecoderAgent client(world.agent);
    world.on("/", coded(coding, body));
    Response response = world.get(client.get("http://a/"));
    CHECK(fieldOf(world.heads[0], "Accept-Encoding") == "gzip, deflate, br, zstd");
    CHECK(!response.headers.has("Content-Encoding"));
    CHECK(!response.headers.has("Content-Length"));
    CHECK(response.history().contentEncoding == coding);
    CHECK(response.history().codedLength == body.size());
    CHECK(response.body.complete());                     // small and here already: nothing is left to wait for
    CHECK(world.get(response.text()) == text);
  }
}

TEST_CASE("a coded body that comes in pieces is decoded in pieces") {
  const std::string text = noise(300'000);
  World world;
  world.network.setLink(net::MemoryLink().chunks(1, 3000).latency(0.01));
  ContentDecoderAgent client(world.agent);
  world.on("/", coded("gzip", gzipped(text)));
  Response response = world.get(client.get("http://a/"));
  std::string all;
  std::size_t pieces = 0;
  for (;;) {
    auto piece = world.get(response.body.next());
    if (!piece) break;
    CHECK(!piece->empty());
    all += *piece;
    ++pieces;
  }
  CHECK(all == text);
  CHECK(pieces > 3);
  CHECK(world.agent.stats().idle == 1);
  response = world.get(client.get("http://a/"));
  CHECK(world.get(response.bytes(), 60) == text);
}

TEST_CASE("nobody reads, so no more than a window is decoded, and the server waits") {
  const std::string text(std::size_t{48} * 1024 * 1024, 'x');
  World world;
  ContentDecoderAgent client(world.agent, ContentDecoderAgentOptions().setMaxRatio(0));
  world.on("/", coded("gzip", gzipped(text)));
  Response response = world.get(client.get("http://a/"));
  CHECK(!response.body.complete());
  CHECK(response.body.buffered().size() >= Body::kReadAhead);
  CHECK(response.body.buffered().size() <= 3 * Body::kReadAhead);
  std::size_t size = 0;
  std::size_t largest = 0;
  while (auto piece = world.get(response.body.next())) {
    size += piece->size();
    largest = std::max(largest, piece->size());
  }
  CHECK(size == text.size());
  CHECK(largest <= 3 * Body::kReadAhead);
}

TEST_CASE("bombs are refused by their size and by their ratio, and the next request works") {
  World world;
  const std::string bomb = gzipped(std::string(std::size_t{20} * 1024 * 1024, '\0'));
  world.on("/", coded("gzip", bomb)).on("/small", coded("br", brotlied(std::string(2000, 'x')))).on("/layers", coded("gzip, gzip, gzip, gzip", "x"));
  ContentDecoderAgent client(world.agent, ContentDecoderAgentOptions().setMaxBytes(1'000'000));
  const auto tooLarge = world.error<ResponseFailed>(textOf(client.get("http://a/")));
  CHECK(tooLarge.url == "http://a/");
  REQUIRE(tooLarge.reason.check<DecodedTooLarge>());
  CHECK(tooLarge.reason.as<DecodedTooLarge>()->limit == 1'000'000);
  ContentDecoderAgent byRatio(world.agent);
  CHECK(world.error<ResponseFailed>(textOf(byRatio.get("http://a/"))).reason.check<DecompressionRatio>());
  Request request("GET", "http://a/small");
  request.setMaxBody(1999);
  CHECK(world.error<ResponseFailed>(textOf(client.request(std::move(request)))).reason.check<DecodedTooLarge>());
  CHECK(world.error<ResponseFailed>(client.get("http://a/layers")).reason.check<ContentCodingError>());
  CHECK(world.get(textOf(client.get("http://a/small"))) == std::string(2000, 'x'));
  CHECK(world.agent.stats().open == world.agent.stats().idle);
}

// Fault 6: curl and Scrapy take the cut one for a page.
TEST_CASE("a coded body that is cut or broken is an error, though its framing is whole") {
  const std::string text = noise(20'000);
  std::string broken = gzipped(text);
  broken[broken.size() - 6] = static_cast<char>(broken[broken.size() - 6] ^ 1);
  for (const std::string& body : {gzipped(text).substr(0, 9000), broken, std::string("no gzip at all")}) {
    World world;
    world.on("/", coded("gzip", body));
    ContentDecoderAgent client(world.agent);
    const auto error = world.error<ResponseFailed>(textOf(client.get("http://a/")));
    REQUIRE(error.reason.check<ContentCodingError>());
    CHECK(error.reason.as<ContentCodingError>()->truncated == (body.size() == 9000));
    CHECK(world.agent.stats().open == world.agent.stats().idle);
  }
  World world;
  world.on("/", coded("gzip", gzipped(text).substr(0, 9000)));
  ContentDecoderAgent partial(world.agent, ContentDecoderAgentOptions().setAllowPartial(true));
  const std::string got = world.get(textOf(partial.get("http://a/")));
  CHECK(text.starts_with(got));
  CHECK(got.size() > 1000);
  // The connection's own error stays what it is.
  world.on("/cut", "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n" + gzipped(text).substr(0, 5000));
  Deferred<std::string> pending = textOf(partial.get("http://a/cut"));
  world.run();
  world.server.peers.back()->reset();
  CHECK(world.error<ResponseFailed>(std::move(pending)).reason.check<net::ConnectionLost>());
}

TEST_CASE("bodies that may not be there, ranges, and codings that are not known are left alone") {
  World world;
  ContentDecoderAgent client(world.agent);
  world.on("/head", "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 77\r\n\r\n").on("/304", "HTTP/1.1 304 X\r\nContent-Encoding: gzip\r\n\r\n");
  Response head = world.get(client.head("http://a/head"));
  CHECK(head.headers.get("Content-Encoding") == "gzip");
  CHECK(head.contentLength() == 77);
  CHECK(world.get(client.get("http://a/304")).headers.get("Content-Encoding") == "gzip");
  world.on("/none", coded("compress", "raw")).on("/identity", coded("identity", "plain")).on("/part", coded("compress, gzip", gzipped("raw"))).on("/empty", coded("gzip", ""));
  Response none = world.get(client.get("http://a/none"));
  CHECK(none.headers.get("Content-Encoding") == "compress");
  CHECK(none.contentLength() == 3);
  CHECK(world.get(none.bytes()) == "raw");
  CHECK(world.get(textOf(client.get("http://a/identity"))) == "plain");
  CHECK(world.get(textOf(client.get("http://a/empty"))) == "");
  Response part = world.get(client.get("http://a/part"));
  CHECK(part.headers.get("Content-Encoding") == "compress");
  CHECK(world.get(part.bytes()) == "raw");
  world.on("/range", coded("gzip", gzipped("whole").substr(3, 9), 206));
  Request range("GET", "http://a/range");
  range.setHeader("Range", "bytes=3-11");
  Response middle = world.get(client.request(std::move(range)));
  CHECK(fieldOf(world.heads.back(), "Accept-Encoding") == "(none)");
  CHECK(world.get(middle.bytes()) == gzipped("whole").substr(3, 9));
  Request own("GET", "http://a/");
  own.setHeader("Accept-Encoding", "br");
  world.get(client.request(std::move(own)));
  CHECK(fieldOf(world.heads.back(), "Accept-Encoding") == "br");
}

TEST_CASE("what follows the coded data is ignored") {
  World world;
  world.on("/", coded("gzip", gzipped("page") + "padding"));
  ContentDecoderAgent client(world.agent);
  CHECK(world.get(textOf(client.get("http://a/"))) == "page");
}

TEST_CASE("a decoded body that is dropped or cancelled lets its connection go") {
  World world;
  world.on("/", "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n" + gzipped(noise(5000)).substr(0, 1000));
  ContentDecoderAgent client(world.agent);
  world.get(client.get("http://a/"));
  world.run();
  CHECK(world.agent.stats().open == 0);
  Response response = world.get(client.get("http://a/"));
  CHECK(world.get(response.body.next())->size() > 0);
  Deferred<std::string> rest = response.bytes();
  world.run();
  rest.cancel();
  failureResultOf<CancelledError>(rest);
  CHECK(world.agent.stats().open == 0);
  Deferred<std::string> whole = textOf(client.get("http://a/"));         // its Response is a coroutine's, whose frame goes
  world.run();
  whole.cancel();
  failureResultOf<CancelledError>(whole);
  CHECK(world.agent.stats().open == 0);
  world.run();
  CHECK(world.server.openConnections() == 0);
}
