#include <weft/http/public_suffix.hpp>

#include <doctest/doctest.h>

#include "table.hpp"

#include <weft/http/url.hpp>

#include <string>

using namespace weft::http;

TEST_CASE("the registrable domain is the public suffix and one label more") {
  CHECK(registrableDomain("www.example.com") == "example.com");
  CHECK(registrableDomain("example.com") == "example.com");
  CHECK(registrableDomain("com") == "");
  CHECK(registrableDomain("a.b.example.co.uk") == "example.co.uk");
  CHECK(registrableDomain("me.github.io") == "me.github.io");        // a private suffix
  CHECK(registrableDomain("a.b.unknown-tld") == "b.unknown-tld");
  CHECK(registrableDomain("localhost") == "");
  CHECK(registrableDomain("www.example.com.") == "example.com.");
}

TEST_CASE("mixed case does not hide a public suffix") {
  CHECK(isPublicSuffix("Co.Uk"));
  CHECK(isPublicSuffix("COM"));
  CHECK(isPublicSuffix("GitHub.IO"));
  CHECK(registrableDomain("WWW.Example.COM") == "Example.COM");
}

TEST_CASE("addresses, empty labels, NUL and long names have no registrable domain") {
  for (std::string_view host : {std::string_view("127.0.0.1"), std::string_view("[::1]"), std::string_view(""), std::string_view("."), std::string_view(".com"), std::string_view("..com"),
                                std::string_view("a.com\0.x", 8)}) {
    CHECK(registrableDomain(host) == "");
    CHECK(registrableDomain(host) == "");              // the second answer comes from the cache
  }
  CHECK(!isPublicSuffix("127.0.0.1"));
  CHECK(!isPublicSuffix(""));
  CHECK(!isPublicSuffix("example.com"));
  CHECK(registrableDomain(std::string(300, 'a') + ".com") == "");
  CHECK(registrableDomain(std::string(100, 'a') + ".com") == std::string(100, 'a') + ".com");
}

TEST_CASE("the public suffix list's own table") {
  const auto table = weft::test::readTable("cookies/psl.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    std::string host = weft::test::textOf(test["host"]);
    std::string expected = test["registrable_domain"].IsNull() ? "" : weft::test::textOf(test["registrable_domain"]);
    // International names are compared as they are in URLs.
    if (const auto url = Url::tryParse("http://" + host)) host = url->host();
    if (const auto url = Url::tryParse("http://" + expected)) expected = url->host();
    const bool good = registrableDomain(host) == expected;
    CHECK_MESSAGE(good, test["id"].GetString() << ": " << host);
    passed += good;
  }
  MESSAGE("psl: " << passed << " of " << table["cases"].Size());
}
