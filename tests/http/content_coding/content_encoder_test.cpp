#include <weft/http/content_coding/content_encoder.hpp>

#include <doctest/doctest.h>

#include <weft/http/content_coding/content_decoder.hpp>
#include <weft/http/content_coding/internal/decoding_layer.hpp>

#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace weft::http;

namespace {

std::string decoded(std::string_view coding, std::string_view bytes) {
  ContentDecoder decoder(coding);
  std::string out;
  decoder.feed(bytes, out);
  decoder.finish();
  return out;
}

std::string someText(std::size_t bytes) {
  std::minstd_rand random(7);
  std::string text;
  while (text.size() < bytes) text += std::to_string(random() % 1000) + (random() % 5 ? " " : "\n");
  text.resize(bytes);
  return text;
}

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("what is coded is decoded to the same, in any pieces", Coding, everyCoding) {
  const std::string_view coding = Coding::kName;
  for (const std::size_t size : {0, 1, 100, 70'000, 1'000'000}) {
    const std::string text = someText(size);
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{64'000}, size + 1}) {
      ContentEncoder encoder(coding);
      std::string out;
      for (std::size_t at = 0; at < size; at += piece) encoder.feed(std::string_view(text).substr(at, piece), out);
      encoder.finish(out);
      CHECK(decoded(coding, out) == text);
      if (size >= 70'000) CHECK(out.size() < size / 2);
    }
  }
}

TEST_CASE_TEMPLATE_DEFINE("after a flush all that was fed can be decoded", Coding, everyCodingFlushes) {
  const std::string_view coding = Coding::kName;
  ContentEncoder encoder(coding);
  ContentDecoder decoder(coding);
  std::string expected, seen;
  for (int i = 0; i < 20; ++i) {
    const std::string piece = "data: " + std::to_string(i) + "\n\n";
    expected += piece;
    std::string out;
    encoder.feed(piece, out);
    encoder.flush(out);
    decoder.feed(out, seen);
    CHECK(seen == expected);
  }
  std::string end;
  encoder.flush(end);                                  // with nothing new
  encoder.finish(end);
  decoder.feed(end, seen);
  decoder.finish();
  CHECK(seen == expected);
}

struct Gzip {
  static constexpr std::string_view kName = "gzip";
};
struct Brotli {
  static constexpr std::string_view kName = "br";
};
struct Zstd {
  static constexpr std::string_view kName = "zstd";
};
TEST_CASE_TEMPLATE_INVOKE(everyCoding, Gzip, Brotli, Zstd);
TEST_CASE_TEMPLATE_INVOKE(everyCodingFlushes, Gzip, Brotli, Zstd);

TEST_CASE("a level is kept within what the coding has; a coding that is not known is refused") {
  const std::string text = someText(50'000);
  for (const char* coding : {"gzip", "br", "zstd", "GZIP", "x-gzip"})
    for (const int level : {-5, 1, 9, 100}) {
      if (level == 100 && std::string_view(coding) == "br") continue;      // slow
      ContentEncoder encoder(coding, level);
      std::string out;
      encoder.feed(text, out);
      encoder.finish(out);
      CHECK(decoded(coding, out) == text);
    }
  CHECK_THROWS_AS(ContentEncoder("compress"), ContentCodingError);
  CHECK_THROWS_AS(ContentEncoder(""), ContentCodingError);
}

TEST_CASE("an encoder may move to another thread between two calls, and be dropped at any time") {
  const std::string text = someText(200'000);
  for (const char* coding : {"gzip", "br", "zstd"}) {
    ContentEncoder encoder(coding);
    std::string out;
    encoder.feed(std::string_view(text).substr(0, 100'000), out);
    std::thread([&] { encoder.feed(std::string_view(text).substr(100'000), out); }).join();
    encoder.finish(out);
    CHECK(decoded(coding, out) == text);
    ContentEncoder dropped(coding);
    dropped.feed(text, out);
  }
}

TEST_CASE("contexts of gzip and zstd are used again") {
  for (const char* coding : {"gzip", "zstd"}) {
    std::string out;
    ContentEncoder(coding).finish(out);
    const auto before = detail::codecCounts();
    for (int i = 0; i < 5; ++i) ContentEncoder(coding).finish(out);
    CHECK(detail::codecCounts().made == before.made);
    CHECK(detail::codecCounts().reused == before.reused + 5);
  }
}
