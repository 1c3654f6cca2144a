#include <weft/http/content_coding/content_decoder.hpp>
#include <weft/http/content_coding/internal/decoding_layer.hpp>

#include <doctest/doctest.h>

#include "../coded.hpp"
#include "../table.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace weft::http;
using weft::http::detail::codecCounts;
using weft::test::brotlied;
using weft::test::deflated;
using weft::test::gzipped;
using weft::test::readTable;
using weft::test::zstded;

namespace {

std::string readFile(const std::string& name) {
  std::ifstream file(std::string(WEFT_TESTS_DIR "/conformance/compression/") + name, std::ios::binary);
  REQUIRE_MESSAGE(file, "no file " << name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  REQUIRE(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

std::string coded(std::string_view coding, std::string_view text) {
  if (coding == "gzip") return gzipped(text);
  if (coding == "deflate") return deflated(text, 15);
  if (coding == "raw") return deflated(text, -15);
  if (coding == "br") return brotlied(text);
  return zstded(text);
}
std::string_view headerOf(std::string_view coding) { return coding == "raw" ? "deflate" : coding; }
const char* const kCodings[] = {"gzip", "deflate", "raw", "br", "zstd"};

// A text that is neither trivial nor random, so that every part of a coder has something to do.
std::string sampleText(std::size_t size, std::uint64_t seed = 1) {
  std::string text;
  while (text.size() < size) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    text += "word" + std::to_string((seed >> 33) % 5000) + ((seed >> 60) ? " " : "\n");
  }
  text.resize(size);
  return text;
}

struct Result {
  Result(std::string text = {}) : text(std::move(text)) {}
  std::string text;
  std::optional<std::string> error;
  bool truncated = false;
  bool partial = false;
  // How soon damage is noticed depends on the pieces: an error's text, and what came before it, are not compared.
  bool operator==(const Result& other) const {
    return error.has_value() == other.error.has_value() && truncated == other.truncated && partial == other.partial && (error || text == other.text);
  }
};

Result decodeInPieces(std::string_view bytes, std::string_view coding, const ContentDecoderOptions& options, const std::function<std::size_t()>& pieceSize) {
  Result result;
  try {
    ContentDecoder decoder(coding, options);
    while (!bytes.empty()) {
      const std::string piece(bytes.substr(0, pieceSize()));         // a copy: nothing may point at an earlier one
      decoder.feed(piece, result.text);
      bytes.remove_prefix(piece.size());
    }
    decoder.finish();
    result.partial = decoder.partial();
  } catch (const ContentCodingError& error) {
    result.error = error.what();
    result.truncated = error.truncated;
  } catch (const Error& error) {
    result.error = error.what();
  }
  return result;
}

// Whole, byte by byte and in random pieces: the same.
Result decoded(std::string_view bytes, std::string_view coding, const ContentDecoderOptions& options = ContentDecoderOptions()) {
  Result whole = decodeInPieces(bytes, coding, options, [] { return std::string_view::npos; });
  CHECK(whole == decodeInPieces(bytes, coding, options, [] { return 1; }));
  std::uint64_t seed = bytes.size() + 1;
  for (int round = 0; round < 3; ++round)
    CHECK(whole == decodeInPieces(bytes, coding, options, [&seed] {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            return 1 + (seed >> 33) % 97;
          }));
  return whole;
}

}  // namespace

TEST_CASE("each coding comes undone, however its bytes are cut") {
  const std::string text = sampleText(20000);
  for (const char* coding : kCodings) {
    CAPTURE(coding);
    const Result result = decoded(coded(coding, text), headerOf(coding));
    CHECK_MESSAGE(!result.error, *result.error);
    CHECK(result.text == text);
    CHECK(decoded(coded(coding, ""), headerOf(coding)) == Result());
    CHECK(decoded(coded(coding, "x"), headerOf(coding)).text == "x");
  }
  CHECK(decoded(gzipped("x"), " X-GZip ").text == "x");
}

TEST_CASE("the table of coded pages, truncations and bombs") {
  const auto table = readTable("compression/cases.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string file = test["file"].GetString(), kind = test["kind"].GetString();
    CAPTURE(file);
    const std::string bytes = readFile(file), coding = test["content_encoding"].GetString();
    if (kind == "bomb") {
      ContentDecoder decoder(coding, ContentDecoderOptions().setMaxBytes(1 << 20).setMaxRatio(0));
      std::string out;
      CHECK_THROWS_AS(decoder.feed(bytes, out), DecodedTooLarge);
      CHECK(out.size() == 1 << 20);
      CHECK(decoder.decodedBytes() == 1 << 20);
      passed += out.size() == 1 << 20;
      continue;
    }
    Result result = decoded(bytes, coding);
    if (kind == "ok") {
      // The table has the hash of the gzip page for all; the page that was sent as deflate says so in its text.
      if (const auto at = result.text.find("`deflate'"); coding == "deflate" && at != std::string::npos) result.text.replace(at, 9, "`gzip'");
      CHECK_MESSAGE(!result.error, *result.error);
      CHECK(sha256(result.text) == test["decoded_sha256"].GetString());
      passed += sha256(result.text) == test["decoded_sha256"].GetString();
    } else {
      CHECK(result.error.has_value());
      passed += result.error.has_value();
    }
  }
  MESSAGE("compression: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("a bomb stops at the ratio, with what was decoded so far") {
  const auto table = readTable("compression/cases.json");
  for (const auto& test : table["cases"].GetArray()) {
    if (std::string_view(test["kind"].GetString()) != "bomb") continue;
    ContentDecoder decoder(test["content_encoding"].GetString());
    std::string out;
    try {
      decoder.feed(readFile(test["file"].GetString()), out);
      FAIL("no error");
    } catch (const DecompressionRatio& error) {
      CHECK(error.limit == 200);
      CHECK(error.decoded == decoder.decodedBytes());
      CHECK(out.size() < 8 * 1024 * 1024 + 32 * 1024);
    }
  }
  // A ratio that pages have is none.
  std::string out;
  ContentDecoder decoder("gzip", ContentDecoderOptions().setRatioFrom(1000));
  decoder.feed(gzipped(sampleText(100000)), out);
  decoder.finish();
}

TEST_CASE("a slow reader gets what it has room for, and no more is held") {
  const std::string text = sampleText(300000);
  for (const char* coding : kCodings) {
    CAPTURE(coding);
    const std::string bytes = coded(coding, text);
    std::string_view rest = bytes;
    ContentDecoder decoder(headerOf(coding));
    std::string out;
    bool more = true;
    while (more) {
      std::string piece;
      more = decoder.decode(rest, piece, 1000);
      CHECK(piece.size() <= 1000);
      out += piece;
    }
    CHECK(rest.empty());
    decoder.finish();
    CHECK(out == text);
    CHECK(decoder.encodedBytes() == bytes.size());
    CHECK(decoder.decodedBytes() == text.size());
  }
}

TEST_CASE("a body of just the limit passes, one byte more does not") {
  for (const char* coding : kCodings) {
    CAPTURE(coding);
    const std::string bytes = coded(coding, std::string(5000, 'x'));
    CHECK(decoded(bytes, headerOf(coding), ContentDecoderOptions().setMaxBytes(5000)).text.size() == 5000);
    const Result over = decoded(bytes, headerOf(coding), ContentDecoderOptions().setMaxBytes(4999));
    CHECK(over.text.size() == 4999);
    REQUIRE(over.error);
    CHECK(over.error->find("4999 bytes") != std::string::npos);
  }
  CHECK(decoded("12345", "identity", ContentDecoderOptions().setMaxBytes(5)).text == "12345");
  CHECK(decoded("123456", "identity", ContentDecoderOptions().setMaxBytes(5)).error);
}

TEST_CASE("a body cut at any byte is an error, or partial where that is allowed") {        // fault 6
  const std::string text = sampleText(400);
  for (const char* coding : kCodings) {
    CAPTURE(coding);
    const std::string bytes = coded(coding, text);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      CAPTURE(size);
      const Result strict = decodeInPieces(std::string_view(bytes).substr(0, size), headerOf(coding), {}, [] { return std::string_view::npos; });
      CHECK(strict.error);
      CHECK(strict.truncated);
      const Result partial = decodeInPieces(std::string_view(bytes).substr(0, size), headerOf(coding), ContentDecoderOptions().setAllowPartial(true), [] { return 7; });
      CHECK(!partial.error);
      CHECK(partial.partial);
      CHECK(text.starts_with(partial.text));
    }
    CHECK(decoded("", headerOf(coding)) == Result());                                      // an empty body is empty in every coding
  }
}

TEST_CASE("a flipped bit anywhere in a checked body never gives another page silently") {
  const std::string text = sampleText(300);
  for (const char* coding : {"gzip", "deflate", "zstd"}) {
    CAPTURE(coding);
    const std::string bytes = coded(coding, text);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      CAPTURE(at);
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      const Result result = decodeInPieces(damaged, coding, ContentDecoderOptions().setMaxBytes(1 << 20), [] { return std::string_view::npos; });
      if (!result.error) CHECK(result.text == text);
    }
  }
  std::string wrong = gzipped(text);
  wrong[wrong.size() - 8] = static_cast<char>(wrong[wrong.size() - 8] ^ 1);
  CHECK(decoded(wrong, "gzip").error->find("incorrect data check") != std::string::npos);
  wrong = gzipped(text);
  wrong[wrong.size() - 1] = static_cast<char>(wrong[wrong.size() - 1] ^ 1);
  CHECK(decoded(wrong, "gzip").error->find("incorrect length check") != std::string::npos);
}

TEST_CASE("gzip: several members are one body, what follows is ignored, a cut one is an error") {
  const std::string two = gzipped("hello ") + gzipped("world");
  CHECK(decoded(two, "gzip") == Result{"hello world"});
  CHECK(decoded(two + std::string(1000, '\0'), "gzip") == Result{"hello world"});
  CHECK(decoded(two + "\x1F garbage", "gzip") == Result{"hello world"});
  CHECK(decoded(two + gzipped("!").substr(0, 1), "gzip").truncated);
  CHECK(decoded(two + gzipped("!").substr(0, 12), "gzip").truncated);
  CHECK(decoded(two + "\x1F\x8B\x08\xFF garbage", "gzip").error);
  // Every optional part of a header: FTEXT, FHCRC, FEXTRA, FNAME, FCOMMENT.
  std::string head("\x1F\x8B\x08\x1F\0\0\0\0\0\x03\x04\0abcdname\0comment\0", 29);
  const std::uint32_t crc = static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const unsigned char*>(head.data()), static_cast<uInt>(head.size())));
  head += static_cast<char>(crc & 0xFF);
  head += static_cast<char>(crc >> 8 & 0xFF);
  CHECK(decoded(head + gzipped("flags").substr(10), "gzip") == Result{"flags"});
  head.back() = static_cast<char>(head.back() ^ 1);
  CHECK(decoded(head + gzipped("flags").substr(10), "gzip").error->find("header crc mismatch") != std::string::npos);
  CHECK(decoded("<html>not coded at all", "gzip").error);
}

TEST_CASE("deflate, br and zstd: what follows is ignored; zstd's frames are one body") {
  for (const char* coding : kCodings) CHECK(decoded(coded(coding, "x") + "garbage", headerOf(coding)) == Result{"x"});
  CHECK(decoded(zstded("hello ") + std::string("\x53\x2A\x4D\x18\x03\0\0\0abc", 11) + zstded("world"), "zstd") == Result{"hello world"});
  CHECK(decoded(zstded("hello ") + zstded("world").substr(0, 2), "zstd").truncated);
  CHECK(decoded("<html>", "zstd").error);
  CHECK(decoded("<html>", "br").error);
  CHECK(decoded("<html>", "deflate").error);
}

TEST_CASE("zstd: a window of 8 MiB passes, a larger one is refused (RFC 9659)") {
  const std::string text = sampleText(100000);
  CHECK(decodeInPieces(zstded(text, 23), "zstd", {}, [] { return std::string_view::npos; }).text == text);
  CHECK(decodeInPieces(zstded(text, 24), "zstd", {}, [] { return std::string_view::npos; }).error);
}

TEST_CASE("stacked codings are undone from the right, up to a limit") {
  const std::string text = sampleText(50000);
  CHECK(decoded(brotlied(gzipped(text)), "gzip, br").text == text);
  CHECK(decoded(zstded(deflated(brotlied(text), -15)), "br,deflate , identity,zstd,").text == text);
  const Result four = decoded(gzipped(gzipped(gzipped(gzipped(text)))), "gzip, gzip, gzip, gzip");
  CHECK(four.error->find("more than 3 codings") != std::string::npos);
  CHECK(decoded(gzipped(gzipped(gzipped(gzipped(text)))), "gzip, gzip, gzip, gzip", ContentDecoderOptions().setMaxLayers(4)).text == text);
  // A cut is found in whichever layer it is.
  const std::string outer = gzipped(gzipped(text));
  CHECK(decoded(std::string_view(outer).substr(0, outer.size() - 1), "gzip, gzip").truncated);
  const std::string inner = gzipped(text);
  CHECK(decoded(gzipped(std::string_view(inner).substr(0, inner.size() - 1)), "gzip, gzip").truncated);
  // A bomb in a bomb (fault 12).
  const std::string nested = gzipped(gzipped(std::string(50'000'000, '\0')));
  ContentDecoder decoder("gzip, gzip");
  std::string out;
  CHECK_THROWS_AS(decoder.feed(nested, out), DecompressionRatio);
}

TEST_CASE("an unknown coding is an error, or stays on") {
  try {
    ContentDecoder decoder("gzip, klingon");
    FAIL("no error");
  } catch (const ContentCodingError& error) {
    CHECK(error.coding == "klingon");
    CHECK(!error.truncated);
    CHECK(error.what() == std::string("decoding a body in the content coding \"klingon\" at byte 0: the coding is not known"));
  }
  const auto passing = ContentDecoderOptions().setUnknown(ContentDecoderOptions::Unknown::PassThrough);
  ContentDecoder above("klingon, gzip", passing);
  CHECK(above.remaining() == "klingon");
  std::string out;
  above.feed(gzipped("x"), out);
  CHECK(out == "x");
  ContentDecoder below("gzip, klingon", passing);
  CHECK(below.isIdentity());
  CHECK(below.remaining() == "gzip, klingon");
  CHECK(ContentDecoder("").isIdentity());
  CHECK(ContentDecoder(" identity , ").isIdentity());
  CHECK(ContentDecoder("identity").remaining().empty());
}

TEST_CASE("an error says where") {
  std::string damaged = gzipped(sampleText(5000));
  damaged[200] = static_cast<char>(damaged[200] ^ 0xFF);
  damaged[201] = static_cast<char>(damaged[201] ^ 0xFF);
  std::string out;
  try {
    ContentDecoder decoder("gzip");
    decoder.feed(damaged, out);
    decoder.finish();
    FAIL("no error");
  } catch (const ContentCodingError& error) {
    CHECK(error.coding == "gzip");
    CHECK(error.offset >= 200);
    CHECK(error.offset <= damaged.size());
  }
}

TEST_CASE("1 MB in pieces of one byte costs one call of the library for each, and one context") {
  const std::string text = sampleText(3'000'000);
  for (const char* coding : kCodings) {
    CAPTURE(coding);
    const std::string bytes = coded(coding, text);
    const auto before = codecCounts();
    ContentDecoder decoder(headerOf(coding));
    std::string out;
    for (char c : bytes) decoder.feed({&c, 1}, out);
    decoder.finish();
    CHECK(out == text);
    CHECK(codecCounts().calls - before.calls <= 2 * bytes.size() + text.size() / 1024);
    CHECK(codecCounts().made + codecCounts().reused - before.made - before.reused == 1);
  }
}

TEST_CASE("contexts are used again by the next body of the thread") {
  const std::string gzip = gzipped("hello"), raw = deflated("hello", -15), zstd = zstded("hello");
  std::thread([&] {
    for (int i = 0; i < 100; ++i) {
      for (const auto& [bytes, coding] : {std::pair{gzip, "gzip"}, {raw, "deflate"}, {zstd, "zstd"}}) {
        ContentDecoder decoder(coding);
        std::string out;
        decoder.feed(i % 3 == 0 ? bytes.substr(0, 4) : bytes, out);  // one that was cut leaves nothing to the next
        if (i % 3 != 0) CHECK(out == "hello");
      }
    }
    CHECK(codecCounts().made == 2);
    CHECK(codecCounts().reused == 298);
  }).join();
}
