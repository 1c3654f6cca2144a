#include <weft/http/base64.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::http;

TEST_CASE("base64 is written and read as RFC 4648's examples") {
  const char* pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : pairs) {
    CHECK(base64Encode(plain) == encoded);
    CHECK(base64Decode(encoded) == plain);
  }
  CHECK(base64Decode("Zg") == "f");
  for (const char* bad : {"Z", "Zg=", "Z===", "Zm9v=", "Zm 9", "Zm9-", "====", "Zg==Zg=="}) CHECK_MESSAGE(!base64Decode(bad), bad);
}

TEST_CASE("every byte survives base64") {
  std::string all;
  for (int c = 0; c < 256; ++c) {
    all.push_back(static_cast<char>(c));
    CHECK(base64Decode(base64Encode(all)) == all);
  }
}
