#include <weft/http/auth/authenticator.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::http;

namespace {
const Url kPage("https://example.com/x");
const Credentials kMe("https://example.com", "me", "secret");
}  // namespace

TEST_CASE("the strongest scheme that both sides know is taken") {
  Authenticator auth;
  auth.add(kMe);
  CHECK(!auth.authorization(kPage, "GET", "/x"));        // nobody asked yet
  CHECK(auth.challenged(kPage, parseChallenges("Basic realm=a, Digest realm=a, nonce=n, qop=auth, Digest realm=a, nonce=m, qop=auth, algorithm=SHA-256, Negotiate"), false));
  CHECK(auth.authorization(kPage, "GET", "/x")->find("algorithm=SHA-256, nonce=\"m\", nc=00000001") != std::string::npos);
  CHECK(auth.authorization(kPage, "GET", "/x")->find("nc=00000002") != std::string::npos);
  CHECK(auth.challenged(kPage, parseChallenges("Negotiate, Basic realm=a"), false));
  CHECK(auth.authorization(kPage, "GET", "/x") == "Basic bWU6c2VjcmV0");
  CHECK(!auth.challenged(kPage, parseChallenges("Negotiate"), false));
}

TEST_CASE("credentials are for their own origin alone") {
  Authenticator auth;
  auth.add(kMe);
  for (const char* other : {"http://example.com/x", "https://example.com:8443/x", "https://www.example.com/", "https://example.org/"}) {
    CHECK(!auth.has(Url(other)));
    CHECK(!auth.challenged(Url(other), parseChallenges("Basic realm=a"), false));
    CHECK(!auth.authorization(Url(other), "GET", "/"));
  }
  CHECK(auth.has(kPage));
}

TEST_CASE("refused credentials are not sent again, but an old nonce is renewed") {
  Authenticator auth;
  auth.add(kMe);
  CHECK(auth.challenged(kPage, parseChallenges("Digest realm=a, nonce=n1, qop=auth"), false));
  CHECK(!auth.challenged(kPage, parseChallenges("Digest realm=a, nonce=n2, qop=auth"), true));
  CHECK(auth.challenged(kPage, parseChallenges("Digest realm=a, nonce=n3, qop=auth, stale=TRUE"), true));
  CHECK(auth.authorization(kPage, "GET", "/")->find("nonce=\"n3\", nc=00000001") != std::string::npos);
  Authenticator basic;
  basic.add(kMe);
  CHECK(basic.challenged(kPage, parseChallenges("Basic realm=a"), false));
  CHECK(!basic.challenged(kPage, parseChallenges("Basic realm=a"), true));
  basic.add(Credentials("https://example.com", "a:b", "c"));
  CHECK(!basic.challenged(kPage, parseChallenges("Basic realm=a"), false));   // Basic cannot carry this name
}

TEST_CASE("credentials for a realm go before those for all of the origin, and another realm is worth another try") {
  Authenticator auth;
  auth.add(kMe).add(Credentials("https://example.com", "you", "secret").setRealm("b"));
  CHECK(auth.size() == 1);
  CHECK(auth.find(kPage)->username() == "me");
  CHECK(auth.find(kPage, "b")->username() == "you");
  CHECK(!auth.find(Url("https://example.org/")));
  CHECK(auth.challenged(kPage, parseChallenges("Basic realm=a"), false));
  CHECK(auth.authorization(kPage, "GET", "/x") == "Basic bWU6c2VjcmV0");
  CHECK(auth.challenged(kPage, parseChallenges("Basic realm=b"), true));
  CHECK(auth.authorization(kPage, "GET", "/x") == "Basic eW91OnNlY3JldA==");
  CHECK(!auth.challenged(kPage, parseChallenges("Basic realm=b"), true));
  auth.remove(kPage);
  CHECK(!auth.has(kPage));
}

TEST_CASE("Basic at once is an answer before the question; a digest is still worth a try, the same Basic is not") {
  Authenticator auth;
  auth.add(Credentials("https://example.com", "me", "secret").setBasicAtOnce());
  CHECK(auth.authorization(kPage, "GET", "/x") == "Basic bWU6c2VjcmV0");
  CHECK(!auth.challenged(kPage, parseChallenges("Basic realm=a"), true));
  CHECK(auth.challenged(kPage, parseChallenges("Digest realm=a, nonce=n, qop=auth"), true));
  CHECK(auth.authorization(kPage, "GET", "/x")->starts_with("Digest "));
  auth.add(kMe);                                         // others: what was learned with the first holds no more
  CHECK(!auth.authorization(kPage, "GET", "/x"));
  CHECK_THROWS_AS(auth.add(Credentials("https://example.com", "a:b", "c").setBasicAtOnce()), AuthError);
}
