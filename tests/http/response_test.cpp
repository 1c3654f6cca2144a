#include <weft/http/response.hpp>

#include <weft/http/client/errors.hpp>

#include <doctest/doctest.h>

#include <string>

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
