#include <weft/http/headers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace weft::http;

TEST_CASE("fields keep order, case and repetitions, and are found in any case") {
  Headers headers;
  headers.add("Content-Type", "text/html").add("Set-Cookie", "a=1").add("SET-COOKIE", "b=2");
  CHECK(headers.size() == 3);
  CHECK(headers.get("content-type") == "text/html");
  CHECK(headers.get("set-cookie") == "a=1");
  CHECK(headers.getAll("Set-cookie") == std::vector<std::string_view>{"a=1", "b=2"});
  CHECK(headers.getCombined("set-cookie") == "a=1, b=2");
  CHECK(!headers.get("x"));
  CHECK(headers.get("x", "y") == "y");
  CHECK(headers.wire() == "Content-Type: text/html\r\nSet-Cookie: a=1\r\nSET-COOKIE: b=2\r\n");
  std::string names;
  for (auto [name, value] : headers) names.append(name).append(";");
  CHECK(names == "Content-Type;Set-Cookie;SET-COOKIE;");
}

TEST_CASE("set() leaves one field of the name, where the first one was") {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}};
  headers.set("A", "a longer value than before");
  CHECK(headers.wire() == "A: a longer value than before\r\nB: 2\r\nC: 4\r\n");
  headers.set("a", "");
  CHECK(headers.wire() == "A: \r\nB: 2\r\nC: 4\r\n");
  CHECK(headers.get("C") == "4");
  headers.set("D", "5").setDefault("d", "6").setDefault("E", "7");
  CHECK(headers.wire() == "A: \r\nB: 2\r\nC: 4\r\nD: 5\r\nE: 7\r\n");
}

TEST_CASE("remove() takes every field of the name") {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  CHECK(headers.remove("a") == 2);
  CHECK(headers.remove("a") == 0);
  CHECK(headers.wire() == "B: 2\r\n");
  headers.clear();
  CHECK(headers.empty());
  CHECK(headers.wire().empty());
}

TEST_CASE("a value is stored without the spaces around it") {
  CHECK(Headers().add("A", " \t x y\t ").get("a") == "x y");
  CHECK(Headers().add("A", "   ").get("a") == "");
}

TEST_CASE("line breaks, NUL and other controls are refused, and the error names the field") {
  Headers headers;
  for (std::string_view value : {std::string_view("a\r\nB: c"), std::string_view("a\nb"), std::string_view("a\0b", 3),
                                 std::string_view("\x7F")}) {
    CHECK_THROWS_AS(headers.add("X-A", value), HeaderError);
    CHECK_THROWS_AS(headers.set("X-A", value), HeaderError);
  }
  for (std::string_view name : {std::string_view(""), std::string_view("a b"), std::string_view("a:"),
                                std::string_view("a\r\n"), std::string_view("é")})
    CHECK_THROWS_AS(headers.add(name, "x"), HeaderError);
  CHECK(headers.empty());
  try {
    headers.add("X-A", "1\n2");
  } catch (const HeaderError& error) {
    CHECK(error.name == "X-A");
    CHECK(std::string(error.what()) == "setting the header field \"X-A\": its value contains a line break");
  }
  CHECK_NOTHROW(headers.add("X-A", "tab\tand \xE9\x80 are fine"));
}

TEST_CASE("a comma-separated list is searched by token") {
  Headers headers{{"Connection", "keep-alive, Upgrade"}, {"connection", "x ,CLOSE"}};
  CHECK(headers.hasToken("connection", "close"));
  CHECK(headers.hasToken("Connection", "upgrade"));
  CHECK(!headers.hasToken("Connection", "clos"));
  CHECK(!headers.hasToken("Other", "close"));
}

TEST_CASE("copies share nothing, and a moved-from object is empty") {
  Headers a{{"A", "1"}};
  Headers b = a;
  b.set("A", "2").add("B", "3");
  CHECK(a.wire() == "A: 1\r\n");
  Headers c = std::move(b);
  CHECK(c.wire() == "A: 2\r\nB: 3\r\n");
  CHECK(b.empty());          // NOLINT(bugprone-use-after-move): that is the promise
  a = c;
  const Headers& self = a;
  a = self;
  CHECK(a.wire() == c.wire());
}

TEST_CASE("its own text may be added and set") {
  Headers headers{{"A", "some value that is long enough to make the block grow soon"}};
  for (int i = 0; i < 50; ++i) headers.add(headers[0].name, headers[0].value);
  CHECK(headers.size() == 51);
  CHECK(headers[50].value == headers[0].value);
  headers.set("B", headers[3].value);
  headers.set("B", headers[3].name);
  CHECK(headers.get("b") == "A");
}

TEST_CASE("random changes agree with a list of pairs") {
  std::uint64_t seed = 7;
  const auto next = [&seed](std::uint64_t n) {
    return seed = seed * 6364136223846793005ULL + 1442695040888963407ULL, (seed >> 33) % n;
  };
  const char* names[] = {"A", "a", "Bb", "bB", "Content-Length", "content-length", "X"};
  Headers headers;
  std::vector<std::pair<std::string, std::string>> model;
  for (int round = 0; round < 20000; ++round) {
    const std::string name = names[next(7)];
    const std::string value(next(30), static_cast<char>('a' + next(26)));
    const auto same = [&](const auto& field) { return equalIgnoringCase(field.first, name); };
    switch (model.size() > 40 ? 2 : next(3)) {
      case 0:
        headers.add(name, value);
        model.emplace_back(name, value);
        break;
      case 1: {
        headers.set(name, value);
        auto first = std::find_if(model.begin(), model.end(), same);
        if (first == model.end()) {
          model.emplace_back(name, value);
        } else {
          first->second = value;
          model.erase(std::remove_if(first + 1, model.end(), same), model.end());
        }
        break;
      }
      default: headers.remove(name); std::erase_if(model, same);
    }
    REQUIRE(headers.size() == model.size());
    std::string wire;
    for (std::size_t i = 0; i < model.size(); ++i) {
      REQUIRE(headers[i].name == model[i].first);
      REQUIRE(headers[i].value == model[i].second);
      wire += model[i].first + ": " + model[i].second + "\r\n";
    }
    REQUIRE(headers.wire() == wire);
  }
}
