#include <weft/http/text/utf8.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using namespace weft::http;

namespace {

std::string mended(std::string_view bytes) {
  std::string out;
  appendMended(out, bytes);
  return out;
}

// The standard's rules by the letter: a table of lead bytes, one byte after the other.
bool isUtf8ByTheBook(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto at = [&](std::size_t k) { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u; };
    const auto trail = [&](std::size_t k, unsigned low = 0x80, unsigned high = 0xBF) { return at(k) >= low && at(k) <= high; };
    const unsigned c = at(0);
    if (c < 0x80) i += 1;
    else if (c >= 0xC2 && c <= 0xDF && trail(1)) i += 2;
    else if (c == 0xE0 && trail(1, 0xA0) && trail(2)) i += 3;
    else if (c == 0xED && trail(1, 0x80, 0x9F) && trail(2)) i += 3;
    else if (c >= 0xE1 && c <= 0xEF && c != 0xED && trail(1) && trail(2)) i += 3;
    else if (c == 0xF0 && trail(1, 0x90) && trail(2) && trail(3)) i += 4;
    else if (c >= 0xF1 && c <= 0xF3 && trail(1) && trail(2) && trail(3)) i += 4;
    else if (c == 0xF4 && trail(1, 0x80, 0x8F) && trail(2) && trail(3)) i += 4;
    else return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every code point becomes UTF-8 and is taken as such; surrogates do not exist") {
  std::string all;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string one;
    appendUtf8(one, c);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    if (surrogate) REQUIRE(one == "\xEF\xBF\xBD");
    if (!isUtf8(one)) FAIL("U+" << static_cast<unsigned>(c));
    if (c % 97 == 0) all += one;
  }
  CHECK(isUtf8(all));
  std::string beyond;
  appendUtf8(beyond, 0x110000);
  CHECK(beyond == "\xEF\xBF\xBD");
}

TEST_CASE("all sequences of three bytes from 0x70 on are judged as the standard does, wherever they stand") {
  long wrong = 0;
  for (const std::size_t before : {std::size_t{0}, std::size_t{14}, std::size_t{61}}) {
    std::string text = std::string(before, 'a') + "abc" + std::string(before, 'b');
    for (unsigned a = 0x70; a < 0x100; a += 1)
      for (unsigned b = 0x70; b < 0x100; b += 3)
        for (unsigned c = 0x70; c < 0x100; c += 5) {
          text[before] = static_cast<char>(a), text[before + 1] = static_cast<char>(b), text[before + 2] = static_cast<char>(c);
          wrong += isUtf8(text) != isUtf8ByTheBook(text);
        }
  }
  CHECK(wrong == 0);
}

TEST_CASE("random bytes and damaged text of any length and alignment") {
  std::string good;
  for (const char32_t c : {U'a', U'\u00E9', U'\u20AC', U'\U0001F600', U'\u4E2D', U'z', U'\u07FF', U'\uFFFD', U'\U0010FFFF'}) appendUtf8(good, c);
  std::string text;
  for (int i = 0; i < 30; ++i) text += good + "plain";
  std::uint64_t seed = 7;
  long wrong = 0;
  for (int round = 0; round < 20000; ++round) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    std::string piece = text.substr((seed >> 20) % 90, (seed >> 33) % 200);
    if (round % 3 && !piece.empty()) piece[(seed >> 40) % piece.size()] = static_cast<char>(seed >> 55);
    wrong += isUtf8(piece) != isUtf8ByTheBook(piece);
    const std::string repaired = mended(piece);
    wrong += !isUtf8ByTheBook(repaired) || (isUtf8ByTheBook(piece) && repaired != piece);
  }
  CHECK(wrong == 0);
}

TEST_CASE("what is not UTF-8 becomes one U+FFFD for each maximal part") {
  CHECK(mended("a\xFF" "b") == "a\xEF\xBF\xBD" "b");
  CHECK(mended("\xE2\x82") == "\xEF\xBF\xBD");
  CHECK(mended("\xE2\x82\x41") == "\xEF\xBF\xBD\x41");
  CHECK(mended("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(mended("\xF0\x9F\x98") == "\xEF\xBF\xBD");
  CHECK(mended("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("a sequence that is cut at the end is told from one that is wrong") {
  CHECK(cutSequence("") == 0);
  CHECK(cutSequence("abc") == 0);
  CHECK(cutSequence("a\xE2") == 1);
  CHECK(cutSequence("a\xE2\x82") == 2);
  CHECK(cutSequence("a\xE2\x82\xAC") == 0);
  CHECK(cutSequence("a\xF0\x9F\x98") == 3);
  CHECK(cutSequence("a\x80\x80\x80\x80") == 0);
  CHECK(cutSequence("a\xED\xA0") == 0);
  CHECK(cutSequence("a\xFF") == 0);
}

TEST_CASE("plain ASCII is told, escapes apart") {
  CHECK(isPlainAscii(""));
  CHECK(isPlainAscii(std::string(1000, 'a')));
  CHECK_FALSE(isPlainAscii(std::string(100, 'a') + "\x80"));
  CHECK_FALSE(isPlainAscii("a\x1B$B"));
  CHECK(asciiPrefix(std::string(77, 'a') + "\xC3\xA9" + std::string(77, 'a')) == 77);
}
