// Paths: the parser copies the segments that stand as they are together, and does nothing but once.
#include <weft/http/url.hpp>

#include <doctest/doctest.h>

#include "support/allocations.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

using namespace weft::http;

namespace {

// Calls `use` with every path of up to four of these segments, with '/' and with '\\' between them.
template <class F> void eachPath(F use) {
  static constexpr std::array<std::string_view, 13> kSegments{"a", "", ".", "..", "%2e", ".%2E", "%2e%2e", "...", "b c", "%41", "C|", "\xC3\xA9", "a long segment, of more than sixteen bytes"};
  for (std::size_t count = 1, total = kSegments.size(); count <= 4; ++count, total *= kSegments.size()) {
    for (std::size_t n = 0; n < total; n += count == 4 ? 7 : 1) {
      for (const char separator : {'/', '\\'}) {
        std::string path;
        for (std::size_t i = 0, rest = n; i < count; ++i, rest /= kSegments.size()) path.append(i > 0, i == 2 ? '/' : separator).append(kSegments[rest % kSegments.size()]);
        use(path);
      }
    }
  }
}

}  // namespace

TEST_CASE("a path is the same parsed in one go and set by the setter, which takes it segment by segment") {
  std::uint64_t wrong = 0;
  for (const std::string scheme : {"http", "file", "foo"}) {
    const Url base(scheme + "://h/");
    eachPath([&](const std::string& path) {
      Url set = base;
      set.setPathname("/" + path);
      const Url parsed(scheme + "://h/" + path);
      if (parsed.href() != set.href()) CHECK_MESSAGE(++wrong == 0, scheme << " " << path << " " << parsed.href() << " " << set.href());
    });
  }
  CHECK(wrong == 0);
}

TEST_CASE("a relative path is what stands in place of the base's last segment") {
  std::uint64_t wrong = 0;
  for (const std::string folder : {"http://h/d/", "http://h/", "foo://h/d/x/"}) {
    for (const std::string last : {"", "index.html?q#f"}) {
      const Url base(folder + last);
      eachPath([&](const std::string& path) {
        if (path.empty() || path[0] == '/' || path[0] == '\\') return;
        Url resolved;
        const bool good = resolved.assign(path, &base);
        if (!good || resolved.href() != Url(folder + path).href()) CHECK_MESSAGE(++wrong == 0, folder << last << " " << path << " " << resolved.href());
      });
    }
  }
  CHECK(wrong == 0);
  CHECK(Url::parse("a/../../b", Url("foo://h")).href() == "foo://h/b");
  CHECK(Url::parse("b", Url("foo:/.//p/a")).href() == "foo:/.//p/b");
}

TEST_CASE("a link costs one allocation, and none in a Url that is used again") {
  const Url base("https://docs.example.org/library/index.html");
  const std::string_view links[] = {"https://www.example.org/a/b/c.html?q=1&r=2#fragment", "../tutorial/classes.html#inheritance", "/a/b/c/", "?a=b", "#top", "//example.com/x", "a%20b/\xC3\xA9"};
  Url again("https://docs.example.org/" + std::string(200, 'x'));
  for (const std::string_view link : links) {
    CAPTURE(link);
    std::uint64_t before = weft::test::allocations();
    {
      Url url;
      REQUIRE(url.assign(link, &base));
      const std::uint64_t now = weft::test::allocations();
      CHECK(now - before <= 1);
    }
    before = weft::test::allocations();
    const bool good = again.assign(link, &base);
    CHECK(weft::test::allocations() == before);
    CHECK(good);
  }
}
