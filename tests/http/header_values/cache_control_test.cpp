#include <weft/http/header_values/cache_control.hpp>

#include <doctest/doctest.h>

using namespace weft::http;
using std::chrono::seconds;

TEST_CASE("directives are read in any case and any order") {
  const auto control = CacheControl::parse("Max-Age=60, s-maxage=\"70\", no-store, MUST-REVALIDATE ,, public, immutable, stale-while-revalidate=5, stale-if-error=6, community=\"UCI\", x");
  CHECK(control.maxAge == seconds(60));
  CHECK(control.sMaxAge == seconds(70));
  CHECK(control.noStore);
  CHECK(control.mustRevalidate);
  CHECK(control.isPublic);
  CHECK(control.immutable);
  CHECK(!control.noCache);
  CHECK(control.staleWhileRevalidate == seconds(5));
  CHECK(control.staleIfError == seconds(6));
  CHECK(control.extensions == std::vector<std::pair<std::string, std::string>>{{"community", "UCI"}, {"x", ""}});
}

TEST_CASE("no-cache and private may name fields") {
  const auto control = CacheControl::parse("no-cache=\"Set-Cookie, X-A\", private");
  CHECK(control.noCache);
  CHECK(control.noCacheFields == std::vector<std::string>{"set-cookie", "x-a"});
  CHECK(control.isPrivate);
  CHECK(control.privateFields.empty());
}

TEST_CASE("ages are never trusted too much") {
  CHECK(CacheControl::parse("max-age=99999999999999999999").maxAge == seconds(2147483648));
  CHECK(CacheControl::parse("max-age=-1").maxAge == seconds(0));
  CHECK(CacheControl::parse("max-age=x").maxAge == seconds(0));
  CHECK(CacheControl::parse("max-age").maxAge == seconds(0));
  CHECK(CacheControl::parse("max-age=1, max-age=9").maxAge == seconds(1));
  CHECK(CacheControl::parse("max-stale").maxStale == seconds::max());
  CHECK(CacheControl::parse("max-stale=5").maxStale == seconds(5));
  CHECK(CacheControl::parse("min-fresh=5, only-if-cached, no-transform").minFresh == seconds(5));
}

TEST_CASE("junk between directives is passed over") {
  const auto control = CacheControl::parse("=x, \"a,b\", no-store junk, ;;, max-age = 5 , private=\"open, no-cache");
  CHECK(control.noStore);
  CHECK(control.maxAge == seconds(5));
  CHECK(control.isPrivate);
  CHECK(!control.noCache);
  CHECK(CacheControl::parse("").extensions.empty());
}
