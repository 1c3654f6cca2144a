#include <weft/net/error.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <exception>
#include <string>

using namespace weft::net;

TEST_CASE("errors say what was being done, to what, and what came back") {
  const auto text = [](const std::exception& error) { return std::string(error.what()); };
  CHECK(text(ConnectionRefused("::1", 9, "connection refused", ECONNREFUSED)) == "connecting to [::1]:9: connection refused");
  CHECK(text(ConnectTimeout("example.com", 80, 30)) == "connecting to example.com:80: no connection after 30 seconds");
  CHECK(text(ConnectTimeout("example.com", 80, 1)) == "connecting to example.com:80: no connection after 1 second");
  CHECK(text(ConnectTimeout("example.com", 80, 2.5)) == "connecting to example.com:80: no connection after 2.5 seconds");
  CHECK(text(CannotListenError("", 80, "permission denied")) == "listening on *:80: permission denied");
  CHECK(text(ConnectionDone()) == "the connection was closed cleanly");
  CHECK(text(ConnectionLost("connection reset by peer")) == "the connection was lost: connection reset by peer");
  CHECK(text(LimitExceeded(10)) == "no delimiter within 10 bytes");
}

TEST_CASE("errors can be told by kind") {
  const auto isConnectError = [](const weft::Error& error) { return dynamic_cast<const ConnectError*>(&error) != nullptr; };
  CHECK(isConnectError(ConnectTimeout("h", 1, 1)));
  CHECK(isConnectError(DNSLookupError("h", 1, "no such name")));
  CHECK(!isConnectError(CannotListenError("h", 1, "taken")));
  const WriteBufferFull full(1);
  CHECK(dynamic_cast<const ConnectionClosed*>(static_cast<const Error*>(&full)) != nullptr);
}

TEST_CASE("the system's words start in lower case, unless they are names") {
  CHECK(detail::systemErrorText(ECONNRESET) == "connection reset by peer");
  CHECK(detail::systemErrorText(EIO).find("/output error") != std::string::npos);
}
