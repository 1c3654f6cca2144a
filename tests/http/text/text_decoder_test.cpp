#include <weft/http/text/internal/encoding_index.hpp>
#include <weft/http/text/text_decoder.hpp>
#include <weft/http/text/utf8.hpp>

#include <doctest/doctest.h>

#include "../table.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace weft::http;
using weft::test::readTable;
using weft::test::textOf;
using weft::test::unhex;

namespace {

std::string inPieces(std::string_view bytes, std::string_view encoding, std::uint64_t seed) {
  TextDecoder decoder(encoding);
  std::string out;
  while (!bytes.empty()) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    const std::string piece(bytes.substr(0, 1 + (seed >> 33) % 5));
    decoder.feed(piece, out);
    bytes.remove_prefix(piece.size());
  }
  decoder.finish(out);
  return out;
}

// Whole, byte by byte and in random pieces: the same, and UTF-8.
std::string decoded(std::string_view bytes, std::string_view encoding) {
  std::string whole;
  appendDecoded(whole, bytes, encoding);
  CHECK(isUtf8(whole));
  TextDecoder decoder(encoding);
  for (int round = 0; round < 2; ++round) {            // a decoder that has finished begins anew
    std::string out;
    for (char c : bytes) decoder.feed({&c, 1}, out);
    decoder.finish(out);
    CHECK(out == whole);
  }
  for (std::uint64_t seed = 1; seed < 4; ++seed) CHECK(inPieces(bytes, encoding, seed) == whole);
  return whole;
}

}  // namespace

TEST_CASE("text becomes UTF-8, and what means nothing U+FFFD") {
  CHECK(decoded("caf\xE9 \x80", "windows-1252") == "caf\xC3\xA9 \xE2\x82\xAC");
  CHECK(decoded("\xEF\xBB\xBFx\xFFy", "utf-8") == "x\xEF\xBF\xBDy");
  CHECK(decoded("\x83\x8B\x83\x74", "shift_jis") == "\xE3\x83\xAB\xE3\x83\x95");
  CHECK(decoded(std::string_view("\xFF\xFEh\0i\0", 6), "utf-16le") == "hi");
  CHECK(decoded("\xC1", "koi8-r") == "\xD0\xB0");
  CHECK(decoded("a\x81", "shift_jis") == "a\xEF\xBF\xBD");
  CHECK(decoded("", "replacement").empty());
  CHECK(decoded("anything", "hz-gb-2312") == "\xEF\xBF\xBD");
  CHECK(decoded("a\xFF", "x-user-defined") == "a\xEF\x9F\xBF");
  CHECK(decoded("\xEF\xBB", "utf-8") == "\xEF\xBF\xBD");
  CHECK(decoded("\x1B(J\\~\x1B(I1\x1B$B0l\x1B(B~", "iso-2022-jp") == "\xC2\xA5\xE2\x80\xBE\xEF\xBD\xB1\xE4\xB8\x80~");
}

TEST_CASE("a label that names no encoding is an error") {
  CHECK(TextDecoder("ISO-8859-1").encoding() == "windows-1252");
  try {
    TextDecoder decoder("klingon");
    FAIL("no error");
  } catch (const UnknownEncoding& error) {
    CHECK(error.label == "klingon");
    CHECK(std::string(error.what()).find("klingon") != std::string::npos);
  }
}

TEST_CASE("the standard's tables of characters") {
  int passed = 0, total = 0;
  for (const char* name : {"decode", "single_byte"}) {
    const auto table = readTable("encoding/" + std::string(name) + ".json");
    for (const auto& test : table["cases"].GetArray()) {
      const std::string encoding = test["encoding"].GetString();
      CAPTURE(std::string(test["id"].GetString()));
      CAPTURE(encoding);
      CAPTURE(std::string(test["input_hex"].GetString()));
      const std::string text = decoded(unhex(test["input_hex"].GetString()), encoding);
      CHECK(text == textOf(test["text"]));
      passed += text == textOf(test["text"]);
      ++total;
    }
  }
  MESSAGE("decode and single_byte: " << passed << " of " << total);
}

TEST_CASE("w3lib's table: what Scrapy decodes") {
  const std::set<std::string> deviations{"w3lib_encoding-0152", "w3lib_encoding-0156",    // UTF-32
                                         "w3lib_encoding-0154", "w3lib_encoding-0158", "w3lib_encoding-0166", "w3lib_encoding-0162"};
  const auto table = readTable("encoding/w3lib_encoding.json");
  int passed = 0, run = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string id = test["id"].GetString(), fn = test["fn"].GetString();
    CAPTURE(id);
    const auto& args = test["args"];
    std::string found, want;
    if (fn == "to_unicode") {
      std::string label = args[1].GetString();
      if (label == "utf-16-le") label = "utf-16le";
      if (label == "gb18030_2000") label = "gb18030";
      if (label == "big5hkscs") label = "big5";
      if (encodingForLabel(label).empty()) found = "no such encoding";
      else found = decoded(textOf(args[0]), label);
      want = textOf(test["result"]);
    } else if (fn == "html_to_unicode") {
      std::string type = args[0].IsString() ? args[0].GetString() : "";
      if (type.starts_with("Content-Type:")) type.erase(0, 13);
      found = decodeText(textOf(args[1]), type).text;
      want = textOf(test["result"][1]);
    } else {
      continue;
    }
    ++run;
    passed += found == want;
    if (!deviations.contains(id)) CHECK(found == want);
  }
  MESSAGE("w3lib_encoding, text: " << passed << " of " << run);
}

TEST_CASE("the indexes made from ICU's converters are those of the standard, to the last entry") {
  // FNV-1a over each code point as four bytes, of the standard's index files.
  const auto sum = [](const auto& index) {
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const char32_t c : index)
      for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ (c >> shift & 0xFF)) * 0x100000001B3;
    return hash;
  };
  CHECK(sum(detail::big5Index()) == 0x770B6FA0631178DF);
  CHECK(sum(detail::eucKrIndex()) == 0xB4FC3F13C6ABF5FA);
  CHECK(sum(detail::gb18030Index()) == 0x1D93F96466693822);
  CHECK(sum(detail::jis0208Index()) == 0xDE920A8ABA38E688);
  CHECK(sum(detail::jis0212Index()) == 0x5B56479163FD7636);
  const std::pair<std::string_view, std::uint64_t> singleByte[] = {
      {"ibm866", 0x96319DCF1D929585},       {"iso-8859-10", 0x233BDB423408493B},    {"iso-8859-13", 0x3A4F3B5B04C42A4A},  {"iso-8859-14", 0x75B35CF60953A41F},
      {"iso-8859-15", 0xEC2DF6E172F1BED8},  {"iso-8859-16", 0x5FAEACFF2300A1EC},    {"iso-8859-2", 0x15DD93976FE998CA},   {"iso-8859-3", 0x70AF575411232B5B},
      {"iso-8859-4", 0xF0B5D36AAB27B23C},   {"iso-8859-5", 0xAC92A43EB69C8F9A},     {"iso-8859-6", 0x4C63DBAA37209F88},   {"iso-8859-7", 0xFC9E6C45312DBCA0},
      {"iso-8859-8", 0xD8F178D62489403D},   {"iso-8859-8-i", 0xD8F178D62489403D},   {"koi8-r", 0x79B9C995AC090B16},       {"koi8-u", 0x3AC9F3805AE4EFB6},
      {"macintosh", 0x7EBECF5C3A3C57AD},    {"windows-1250", 0x0DAF793815160EE8},   {"windows-1251", 0x729B349AC32A31B7}, {"windows-1252", 0x3C481CA49EEFFB78},
      {"windows-1253", 0x8BA9E7CEF4DB781D}, {"windows-1254", 0x8CF2CBAACFA5B91E},   {"windows-1255", 0x68A3F6F4FD14BAAB}, {"windows-1256", 0xEA1CE6FBD2270C30},
      {"windows-1257", 0xC987E830DA111689}, {"windows-1258", 0x868C3EFE3FDD4D6A},   {"windows-874", 0xE4DD3C5BCFA817D5},  {"x-mac-cyrillic", 0xE4A36C3EC0BAB6CB},
  };
  for (const auto& [name, want] : singleByte) {
    CAPTURE(std::string(name));
    REQUIRE(detail::findEncoding(name));
    CHECK(sum(detail::singleByteIndex(*detail::findEncoding(name))) == want);
  }
}

TEST_CASE("random bytes in every encoding: valid UTF-8, and the same however they are cut") {
  std::uint64_t seed = 99;
  for (const char* encoding : {"utf-8", "utf-16le", "utf-16be", "big5", "euc-jp", "euc-kr", "gb18030", "iso-2022-jp", "shift_jis", "windows-1255", "x-user-defined", "replacement"}) {
    CAPTURE(encoding);
    for (int round = 0; round < 200; ++round) {
      std::string bytes;
      const std::size_t size = round % 40;
      for (std::size_t i = 0; i < size; ++i) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        const auto byte = static_cast<unsigned>(seed >> 56);
        bytes += static_cast<char>(round % 2 ? byte : (seed >> 40) % 3 ? byte | 0x80 : "\x1B$B(J0\xEF\xBB"[byte % 8]);
      }
      decoded(bytes, encoding);
    }
  }
}

TEST_CASE("a body that is UTF-8 already, or ASCII, is moved through") {
  const std::string page = "<title>caf\xC3\xA9</title>" + std::string(1000, 'x');
  std::string body = page;
  const char* const at = body.data();
  const DecodedText text = decodeText(std::move(body), "text/html; charset=utf-8");
  CHECK(text.text == page);
  CHECK(static_cast<const void*>(text.text.data()) == static_cast<const void*>(at));
  CHECK(text.encoding == "utf-8");
  CHECK(text.source == EncodingSource::Header);
  std::string ascii(1000, 'x');
  const char* const asciiAt = ascii.data();
  const DecodedText plain = decodeText(std::move(ascii), "text/html; charset=shift_jis");
  CHECK(static_cast<const void*>(plain.text.data()) == static_cast<const void*>(asciiAt));
  CHECK(plain.encoding == "shift_jis");
  CHECK(decodeText("\xEF\xBB\xBFhi", "").text == "hi");
  CHECK(decodeText("\xFE\xFF" + std::string("\0h\0i", 4), "text/html; charset=latin1").text == "hi");
  CHECK(decodeText("caf\xE9", "text/html; charset=iso-8859-1").text == "caf\xC3\xA9");
  CHECK(decodeText("x", "text/html; charset=iso-2022-cn").text == "\xEF\xBF\xBD");
}
