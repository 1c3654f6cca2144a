#include <weft/http/websocket/internal/extension.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace weft::http;
using weft::http::detail::acceptCompression;
using weft::http::detail::agreedCompression;
using weft::http::detail::offerCompression;

namespace {

Headers extensions(std::string_view text) { return Headers().set("Sec-WebSocket-Extensions", text); }

/// The field of the answer; "(malformed)" where there is none to give.
std::string answerTo(std::string_view offer, const WebSocketCompression& options = WebSocketCompression().setKeepContext(true)) {
  const auto accepted = acceptCompression(extensions(offer), options);
  return accepted ? accepted->field : "(malformed)";
}

bool agrees(std::string_view answer, const WebSocketCompression& options = WebSocketCompression().setKeepContext(true)) {
  const auto agreed = agreedCompression(extensions(answer), options);
  return agreed && agreed->agreed;
}

}  // namespace

TEST_CASE("a server accepts what it can of an offer, and the first offer that it can take") {
  CHECK(answerTo("permessage-deflate") == "permessage-deflate");
  CHECK(answerTo("permessage-deflate; client_max_window_bits") == "permessage-deflate");
  CHECK(answerTo("permessage-deflate; server_no_context_takeover") == "permessage-deflate; server_no_context_takeover");
  CHECK(answerTo("permessage-deflate; client_no_context_takeover") == "permessage-deflate; client_no_context_takeover");
  CHECK(answerTo("permessage-deflate; server_max_window_bits=10") == "permessage-deflate; server_max_window_bits=10");
  CHECK(answerTo("permessage-deflate; server_max_window_bits=\"10\"; client_max_window_bits=12") == "permessage-deflate; server_max_window_bits=10; client_max_window_bits=12");
  CHECK(answerTo("permessage-deflate ;client_max_window_bits = 9") == "permessage-deflate; client_max_window_bits=9");
  CHECK(answerTo("x-webkit-deflate-frame, permessage-deflate") == "permessage-deflate");
  CHECK(answerTo("permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10, permessage-deflate") == "permessage-deflate; server_max_window_bits=10");
  CHECK(acceptCompression(Headers(), WebSocketCompression())->field.empty());
}

TEST_CASE("a server that keeps no context says so for both sides, and its own window") {
  CHECK(answerTo("permessage-deflate", WebSocketCompression()) == "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  const auto accepted = acceptCompression(extensions("permessage-deflate; server_max_window_bits=12; client_max_window_bits=11"), WebSocketCompression().setWindowBits(10));
  CHECK(accepted->field == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11");
  CHECK(accepted->compression.agreed);
  CHECK(accepted->compression.sendBits == 10);
  CHECK(accepted->compression.receiveBits == 11);
  CHECK(!accepted->compression.sendKeepsContext);
  CHECK(!accepted->compression.receiveKeepsContext);
}

TEST_CASE("offers with wrong, unknown or repeated parameters are declined") {
  for (const char* offer : {"permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
                            "permessage-deflate; server_max_window_bits=09", "permessage-deflate; server_max_window_bits=1x", "permessage-deflate; client_max_window_bits=7",
                            "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
                            "permessage-deflate; client_max_window_bits; client_max_window_bits", "permessage-deflate; what", "permessage-snappy"}) {
    CAPTURE(offer);
    CHECK(answerTo(offer).empty());
  }
  CHECK(answerTo("permessage-deflate", WebSocketCompression().setEnabled(false)).empty());
}

TEST_CASE("a field that is no list of extensions is malformed") {
  for (const char* field : {"permessage-deflate;", "permessage-deflate; =1", "; a", "a b", "permessage-deflate; server_max_window_bits=", "a; b=\"c", "a; b=\"c d\"", "@"}) {
    CAPTURE(field);
    CHECK(answerTo(field) == "(malformed)");
  }
}

TEST_CASE("a client offers, and takes what it has offered") {
  CHECK(offerCompression(WebSocketCompression()) == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits");
  CHECK(offerCompression(WebSocketCompression().setKeepContext(true).setWindowBits(11)) == "permessage-deflate; client_max_window_bits=11");
  CHECK(offerCompression(WebSocketCompression().setEnabled(false)).empty());

  const auto agreed = agreedCompression(extensions("permessage-deflate; server_max_window_bits=10; client_max_window_bits=9; server_no_context_takeover"),
                                        WebSocketCompression().setKeepContext(true));
  REQUIRE(agreed);
  CHECK(agreed->sendBits == 9);
  CHECK(agreed->receiveBits == 10);
  CHECK(agreed->sendKeepsContext);
  CHECK(!agreed->receiveKeepsContext);
  CHECK(!agreedCompression(Headers(), WebSocketCompression())->agreed);
  CHECK(agrees("permessage-deflate"));
  CHECK(agrees("permessage-deflate; server_no_context_takeover; client_no_context_takeover", WebSocketCompression()));
}

TEST_CASE("a client refuses what it has not offered") {
  CHECK(!agrees("permessage-deflate", WebSocketCompression()));             // the server would keep its context
  for (const char* answer : {"permessage-snappy", "permessage-deflate, permessage-deflate", "permessage-deflate; client_max_window_bits", "permessage-deflate; what=1",
                             "permessage-deflate; server_max_window_bits=16", "permessage-deflate, other", "permessage-deflate;"}) {
    CAPTURE(answer);
    CHECK(!agreedCompression(extensions(answer), WebSocketCompression().setKeepContext(true)));
  }
  CHECK(!agreedCompression(extensions("permessage-deflate; server_no_context_takeover"), WebSocketCompression().setEnabled(false)));
}

TEST_CASE("settings that zlib cannot have are refused where they are made") {
  CHECK_THROWS_AS(WebSocketCompression().setWindowBits(8), std::invalid_argument);
  CHECK_THROWS_AS(WebSocketCompression().setWindowBits(16), std::invalid_argument);
  CHECK_THROWS_AS(WebSocketCompression().setLevel(0), std::invalid_argument);
  CHECK_THROWS_AS(WebSocketCompression().setLevel(10), std::invalid_argument);
}
