#include <weft/crawler/canonical_url.hpp>

#include <weft/crawler/fingerprint.hpp>

#include <weft/http/text/utf8.hpp>

#include <doctest/doctest.h>

#include "http/table.hpp"

#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>

using weft::crawler::canonicalUrl;
using weft::crawler::fingerprint;
using weft::crawler::isPlainlyCanonical;
using weft::http::Url;
using weft::test::readTable;
using weft::test::textOf;

TEST_CASE("a canonical URL has its query in order and one spelling") {
  const auto of = [](std::string_view url) { return canonicalUrl(Url(url)); };
  CHECK(of("http://Example.com:80/%7Ea/%2f%41?b=2&&a=x y#top") == "http://example.com/~a/%2FA?a=x+y&b=2");
  CHECK(of("http://a/?") == "http://a/");
  CHECK(of("http://a/?&&") == "http://a/");
  CHECK(of("http://a/?=&c&b=") == "http://a/?=&b=&c=");
  CHECK(of("http://a/?x=10&x=9&x=%31") == "http://a/?x=1&x=10&x=9");             // as strings, decoded
  CHECK(of("http://a/?a=1&a%20b=0") == "http://a/?a=1&a+b=0");
  CHECK(of("http://a/?q=a%2Bb+c%20d") == "http://a/?q=a%2Bb+c+d");
  CHECK(of("http://a/?a=b=c;d=e") == "http://a/?a=b%3Dc%3Bd%3De");
  CHECK(of("http://a/100%?%&%4&%zz=%e9") == "http://a/100%?%25=&%254=&%25zz=%E9");
  CHECK(of("http://u:p@a/%25%41?#f") == "http://u:p@a/%25A");
  CHECK(of("mailto:b%41?x=2&a=1") == "mailto:b%41?x=2&a=1");
  std::string many, sorted;
  for (int i = 99; i >= 10; --i) many += "&" + std::to_string(i), sorted.insert(0, "&" + std::to_string(i) + "=");
  CHECK(of("http://a/?" + many) == "http://a/?" + sorted.substr(1));
}

TEST_CASE("a canonical URL is its own canonical form, and two spellings of it have one fingerprint") {
  const std::string_view parts[] = {"", "/a/../b", "/%7e", "/%e9%2f", "?", "?b&a", "?a=1&b=2", "?b=2&a=1", "?a=%31&b=2", "?a=x+y", "?a=x%20y", "?%26=%3d&=", "?q=\xC3\xA9", "?q=%c3%a9"};
  for (const std::string_view path : parts) {
    for (const std::string_view query : parts) {
      if (query.starts_with('/')) continue;
      const Url url("http://h" + std::string(path).append(query));
      const Url canonical(canonicalUrl(url));
      CAPTURE(url.href());
      CHECK(canonicalUrl(canonical) == canonical.href());
      CHECK(fingerprint(url) == fingerprint(canonical));
      if (isPlainlyCanonical(url)) CHECK(canonicalUrl(url) == url.withoutFragment());
    }
  }
  CHECK(fingerprint(Url("http://h/?a=x+y")) == fingerprint(Url("http://h/?a=x%20y")));
  CHECK(fingerprint(Url("http://h/~")) == fingerprint(Url("http://h/%7E")));
  CHECK_FALSE(fingerprint(Url("http://h/a/b")) == fingerprint(Url("http://h/a%2Fb")));
  CHECK_FALSE(fingerprint(Url("http://h/?a=1&b=2")) == fingerprint(Url("http://h/?a=1%26b=2")));
}

namespace {

// Of the table only what our API can be given: texts in UTF-8, and queries that are to be in UTF-8.
bool applies(const rapidjson::Value& test) {
  if (test["args"][0].IsArray() || !weft::http::isUtf8(textOf(test["args"][0]))) return false;
  for (rapidjson::SizeType i = 1; i < test["args"].Size(); ++i) {
    const std::string_view encoding = test["args"][i].GetString();
    if (encoding != "utf-8" && encoding != "utf8") return false;
  }
  if (!test.HasMember("kw")) return true;
  for (const auto& option : test["kw"].GetObject()) {
    const std::string_view name = option.name.GetString();
    if (name == "path_encoding") return false;
    if (name == "encoding" && std::string_view(option.value.GetString()) != "utf-8" && std::string_view(option.value.GetString()) != "utf8") return false;
  }
  return true;
}

}  // namespace

TEST_CASE("w3lib's table of URLs") {
  // Where it differs from the WHATWG standard, the standard says what is fetched.
  const std::set<std::string> deviations{
      "w3lib_url-0084",  // a bare % in credentials stays
      "w3lib_url-0106",  // an address of the future, [v6a.ip], is no host
      "w3lib_url-0214", "w3lib_url-0216", "w3lib_url-0218", "w3lib_url-0220", "w3lib_url-0222",  // brackets stay in path, query and fragment
      "w3lib_url-0312",  // %26 in credentials stays
      "w3lib_url-0432",  // a reference that is only a query keeps the path of its page
      "w3lib_url-0436",  // the host of a scheme that is not special keeps its case
      "w3lib_url-0462",  // an empty label is let pass, and the others are encoded
      "w3lib_url-0488",  // blanks inside a data: URL stay
  };
  const Url base("http://base.example/folder/page");
  const auto table = readTable("url/w3lib_url.json");
  int safe = 0, safeRan = 0, canonical = 0, canonicalRan = 0, isUrl = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    const std::string_view function = test["fn"].GetString();
    if (function == "is_url") {
      const auto url = Url::tryParse(textOf(test["args"][0]));
      CHECK((url && (url->isHttp() || url->scheme() == "file")) == test["result"].GetBool());
      ++isUrl;
      continue;
    }
    if ((function != "safe_url_string" && function != "canonicalize_url") || !applies(test)) continue;
    const std::string input = textOf(test["args"][0]);
    const auto ours = Url::tryParse(input, base);
    bool good = !ours;
    if (function == "safe_url_string") {
      ++safeRan;
      // The address that is fetched: theirs and the text's are one.
      if (test.HasMember("result")) {
        const auto theirs = Url::tryParse(textOf(test["result"]), base);
        good = ours && theirs && ours->href() == theirs->href();
      }
    } else {
      ++canonicalRan;
      std::string want = textOf(test["result"]);
      if (ours && !Url::tryParse(input)) want = Url::parse(want, base).href();   // of a relative reference: what it comes to
      std::string got = ours ? canonicalUrl(*ours) : std::string();
      if (ours && test.HasMember("kw") && test["kw"].HasMember("keep_fragments") && ours->hasFragment()) got.append("#").append(ours->fragment());
      good = got == want;
      if (!deviations.contains(id)) CHECK(got == want);
    }
    (function == "safe_url_string" ? safe : canonical) += good;
    if (!deviations.contains(id)) CHECK_MESSAGE(good, input << " is to us " << (ours ? ours->href() : "no URL"));
  }
  MESSAGE("w3lib_url: safe_url_string " << safe << " of " << safeRan << ", canonicalize_url " << canonical << " of " << canonicalRan << ", is_url " << isUrl << ", of "
                                        << table["cases"].Size());
}

TEST_CASE("Scrapy's canonical forms") {
  const std::set<std::string> deviations{"https://www.example.com:443/a"};      // to us a default port is none
  std::ifstream file(std::string(WEFT_TESTS_DIR "/conformance/scrapy/canonicalize.jsonl"));
  int passed = 0, ran = 0;
  for (std::string line; std::getline(file, line);) {
    rapidjson::Document test;
    test.Parse(line.c_str());
    REQUIRE(!test.HasParseError());
    ++ran;
    const std::string input = textOf(test["in"]);
    const std::string want = textOf(test["canonical"]);
    const auto url = Url::tryParse(input);
    const bool good = url && canonicalUrl(*url) == want;
    passed += good;
    if (!deviations.contains(input)) CHECK_MESSAGE(good, input << "\n  " << (url ? canonicalUrl(*url) : "") << "\n  " << want);
  }
  MESSAGE("canonicalize: " << passed << " of " << ran);
}
