#include <weft/http/response.hpp>

#include <weft/http/client/errors.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

using namespace weft::http;
using weft::Deferred;

namespace {

// What a Deferred that has fired already holds.
template <class T> T now(Deferred<T> deferred) {
  std::optional<T> value;
  std::optional<weft::Failure> failure;
  deferred.addCallbacks([&](T result) { value.emplace(std::move(result)); }, [&](weft::Failure reason) { failure.emplace(std::move(reason)); }).detach();
  if (failure) failure->rethrow();
  REQUIRE(value);
  return std::move(*value);
}

}  // namespace

TEST_CASE("text() is UTF-8, by Content-Type, by what the page declares, or by a guess; bytes() is what came") {
  CHECK(now(Response(200, "caf\xE9", "text/html; charset=iso-8859-1").text()) == "caf\xC3\xA9");
  CHECK(now(Response(200, "caf\xE9", "text/html; charset=iso-8859-1").bytes()) == "caf\xE9");
  CHECK(now(Response(200, "<meta charset=koi8-r>\xC1").text()) == "<meta charset=koi8-r>\xD0\xB0");
  CHECK(now(Response(200, "caf\xC3\xA9").text()) == "caf\xC3\xA9");
  const DecodedText decoded = now(Response(200, "\x83\x8B", "text/plain; charset=sjis").decodedText());
  CHECK(decoded.text == "\xE3\x83\xAB");
  CHECK(decoded.encoding == "shift_jis");
  CHECK(decoded.source == EncodingSource::Header);
  CHECK(Response(200, "", "text/html; charset=Latin1").encoding() == "windows-1252");
  CHECK(Response(200, "", "text/html").encoding().empty());
}

TEST_CASE("text() of a UTF-8 body copies nothing") {
  std::string body(10000, 'x');
  body += "\xC3\xA9";
  const void* const at = body.data();
  const std::string text = now(Response(200, std::move(body), "text/html; charset=utf-8").text());
  CHECK(text.data() == at);
}

TEST_CASE("json() gives a value, or an error with line and column") {
  CHECK(now(Response(200, R"({"a": [1, 2]})", "application/json").json())["a"][1].integer() == 2);
  CHECK_THROWS_AS(now(Response(200, "<html>").json()), JsonError);
  CHECK_THROWS_AS(now(Response(200, "[1, 2, 3]").json(JsonOptions().setMaxBytes(5))), BodyTooLarge);
}

TEST_CASE("a response is made in one expression") {
  Response response = Response(404, "gone", "text/plain").setHeader("A", "1").addHeader("A", "2").setStatus(410).setReason("So Gone").setBody("really");
  CHECK(response.status == 410);
  CHECK(response.reason == "So Gone");
  CHECK(response.headers.wire() == "Content-Type: text/plain\r\nA: 1\r\nA: 2\r\n");
  CHECK(response.body.buffered() == "really");
  CHECK(!response.ok());
  CHECK(Response().ok());
}

TEST_CASE("no CR, LF or NUL reaches the wire from a response, whichever setter is asked") {
  for (std::string_view text : {std::string_view("a\r\nX: y"), std::string_view("a\nb"), std::string_view("a\rb"), std::string_view("a\0b", 3)}) {
    Response response(200);
    CHECK_THROWS_AS(response.setHeader("A", text), HeaderError);
    CHECK_THROWS_AS(response.setHeader(text, "b"), HeaderError);
    CHECK_THROWS_AS(response.addHeader("A", text), HeaderError);
    CHECK_THROWS_AS(response.addHeader(text, "b"), HeaderError);
    CHECK_THROWS_AS(response.setReason(text), HeaderError);
    CHECK_THROWS_AS(Response(200, "x", text), HeaderError);
    CHECK(response.headers.empty());
    CHECK(response.reason.empty());
  }
}

TEST_CASE("Content-Length is a number or nothing") {
  const auto length = [](std::string_view text) { return Response(200).setHeader("Content-Length", text).contentLength(); };
  CHECK(length("0") == 0);
  CHECK(length("18446744073709551615") == 18446744073709551615ULL);
  for (const char* bad : {"", "-1", "+1", "1 2", "1,1", "0x1", "18446744073709551616"}) CHECK_MESSAGE(!length(bad), bad);
  CHECK(!Response(200).contentLength());
}
