#include "html/conformance.hpp"

#include <weft/crawler/error.hpp>
#include <weft/crawler/redirect.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/net/error.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <sstream>
#include <string>

using namespace weft;
using namespace weft::crawler;

namespace {

Response answer(const Request& request, int status, std::string_view location) {
  http::Headers headers;
  if (!location.empty()) headers.set("Location", location);
  Response response(request.url, status, std::move(headers), "");
  response.setRequest(std::make_shared<Request>(request));
  return response;
}

Response page(const Request& request, std::string_view html) {
  Response response(request.url, 200, http::Headers{{"Content-Type", "text/html"}}, std::string(html));
  response.setRequest(std::make_shared<Request>(request));
  return response;
}

std::optional<Request> follow(const Request& request, int status, std::string_view location) {
  return redirected(answer(request, status, location), Settings());
}

}  // namespace

TEST_CASE("redirects do what Scrapy does, status by status and method by method") {
  std::istringstream lines(weft::testing::conformanceFile("scrapy/redirect.jsonl"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    CAPTURE(line);
    rapidjson::Document expected;
    expected.Parse(line.c_str());
    REQUIRE(expected.IsObject());
    const std::string method = weft::testing::text(expected["method"]);
    Request request("http://e.com/a#f");
    request.setMethod(method).setHeader("Content-Type", "text/plain").setHeader("Authorization", "Basic x").setHeader("Cookie", "a=1").setPriority(5);
    if (method == "POST" || method == "PUT") request.setBody("body");
    const auto next = follow(request, expected["status"].GetInt(), weft::testing::text(expected["location"]));
    if (expected.HasMember("passed_to_spider")) {
      CHECK_FALSE(next);
      continue;
    }
    REQUIRE(next);
    CHECK(next->method() == weft::testing::text(expected["new_method"]));
    CHECK(next->url.href() == weft::testing::text(expected["new_url"]));
    CHECK(!next->body().empty() == expected["body_kept"].GetBool());
    CHECK(next->headers().has("Content-Type") == expected["content_type_kept"].GetBool());
    CHECK(next->headers().has("Authorization") == expected["auth_kept"].GetBool());
    CHECK(next->headers().has("Cookie") == expected["cookie_header_kept"].GetBool());
    CHECK(next->priority == expected["priority"].GetInt());
    CHECK(next->dontFilter == expected["dont_filter"].GetBool());
    CHECK(next->redirectTimes == 1);
  }
  CHECK(cases > 20);
}

TEST_CASE("only http and https are gone to, and a bad Location is no redirect") {
  const Request request("http://e.com/a");
  for (std::string_view location : {"file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "ftp://e.com/", "http://[", ""}) {
    CAPTURE(location);
    CHECK_FALSE(follow(request, 302, location));
  }
  CHECK(follow(request, 302, "//o.com/x")->url.href() == "http://o.com/x");
}

TEST_CASE("the last redirect that is allowed is followed, the next one is an error") {
  Request request("http://e.com/a");
  request.redirectTimes = 19;
  CHECK(follow(request, 301, "/b")->redirectTimes == 20);
  request.redirectTimes = 20;
  CHECK_THROWS_AS(follow(request, 301, "/b"), IgnoreRequest);
}

TEST_CASE("a refresh leads where Scrapy says that it leads") {
  std::istringstream lines(weft::testing::conformanceFile("scrapy/meta_refresh.jsonl"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    CAPTURE(line);
    rapidjson::Document expected;
    expected.Parse(line.c_str());
    REQUIRE(expected.IsObject());
    const auto next = metaRefreshed(page(Request(weft::testing::text(expected["url"])), weft::testing::text(expected["html"])), Settings());
    CHECK(next.has_value() == expected["followed_by_default"].GetBool());
    if (next) CHECK(next->url.href() == weft::testing::text(expected["target"]));
  }
  CHECK(cases == 6);
}

TEST_CASE("a refresh is a GET of http or https, from what the reader of the page sees, and soon") {
  Request request("http://e.com/a");
  request.setMethod("POST").setBody("x").setHeader("Content-Type", "text/plain").setHeader("Authorization", "Basic x").setCookie("a", "1");
  const auto to = [&](std::string_view html, const Settings& settings = Settings()) {
    const auto next = metaRefreshed(page(request, html), settings);
    return next ? next->url.href() : "(none)";
  };
  const auto next = metaRefreshed(page(request, "<META HTTP-EQUIV='Refresh' CONTENT='1;url=https://o.com/'>"), Settings());
  REQUIRE(next);
  CHECK(next->method() == "GET");
  CHECK(next->body().empty());
  CHECK(next->headers().empty());
  CHECK(next->cookies().empty());
  CHECK(next->priority == 2);
  CHECK(next->redirectTimes == 1);
  CHECK(to("<meta http-equiv=refresh content='100;url=/b'>") == "(none)");
  CHECK(to("<meta http-equiv=refresh content='99.9;url=/b'>") == "http://e.com/b");
  CHECK(to("<meta http-equiv=refresh content='0;url=javascript:alert(1)'>") == "(none)");
  CHECK(to("<meta http-equiv=refresh content='5'>") == "(none)");
  CHECK(to("<noscript><meta http-equiv=refresh content='0;url=/b'></noscript>") == "(none)");
  CHECK(to("<noscript>x</noscript><meta http-equiv=refresh content='0;url=/b'><noscript>") == "http://e.com/b");
  CHECK(to("<script>'<meta http-equiv=refresh content=\"0;url=/b\">'</script>") == "(none)");
  CHECK(to("<meta name=x content=refresh>") == "(none)");
  CHECK(to(std::string(4096, ' ') + "<meta http-equiv=refresh content='0;url=/b'>") == "(none)");
  Settings noIgnored;
  noIgnored.set("METAREFRESH_IGNORE_TAGS", "");
  CHECK(to("<noscript><meta http-equiv=refresh content='0;url=/b'></noscript>", noIgnored) == "http://e.com/b");
  request.setMethod("HEAD");
  CHECK(to("<meta http-equiv=refresh content='0;url=/b'>") == "(none)");
  request.setMethod("GET");
  request.redirectTimes = 20;
  CHECK_THROWS_AS(to("<meta http-equiv=refresh content='0;url=/b'>"), IgnoreRequest);
}

TEST_CASE("what may pass is tried again, what will not is not") {
  const Request request("http://e.com/a");
  CHECK(retryReason(answer(request, 503, "")) == "503 Service Unavailable");
  CHECK(retryReason(answer(request, 429, "")) == "429 Too Many Requests");
  CHECK(retryReason(answer(request, 522, "")) == "522");
  for (int status : {200, 301, 404, 400, 501, 505}) CHECK(retryReason(answer(request, status, "")).empty());
  CHECK(retryReason(Failure(net::ConnectionRefused("e.com", 80, "connection refused"))) == "ConnectionRefused");
  CHECK(retryReason(Failure(http::TotalTimeout("http://e.com/a", 3))) == "TotalTimeout");
  CHECK(retryReason(Failure(http::ResponseFailed("http://e.com/a", Failure(net::ConnectionLost("reset"))))) == "ResponseFailed");
  CHECK(retryReason(Failure(http::BodyTooLarge("http://e.com/a", 1, 2))).empty());
  CHECK(retryReason(Failure(http::UnsupportedScheme("gopher://e.com/", "gopher"))).empty());
  CHECK(retryReason(Failure(std::runtime_error("bug"))).empty());
}
