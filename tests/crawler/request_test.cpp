#include <weft/crawler/error.hpp>
#include <weft/crawler/frontier/internal/request_codec.hpp>
#include <weft/crawler/frontier/journal_error.hpp>
#include <weft/crawler/request.hpp>
#include <weft/crawler/spider.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace weft;
using namespace weft::crawler;

namespace {

Request everything() {
  Request request("https://e.com/docs/b.html#part", &Spider::parse);
  request.setMethod("POST").setHeader("X-Tag", "1").setBody("a=1").setMeta("cookiejar", "me").setPriority(-3).setDontFilter();
  request.setCbKwarg("page", "2").setCbKwarg("empty", "");
  request.setCookie("id", "a=b", "Path=/docs; Secure").setCookie("plain", "").addFlag("cached").setHandleHttpstatusList({404, 503});
  request.setReferrer(std::make_shared<const std::string>("https://e.com/docs/a.html"));
  return request;
}

void checkEverything(const Request& request) {
  CHECK(request.url.href() == "https://e.com/docs/b.html#part");
  CHECK(request.method() == "POST");
  CHECK(request.priority == -3);
  CHECK(request.dontFilter);
  CHECK(request.meta("cookiejar") == "me");
  REQUIRE(request.allCbKwargs().size() == 2);
  CHECK(request.cbKwarg("page") == "2");
  REQUIRE(request.cookies().size() == 2);
  CHECK(request.cookies()[0] == "id=a=b; Path=/docs; Secure");
  CHECK(request.cookies()[1] == "plain=");
  REQUIRE(request.flags().size() == 1);
  CHECK(request.flags()[0] == "cached");
  REQUIRE(request.handleHttpstatusList().size() == 2);
  CHECK(request.handleHttpstatusList()[1] == 503);
  CHECK(request.referrer() == "https://e.com/docs/a.html");
}

}  // namespace

TEST_CASE("a copy of a request has all of it, and goes its own way") {
  const Request first = everything();
  Request copy(first);
  checkEverything(copy);
  copy.setCbKwarg("page", "3").clearCookies().setMeta("cookiejar", "you");
  checkEverything(first);
  CHECK(copy.cbKwarg("page") == "3");
  CHECK(copy.cookies().empty());
}

TEST_CASE("a request that was packed has all of it again") {
  RequestCodec codec;
  std::string bytes;
  codec.encode(everything(), bytes);
  checkEverything(codec.decode(bytes));
  for (std::size_t size = 0; size < bytes.size() - 31; ++size) {             // up to the URL
    CAPTURE(size);
    CHECK_THROWS_AS(codec.decode(std::string_view(bytes).substr(0, size)), JournalDamaged);
  }
}

TEST_CASE("a referrer of the same site takes the bytes that differ") {
  RequestCodec codec;
  Request request("https://e.com/docs/b.html");
  std::string plain, referred;
  codec.encode(request, plain);
  request.setReferrer(std::make_shared<const std::string>("https://e.com/docs/a.html"));
  codec.encode(request, referred);
  CHECK(referred.size() == plain.size() + 8);
  CHECK(codec.decode(referred).referrer() == "https://e.com/docs/a.html");
  request.setReferrer(std::make_shared<const std::string>("http://other.com/"));
  referred.clear();
  codec.encode(request, referred);
  CHECK(codec.decode(referred).referrer() == "http://other.com/");
  request.setReferrer(std::make_shared<const std::string>("https://e.com/docs/b.html"));
  referred.clear();
  codec.encode(request, referred);
  CHECK(codec.decode(referred).referrer() == "https://e.com/docs/b.html");
}

TEST_CASE("a meta key that the crawler reads takes what it can use, and says so") {
  Request request("https://e.com/");
  request.setMeta("download_timeout", "1.5").setMeta("max_retry_times", "0").setMeta("give_up_log_level", "INFO").setMeta("allow_offsite", "true").setMeta("mine", "anything");
  CHECK_THROWS_WITH_AS(request.setMeta("download_timeout", "soon"), "the meta key download_timeout must be a number of seconds above 0, not \"soon\"", RequestError);
  CHECK_THROWS_AS(request.setMeta("download_timeout", "0"), RequestError);
  CHECK_THROWS_AS(request.setMeta("download_maxsize", "1.5"), RequestError);
  CHECK_THROWS_AS(request.setMeta("max_retry_times", "-1"), RequestError);
  CHECK_THROWS_AS(request.setMeta("priority_adjust", "x"), RequestError);
  CHECK_THROWS_AS(request.setMeta("give_up_log_level", "LOUD"), RequestError);
  CHECK_THROWS_AS(request.setMeta("allow_offsite", "perhaps"), RequestError);
  CHECK_THROWS_AS(request.setMeta("referrer_policy", "none"), RequestError);
  CHECK_THROWS_WITH_AS(request.setMeta("dont_redirect", "true"), "the meta key dont_redirect is a field of Request: use dontRedirect", RequestError);
  CHECK(request.meta("download_timeout") == "1.5");
}

TEST_CASE("what cannot be sent is refused where it is set") {
  Request request("https://e.com/");
  CHECK_THROWS_AS(request.setCookie("", "x"), RequestError);
  CHECK_THROWS_AS(request.setCookie("a=b", "x"), RequestError);
  CHECK_THROWS_AS(request.setCookie("a", "x; Path=/"), RequestError);
  CHECK_THROWS_AS(request.setCookie("a", "x\r\nEvil: 1"), RequestError);
  CHECK_THROWS_AS(request.setCookie("a", "x", "Path=/\n"), RequestError);
  CHECK_THROWS_AS(request.setHandleHttpstatusList({200, 42}), RequestError);
  CHECK_THROWS_AS(request.addFlag("a\033[31m"), RequestError);
  CHECK(request.cookies().empty());
  CHECK(request.handleHttpstatusList().empty());
}
