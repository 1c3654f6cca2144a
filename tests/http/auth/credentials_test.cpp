#include <weft/http/auth/credentials.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::http;

TEST_CASE("Basic credentials are RFC 7617's examples") {
  CHECK(basicAuthorization(Credentials("http://a", "Aladdin", "open sesame")) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(basicAuthorization(Credentials("http://a", "test", "123\u00A3")) == "Basic dGVzdDoxMjPCow==");
  CHECK(basicAuthorization(Credentials("http://a", "", "")) == "Basic Og==");
  CHECK(basicAuthorization(Credentials("http://a", "u", "p:q")) == "Basic dTpwOnE=");
}

TEST_CASE("credentials belong to one origin: scheme, host and port") {
  const Credentials me("https://example.com:443/path", "me", "secret");
  CHECK(me.origin() == "https://example.com");
  CHECK(me.areFor(Url("https://EXAMPLE.com/x")));
  CHECK(!me.areFor(Url("http://example.com/")));
  CHECK(!me.areFor(Url("https://example.com:444/")));
  CHECK(!me.areFor(Url("https://www.example.com/")));
  CHECK(!me.areFor(Url("file:///")));
}

TEST_CASE("credentials that cannot be sent are refused, and no message holds the password") {
  CHECK_THROWS_AS(Credentials("file:///x", "a", "b"), AuthError);
  CHECK_THROWS_AS(Credentials("nowhere", "a", "b"), UrlError);
  CHECK_THROWS_AS(Credentials("http://a", "a\r\n", "b"), AuthError);
  CHECK_THROWS_AS(basicAuthorization(Credentials("http://a", "a:b", "c")), AuthError);
  try {
    Credentials("http://a", "me", "hunter2\n");
    FAIL("accepted");
  } catch (const AuthError& error) {
    CHECK(std::string(error.what()) == "credentials for http://a: the password contains a control character");
  }
}
