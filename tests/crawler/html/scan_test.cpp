// The ways of scanning give the same tokens, over seeds that are mutated: WEFT_MUTATIONS says how many times. A program
// of its own, because the slow suite runs a million, and the pages of two document sets.
#include <weft/crawler/html/internal/scan.hpp>

#include "conformance.hpp"
#include "machine_recorder.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace fs = std::filesystem;
namespace internal = weft::html::internal;
using weft::html::State;
using weft::testing::recordOf;

namespace {

int mutations() {
  const char* count = std::getenv("WEFT_MUTATIONS");
  return count ? std::atoi(count) : 20000;
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  const auto tokenizer = weft::testing::conformanceTable("html/tokenizer.json");
  for (const auto& test : tokenizer["cases"].GetArray()) all.push_back(weft::testing::text(test["input"]));
  const auto trees = weft::testing::conformanceTable("html/tree_construction.json");
  for (const auto& test : trees["cases"].GetArray()) all.push_back(weft::testing::text(test["data"]));
  all.push_back(
      "<!DOCTYPE html><title>A &amp; B</title><a class=\"reference internal\" href=\"../library/index.html#top\" "
      "title='x &quot;y&quot;'>Text</a><br/><!-- a comment that is longer than most -- ><p id=x class = y >&nbsp;");
  return all;
}

/// A seed with one to four changes: bytes replaced, put in, taken out, repeated into a long run, or another seed's tail.
std::string mutated(const std::vector<std::string>& seeds, std::mt19937& random) {
  static constexpr std::string_view kBits[] = {"<",   ">",    "\"", "'",    "&",    "=",  "/",         "-->",   "--!>",
                                               "\r",  "\r\n", "\n", "&amp", "&#x4", "<!", "<![CDATA[", "]]>",   "<script>",
                                               "</s", "</script>", "<title>", "<!--", "\xC3\xA9", "\xFF", " ", "<a b=", "?"};
  std::string text = seeds[random() % seeds.size()];
  for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
    const std::size_t at = random() % (text.size() + 1);
    switch (random() % 6) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random() % 256);
        break;
      case 1: text.insert(at, kBits[random() % std::size(kBits)]); break;
      case 2: text.insert(at, 1, '\0'); break;
      case 3: text.erase(at, 1 + random() % 4); break;
      case 4: text.insert(at, 1 + random() % 300, at < text.size() ? text[at] : 'x'); break;
      default: text = text.substr(0, at) + seeds[random() % seeds.size()]; break;
    }
  }
  return text;
}

/// The portable record, after a look whether the others are the same.
void compareAll(const std::string& text, std::mt19937& random, State state, bool cdata) {
  const std::vector<std::string_view> whole = {text};
  const std::string portable = recordOf<internal::PortableScan>(whole, state, cdata);
#if defined(__SSE2__)
  if (recordOf<internal::Sse2Scan>(whole, state, cdata) != portable) FAIL_CHECK("SSE2 differs on ", text);
#endif
  if (recordOf<internal::FastScan>(whole, state, cdata) != portable) FAIL_CHECK("the fast scan differs on ", text);
  if (recordOf<internal::FastScan>(weft::testing::randomPieces(text, random), state, cdata) != portable)
    FAIL_CHECK("in pieces differs ", text);
}

template <char... kWanted>
void compareScans(const std::string& bytes, std::size_t from) {
  const char* const begin = bytes.data() + from;
  const char* const end = bytes.data() + bytes.size();
  const char* const expected = internal::PortableScan::findAnyOf<kWanted...>(begin, end);
  CHECK(internal::FastScan::findAnyOf<kWanted...>(begin, end) == expected);
#if defined(__SSE2__)
  CHECK(internal::Sse2Scan::findAnyOf<kWanted...>(begin, end) == expected);
  if (internal::kHasAvx2) CHECK(internal::findAnyOfAvx2<kWanted...>(begin, end) == expected);
#endif
}

}  // namespace

TEST_CASE("every way of scanning finds what the portable one finds") {
  std::mt19937 random(99);
  for (int round = 0; round < 4000; ++round) {
    std::string bytes(random() % 300, 'x');
    const unsigned rare = 5 + random() % 400;
    for (char& c : bytes)
      if (random() % rare == 0) c = "<&\0\r\""[random() % 5];
    const std::size_t from = random() % (bytes.size() + 1);
    compareScans<'<', '&', '\0', '\r'>(bytes, from);
    compareScans<'"'>(bytes, from);
    const char* const begin = bytes.data() + from;
    const char* const end = bytes.data() + bytes.size();
    CHECK(internal::FastScan::findByte('<', begin, end) == internal::PortableScan::findByte('<', begin, end));
  }
}

TEST_CASE("every way of scanning gives the same tokens for mutated pages, in every state") {
  static constexpr State kStates[] = {State::kData,      State::kData,      State::kRcdata,      State::kRawtext,
                                      State::kScriptData, State::kPlaintext, State::kCdataSection};
  const std::vector<std::string> all = seeds();
  REQUIRE(all.size() > 2000);
  std::mt19937 random(20261126);
  const int count = mutations();
  for (int i = 0; i < count; ++i)
    compareAll(mutated(all, random), random, kStates[random() % std::size(kStates)], random() % 2);
  MESSAGE(count, " mutated inputs");
}

TEST_CASE("every way of scanning gives the same tokens for the pages of the named folders") {
  const char* const folders = std::getenv("WEFT_PAGES");  // joined by colons
  if (!folders) return;
  std::mt19937 random(1);
  std::string_view rest = folders;
  while (!rest.empty()) {
    const fs::path folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), rest.find(':') == rest.npos ? rest.size() : rest.find(':') + 1));
    REQUIRE_MESSAGE(fs::is_directory(folder), folder, " is not there: install the package it belongs to");
    int pages = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file() || !entry.path().extension().string().starts_with(".htm")) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string page{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      compareAll(page, random, State::kData, false);
      ++pages;
    }
    MESSAGE(folder, ": ", pages, " pages");
    CHECK(pages > 100);
  }
}
