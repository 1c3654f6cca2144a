#include <weft/http/request.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace weft::http;

namespace {
const std::string_view kBreaks[] = {std::string_view("a\r\nX: y"), std::string_view("a\nb"), std::string_view("a\rb"), std::string_view("a\0b", 3)};
}

TEST_CASE("a request is made in one expression") {
  const Request request = Request("POST", "https://example.com/api").setHeader("Accept", "*/*").addHeader("X-A", "1").addHeader("X-A", "2").setBody("{}", "application/json").setTimeout(5).setMaxBody(100);
  CHECK(request.method() == "POST");
  CHECK(request.url.href() == "https://example.com/api");
  CHECK(request.headers.wire() == "Accept: */*\r\nX-A: 1\r\nX-A: 2\r\nContent-Type: application/json\r\n");
  CHECK(request.body == "{}");
  CHECK(request.timeout == weft::Delay(5));
  CHECK(request.maxBody == 100);
  CHECK(Request().method() == "GET");
  CHECK_THROWS_AS(Request("GET", "nowhere"), UrlError);
}

TEST_CASE("a form becomes the body, with its type") {
  Request request("POST", "http://a/");
  request.setForm(Form{{"a", "1 2"}, {"b", "\r\n"}});
  CHECK(request.body == "a=1+2&b=%0D%0A");
  CHECK(request.headers.get("Content-Type") == "application/x-www-form-urlencoded");
  Multipart files("xx");
  files.add("a", "1");
  request.setMultipart(files);
  CHECK(request.headers.getAll("Content-Type") == std::vector<std::string_view>{"multipart/form-data; boundary=xx"});
  CHECK(request.body == files.toString());
}

TEST_CASE("no CR, LF or NUL reaches the wire from a request, whichever setter is asked") {  // Twisted CVE-2019-12387, curl CVE-2022-35252
  for (std::string_view text : kBreaks) {
    Request request("POST", "http://a/");
    request.setHeader("A", "b").setBody("body");
    CHECK_THROWS_AS(request.setMethod(text), HeaderError);
    CHECK_THROWS_AS(request.setHeader("A", text), HeaderError);
    CHECK_THROWS_AS(request.setHeader(text, "b"), HeaderError);
    CHECK_THROWS_AS(request.addHeader("A", text), HeaderError);
    CHECK_THROWS_AS(request.addHeader(text, "b"), HeaderError);
    CHECK_THROWS_AS(request.setBody("x", text), HeaderError);
    CHECK_THROWS_AS(request.headers.setDefault("B", text), HeaderError);
    CHECK_THROWS_AS(Request(text, Url("http://a/")), HeaderError);
    CHECK_THROWS_AS((Headers{{"A", text}}), HeaderError);
    CHECK(request.method() == "POST");
    CHECK(request.headers.wire() == "A: b\r\n");
    CHECK(request.body == "body");                       // refused before anything changed
    // A URL takes them and keeps none.
    request.url = Url("http://a/" + std::string(text) + "?" + std::string(text));
    request.url.setPathname(text), request.url.setSearch(text), request.url.setHash(text), request.url.setHost(text), request.url.setUsername(text);
    CHECK(request.url.href().find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

TEST_CASE("what may be repeated is known") {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) CHECK(isIdempotent(method));
  for (const char* method : {"POST", "PATCH", "CONNECT", "get", ""}) CHECK(!isIdempotent(method));
}
