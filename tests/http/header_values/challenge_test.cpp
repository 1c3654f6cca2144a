#include <weft/http/header_values/challenge.hpp>

#include <doctest/doctest.h>

using namespace weft::http;
using Parameters = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("several challenges in one field come apart") {  // RFC 9110 section 11.6.1
  const auto all = parseChallenges("Basic realm=\"simple\", Newauth realm=\"apps, all\", type=1, title=\"Login to \\\"apps\\\"\", Negotiate, NTLM TlRMTVNTUAAC==, Digest nonce = x ,realm=y");
  REQUIRE(all.size() == 5);
  CHECK(all[0].scheme == "basic");
  CHECK(all[0].realm() == "simple");
  CHECK(all[1].parameters == Parameters{{"realm", "apps, all"}, {"type", "1"}, {"title", "Login to \"apps\""}});
  CHECK(all[2].scheme == "negotiate");
  CHECK(all[2].parameters.empty());
  CHECK(all[3].token68 == "TlRMTVNTUAAC==");
  CHECK(all[4].parameter("nonce") == "x");
  CHECK(all[4].realm() == "y");
}

TEST_CASE("malformed challenges do no harm") {
  CHECK(parseChallenges("").empty());
  CHECK(parseChallenges(" , ,").empty());
  CHECK(parseChallenges("realm=\"x\"").empty());
  CHECK(parseChallenges("\"a\", {}, Basic realm=x").size() == 1);
  CHECK(parseChallenges("Basic realm=\"open, Digest nonce=x")[0].realm() == "open, Digest nonce=x");
  CHECK(parseChallenges("Basic realm=a, realm=b")[0].realm() == "a");
  CHECK(parseChallenges("Basic =").empty());
}
