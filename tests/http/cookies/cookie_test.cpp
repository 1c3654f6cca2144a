#include <weft/http/cookies/cookie.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::http;

TEST_CASE("a Set-Cookie field comes apart into name, value and attributes") {
  const auto cookie = SetCookie::parse(" sid = \"a b\" ; Path=/x; Domain=.Example.COM; Secure; HttpOnly; SameSite=lax; Max-Age=60; Expires=Wed, 01 Jan 2020 00:00:00 GMT; Partitioned; Priority=High");
  REQUIRE(cookie);
  CHECK(cookie->name == "sid");
  CHECK(cookie->value == "\"a b\"");
  CHECK(cookie->path == "/x");
  CHECK(cookie->domain == "example.com");
  CHECK(cookie->secure);
  CHECK(cookie->httpOnly);
  CHECK(cookie->sameSite == SameSite::Lax);
  CHECK(cookie->maxAge == std::chrono::seconds(60));
  CHECK(cookie->expires == Date(std::chrono::seconds(1577836800)));
}

TEST_CASE("the value may hold '=', and a field without '=' is a value without a name") {
  CHECK(SetCookie::parse("a=b=c")->value == "b=c");
  CHECK(SetCookie::parse("a")->name == "");
  CHECK(SetCookie::parse("a")->value == "a");
  CHECK(SetCookie::parse("a=")->name == "a");
  CHECK(SetCookie::parse("a=")->value == "");
  CHECK(SetCookie::parse("=b")->value == "b");
  for (const char* nothing : {"", "=", ";", " ; Secure", " = ;"}) CHECK_MESSAGE(!SetCookie::parse(nothing), nothing);
}

TEST_CASE("a control character anywhere spoils the field, a tab does not") {
  for (std::string_view field : {std::string_view("a=b\0c", 5), std::string_view("a=b\nc"), std::string_view("a\r=b"), std::string_view("a=b; path=/\x01"), std::string_view("a=\x7F")})
    CHECK(!SetCookie::parse(field));
  CHECK(SetCookie::parse("a=b\tc")->value == "b\tc");
}

TEST_CASE("an attribute that makes no sense is ignored, and the last good one counts") {
  const auto age = [](std::string text) { return SetCookie::parse("a=b; max-age=" + text)->maxAge; };
  CHECK(age("1") == std::chrono::seconds(1));
  CHECK(age("0") == std::chrono::seconds(0));
  CHECK(age("-5") == std::chrono::seconds(0));
  CHECK(age("-") == std::chrono::seconds(0));
  for (const char* bad : {"", "+5", "5s", "1.5", "\"5\"", " "}) CHECK_MESSAGE(!age(bad), bad);
  CHECK(age("99999999999999999999999999999999") == std::chrono::seconds(2147483647));
  CHECK(age("-99999999999999999999999999999999") == std::chrono::seconds(0));
  CHECK(SetCookie::parse("a=b; max-age=5; max-age=x")->maxAge == std::chrono::seconds(5));
  CHECK(SetCookie::parse("a=b; samesite=strict; samesite=what")->sameSite == SameSite::Unset);
  CHECK(SetCookie::parse("a=b; path=/x; path=y")->path == "");
  CHECK(!SetCookie::parse("a=b; expires=never")->expires);
  CHECK(SetCookie::parse("a=b; path=/" + std::string(1024, 'x'))->path == "");
  CHECK(SetCookie::parse("a=b; secure=false; HTTPONLY")->secure);
}

TEST_CASE("domains match from their end, at a dot, and addresses only as a whole") {
  CHECK(domainMatches("example.com", "example.com"));
  CHECK(domainMatches("a.example.com", "example.com"));
  CHECK(!domainMatches("aexample.com", "example.com"));
  CHECK(!domainMatches("example.com", "a.example.com"));
  CHECK(!domainMatches("example.com", ""));
  CHECK(!domainMatches("1.2.3.4", "3.4"));
  CHECK(domainMatches("1.2.3.4", "1.2.3.4"));
  CHECK(domainMatches("[::1]", "[::1]"));
}

TEST_CASE("paths match at a slash") {
  CHECK(pathMatches("/a", "/a"));
  CHECK(pathMatches("/a/b", "/a"));
  CHECK(pathMatches("/a/b", "/a/"));
  CHECK(!pathMatches("/ab", "/a"));
  CHECK(!pathMatches("/a", "/a/"));
  CHECK(pathMatches("/", "/"));
  CHECK(defaultCookiePath("/a/b/c") == "/a/b");
  CHECK(defaultCookiePath("/a") == "/");
  CHECK(defaultCookiePath("/") == "/");
  CHECK(defaultCookiePath("") == "/");
  CHECK(defaultCookiePath("x/y") == "/");
}
