#include <weft/http/auth/digest_auth.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::http;

namespace {

DigestAuth answer(std::string_view field, Credentials credentials) {
  const auto challenges = parseChallenges(field);
  REQUIRE(challenges.size() == 1);
  auto digest = DigestAuth::answering(challenges[0], std::move(credentials));
  REQUIRE(digest);
  return *digest;
}

bool answers(std::string_view field) {
  const auto challenges = parseChallenges(field);
  return !challenges.empty() && DigestAuth::answering(challenges[0], Credentials("http://a", "u", "p"));
}

const Credentials kMufasa("http://www.example.org", "Mufasa", "Circle of Life");

}  // namespace

TEST_CASE("Digest with SHA-256 is RFC 7616's example") {  // section 3.9.1
  auto digest = answer(R"(Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")", kMufasa);
  digest.setClientNonce("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
  CHECK(digest.authorization("GET", "/dir/index.html") ==
        R"(Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")");
  CHECK(digest.isStrong());
}

TEST_CASE("Digest with MD5 is RFC 7616's example, and that of RFC 2617") {
  auto digest = answer(R"(Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="x")", kMufasa);
  digest.setClientNonce("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
  CHECK(digest.authorization("GET", "/dir/index.html").find("response=\"8ca523f5e9506fed4657c9700eebdbec\"") != std::string::npos);
  auto old = answer(R"(Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41")",
                    Credentials("http://www.nowhere.org", "Mufasa", "Circle Of Life"));
  old.setClientNonce("0a4f113b");
  const std::string value = old.authorization("GET", "/dir/index.html");
  CHECK(value.find("response=\"6629fae49393a05397450978507c4ef1\"") != std::string::npos);
  CHECK(value.find("algorithm") == std::string::npos);   // as the server did not name it
  CHECK(!old.isStrong());
}

TEST_CASE("a hashed user name does not show the name") {  // the hash of RFC 7616 section 3.9.2, with SHA-256 in place of SHA-512-256
  auto digest = answer(R"(Digest realm="api@example.org", qop="auth", algorithm=SHA-256, nonce="n", userhash=true)", Credentials("http://a", "J\u00E4s\u00F8n Doe", "Secret, or not?"));
  const std::string value = digest.authorization("GET", "/");
  CHECK(value.find("Doe") == std::string::npos);
  CHECK(value.find("userhash=true") != std::string::npos);
  auto plain = answer(R"(Digest realm="api@example.org", qop="auth", algorithm=SHA-256, nonce="n")", Credentials("http://a", "J\u00E4s\u00F8n Doe", "Secret, or not?"));
  CHECK(plain.authorization("GET", "/").find("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ") != std::string::npos);
}

TEST_CASE("each answer counts the nonce up, and a session keeps its key") {
  for (const char* algorithm : {"MD5", "SHA-256", "MD5-sess", "SHA-256-sess"}) {
    auto digest = answer("Digest realm=r, nonce=n, qop=auth, algorithm=" + std::string(algorithm), kMufasa);
    digest.setClientNonce("c");
    const std::string first = digest.authorization("GET", "/"), second = digest.authorization("GET", "/");
    CHECK(first.find("nc=00000001") != std::string::npos);
    CHECK(second.find("nc=00000002") != std::string::npos);
    CHECK(first.substr(first.find("response")) != second.substr(second.find("response")));
    CHECK(digest.nonceCount() == 2);
  }
  // H(H(user:realm:password):nonce:cnonce) is the key; computed with another program.
  auto session = answer("Digest realm=r, nonce=n, qop=auth, algorithm=MD5-sess", Credentials("http://a", "u", "p"));
  session.setClientNonce("c");
  CHECK(session.authorization("GET", "/").find("response=\"6e4aac8b22e97762f88ccd0d5ccf5b1d\"") != std::string::npos);
  auto without = answer("Digest realm=r, nonce=n", Credentials("http://a", "u", "p"));
  const std::string value = without.authorization("GET", "/");
  CHECK(value.find("response=\"f23121ca97143c6b358da620220c83b4\"") != std::string::npos);
  CHECK(value.find("qop") == std::string::npos);
  CHECK(value.find("cnonce") == std::string::npos);
}

TEST_CASE("random client nonces differ") {
  auto a = answer("Digest realm=r, nonce=n, qop=auth", kMufasa), b = answer("Digest realm=r, nonce=n, qop=auth", kMufasa);
  CHECK(a.authorization("GET", "/") != b.authorization("GET", "/"));
}

TEST_CASE("challenges that cannot be answered are not") {
  CHECK(answers("Digest realm=r, nonce=n"));
  CHECK(answers("digest realm=r, nonce=n, algorithm=md5-SESS, qop=\" AUTH \""));
  for (const char* bad : {"Basic realm=r", "Digest realm=r", "Digest realm=r, nonce=n, algorithm=SHA-512-256", "Digest realm=r, nonce=n, qop=auth-int", "Digest realm=r, nonce=n, algorithm=-sess"})
    CHECK_MESSAGE(!answers(bad), bad);
}

TEST_CASE("what a server sends cannot break out of its quotes or its line") {
  Challenge challenge;
  challenge.scheme = "digest";
  challenge.parameters = {{"realm", "a\"\r\nX: y\\"}, {"nonce", std::string("n\0", 2)}};
  auto digest = DigestAuth::answering(challenge, kMufasa);
  REQUIRE(digest);
  const std::string value = digest->authorization("GET", "/\"x");
  CHECK(value.find("realm=\"a\\\"X: y\\\\\", uri=\"/\\\"x\"") != std::string::npos);
  CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
}
