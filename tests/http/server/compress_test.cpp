#include <weft/http/server/compress.hpp>

#include "http/server/folder_world.hpp"

#include <weft/http/content_coding/content_decoder.hpp>
#include <weft/http/content_coding/errors.hpp>
#include <weft/http/server/static_files.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;

namespace {

const std::string kText(5000, 't');

/// What comes of a request when `make` is what the handler answers.
Response ask(std::function<Response()> make, std::string_view accept, std::string_view method = "GET", CompressOptions options = CompressOptions()) {
  const Layer layer = compress(std::move(options));
  const Handler handler = [&](Request) { return succeed(make()); };
  Request request(method, "http://a/");
  if (!accept.empty()) request.setHeader("Accept-Encoding", accept);
  return successResultOf(layer(std::move(request), handler));
}

Response page() { return Response(200, kText, "text/html; charset=utf-8").setHeader("ETag", "\"a\""); }
std::string coding(const Response& response) { return field(response, "Content-Encoding"); }

/// Of any kind, with or without a known length.
std::string rawBody(Response response) {
  auto source = response.body.takeSource();
  if (!source) return response.body.take();
  CHECK_FALSE(successResultOf(source->open()));
  std::string all;
  auto chunks = source->chunks();
  while (auto piece = successResultOf(chunks.nextDeferred())) all += *piece;
  return all;
}

std::string decodedBody(Response response) {
  ContentDecoder decoder(coding(response));
  std::string out;
  decoder.feed(rawBody(std::move(response)), out);
  decoder.finish();
  return out;
}

AsyncGenerator<std::string> pieces(std::vector<std::string> all) {
  for (std::string& piece : all) co_yield std::move(piece);
}

}  // namespace

TEST_CASE("a page is coded as the client wants it, with the fields that say so") {
  for (const char* wanted : {"gzip", "br", "zstd"}) {
    Response response = ask(page, wanted);
    CHECK(coding(response) == wanted);
    CHECK(field(response, "Vary") == "Accept-Encoding");
    CHECK(field(response, "ETag") == "W/\"a\"");
    CHECK_FALSE(response.headers.has("Content-Length"));
    CHECK(response.body.buffered().size() < 500);
    CHECK(decodedBody(std::move(response)) == kText);
  }
}

TEST_CASE("the coding is the most wanted; among equals ours is the first") {
  CHECK(coding(ask(page, "gzip, deflate, br, zstd")) == "br");
  CHECK(coding(ask(page, "gzip, zstd")) == "zstd");
  CHECK(coding(ask(page, "br;q=0.5, gzip;q=0.9")) == "gzip");
  CHECK(coding(ask(page, "*")) == "br");
  CHECK(coding(ask(page, "br;q=0, *;q=0.1")) == "zstd");
  CHECK(coding(ask(page, "GZIP")) == "gzip");
  CHECK(coding(ask(page, "br", "GET", CompressOptions().setCodings({"gzip"}))).empty());
  for (const char* plain : {"", "identity", "deflate", "br;q=0, gzip;q=0, zstd;q=0", "gzip;q=0.2, identity;q=0.8", "gzip;q=x"}) {
    Response response = ask(page, plain);
    CHECK(coding(response).empty());
    CHECK(field(response, "Vary") == "Accept-Encoding");
    CHECK(field(response, "ETag") == "\"a\"");
    CHECK(rawBody(std::move(response)) == kText);
  }
  CHECK_THROWS_AS(compress(CompressOptions().setCodings({"lzw"})), ContentCodingError);
}

TEST_CASE("what is not worth it, or must not be changed, passes as it is") {
  const std::vector<std::function<Response()>> cases{
      [] { return Response(200, std::string(1023, 'x'), "text/plain"); },
      [] { return Response(200, kText, "image/png"); },
      [] { return Response(200, kText); },
      [] { return page().setStatus(206).setHeader("Content-Range", "bytes 0-4999/9999"); },
      [] { return page().setHeader("Content-Encoding", "gzip"); },
      [] { return page().setHeader("Cache-Control", "public, no-transform"); },
      [] { return page().setHeader("Repr-Digest", "sha-256=:x:"); },
      [] { return Response(204).setHeader("Content-Type", "text/plain"); },
  };
  for (const auto& make : cases) {
    const Response before = make();
    Response response = ask(make, "gzip, br");
    CHECK(response.headers.wire() == before.headers.wire());
    CHECK(rawBody(std::move(response)) == before.body.buffered());
  }
  CHECK(coding(ask([] { return Response(200, std::string(1024, 'x'), "text/plain"); }, "gzip")) == "gzip");
  CHECK(coding(ask([] { return Response(404, kText, "text/plain"); }, "gzip")) == "gzip");
  for (const char* type : {"application/json", "application/problem+json", "image/svg+xml", "text/css", "application/wasm", "application/xhtml+xml"})
    CHECK(coding(ask([&] { return Response(200, kText, type); }, "gzip")) == "gzip");
  CHECK(coding(ask([] { return Response(200, kText, "application/x-mine"); }, "gzip")).empty());
  CHECK(coding(ask([] { return Response(200, kText, "application/x-mine"); }, "gzip", "GET", CompressOptions().addType("application/x-mine"))) == "gzip");
  CHECK(coding(ask([] { return Response(200, "x", "text/plain"); }, "gzip", "GET", CompressOptions().setMinBytes(1))) == "gzip");
}

TEST_CASE("HEAD gets the fields of GET, and 304 a weak tag") {
  const auto head = [] { return Response(200, "", "text/html").setHeader("Content-Length", "5000").setHeader("ETag", "\"a\""); };
  Response response = ask(head, "gzip", "HEAD");
  CHECK(coding(response) == "gzip");
  CHECK(field(response, "ETag") == "W/\"a\"");
  CHECK(field(response, "Vary") == "Accept-Encoding");
  CHECK_FALSE(response.headers.has("Content-Length"));
  CHECK_FALSE(response.body.complete());               // so that no length is made up for it
  CHECK(coding(ask([] { return Response(200, "", "text/html").setHeader("Content-Length", "50"); }, "gzip", "HEAD")).empty());
  CHECK(coding(ask([] { return Response(200, "", "text/html"); }, "gzip", "HEAD")).empty());
  CHECK(field(ask([] { return Response(304).setHeader("ETag", "\"a\""); }, "gzip"), "ETag") == "W/\"a\"");
  CHECK(field(ask([] { return Response(304).setHeader("ETag", "\"a\""); }, ""), "ETag") == "\"a\"");
}

TEST_CASE("a Vary that is there is kept") {
  CHECK(ask([] { return page().setHeader("Vary", "Cookie, accept-encoding"); }, "gzip").headers.getCombined("Vary") == "Cookie, accept-encoding");
  CHECK(ask([] { return page().setHeader("Vary", "Cookie"); }, "gzip").headers.getCombined("Vary") == "Cookie, Accept-Encoding");
  CHECK(ask([] { return page().setHeader("Vary", "*"); }, "gzip").headers.getCombined("Vary") == "*");
}

TEST_CASE("large pages and streams are coded as they come") {
  const std::string large = numbered(500'000);
  CHECK(decodedBody(ask([&] { return Response(200, large, "text/plain"); }, "gzip")) == large);
  const auto stream = [&] {
    Response response(200, "", "text/plain");
    response.setBodyChunks(pieces({"a", large, "", "b"}), large.size() + 2);
    return response;
  };
  for (const char* wanted : {"gzip", "br", "zstd"}) {
    Response response = ask(stream, wanted);
    CHECK(coding(response) == wanted);
    CHECK(decodedBody(std::move(response)) == "a" + large + "b");
  }
}

TEST_CASE("each piece of an event stream can be read when it has come") {
  for (const char* type : {"text/event-stream", "application/jsonl"}) {
    Response response = ask(
        [&] {
          Response events(200, "", type);
          events.setBodyChunks(pieces({"data: 1\n\n", "data: 2\n\n", "data: 3\n\n"}));
          return events;
        },
        "gzip");
    CHECK(coding(response) == "gzip");
    auto source = response.body.takeSource();
    REQUIRE(source);
    successResultOf(source->open());
    auto chunks = source->chunks();
    ContentDecoder decoder("gzip");
    std::string seen, expected;
    for (int i = 1; i <= 3; ++i) {
      const auto piece = successResultOf(chunks.nextDeferred());
      REQUIRE(piece);
      decoder.feed(*piece, seen);
      expected += "data: " + std::to_string(i) + "\n\n";
      CHECK(seen == expected);
    }
  }
}

TEST_CASE("a stream that ends too soon, or fails, does not end its coding") {
  const auto errorOf = [](std::function<Response()> make) {
    Response response = ask(std::move(make), "gzip");
    auto source = response.body.takeSource();
    REQUIRE(source);
    successResultOf(source->open());
    auto chunks = source->chunks();
    for (;;) {
      auto next = chunks.nextDeferred();
      Outcome<std::optional<std::string>> outcome = next.result();
      if (!outcome) return std::string(outcome.failure().what());
      if (!*outcome) return std::string();
    }
  };
  CHECK(errorOf([] {
          Response response(200, "", "text/plain");
          response.setBodyChunks(pieces({std::string(100, 'x')}), 2000);
          return response;
        }).find("100 instead of 2000 bytes") != std::string::npos);
  CHECK(errorOf([] {
          Response response(200, "", "text/plain");
          response.setBodyChunks([]() -> AsyncGenerator<std::string> {
            co_yield std::string(100, 'x');
            throw weft::Error("the source has failed");
          }());
          return response;
        }) == "the source has failed");
}

TEST_CASE("files are coded on their way, and their ranges are not") {
  FolderWorld world;
  const std::string large = numbered(200'000);
  world.write("large.txt", large);
  world.write("photo.png", large);
  const StaticFiles files(world.root);
  const Layer layer = compress();
  const Handler handler = files;
  const auto get = [&](const char* path, std::initializer_list<HeaderField> headers) {
    Request request("GET", std::string("http://a") + path);
    request.headers = Headers(headers);
    return successResultOf(layer(std::move(request), handler));
  };
  Response coded = get("/large.txt", {{"Accept-Encoding", "gzip"}});
  CHECK(coding(coded) == "gzip");
  CHECK_FALSE(coded.headers.has("Accept-Ranges"));
  const std::string tag = field(coded, "ETag");
  CHECK(tag.starts_with("W/"));
  CHECK(decodedBody(std::move(coded)) == large);
  CHECK(get("/large.txt", {{"Accept-Encoding", "gzip"}, {"If-None-Match", tag}}).status == 304);
  Response range = get("/large.txt", {{"Accept-Encoding", "gzip"}, {"Range", "bytes=0-99"}});
  CHECK(range.status == 206);
  CHECK(coding(range).empty());
  CHECK(bodyOf(std::move(range)) == large.substr(0, 100));
  CHECK(coding(get("/photo.png", {{"Accept-Encoding", "gzip"}})).empty());
}
