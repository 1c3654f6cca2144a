// What the crawler's downloader puts around an Agent: cookies, codings, a login, proxies.
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/redirect.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/content_coding/errors.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

using namespace std::string_view_literals;

// "<title>packed</title>" by gzip.
constexpr std::string_view kPacked =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xb3\x29\xc9\x2c\xc9\x49\xb5\x2b\x48\x4c\xce\x4e\x4d\xb1\xd1\x87\xf0\x00\x3a\x0f\x3d\x68\x15\x00\x00\x00"sv;

// Five hundred times "x" by gzip.
constexpr std::string_view kSmallBomb = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\xa8\x18\x05\x23\x0d\x00\x00\x51\xce\xb2\x0a\xf4\x01\x00\x00"sv;

struct World {
  ManualClock clock;
  net::MemoryNetwork network{clock, 1};
  Settings settings;
  std::vector<http::Request> seen;
  std::function<http::Response(const http::Request&)> answer = [](const http::Request&) { return http::Response(200, "hello"); };
  std::shared_ptr<http::Site> site = std::make_shared<http::Site>([this](http::Request request) -> Deferred<http::Response> {
    seen.push_back(std::move(request));
    return succeed(answer(seen.back()));
  });
  std::unique_ptr<net::Port> port, proxyPort;

  World() {
    for (const char* host : {"site.test", "www.site.test", "badsite.test", "other.test", "proxy.test"}) network.addHost(host);
    port = network.listen(80, site);
    proxyPort = network.listen(3128, site);
  }
  HttpDownloader downloader() { return HttpDownloader(network, settings); }
  Deferred<Response> fetch(HttpDownloader& from, Request request) {
    auto fetching = from.fetch(std::make_shared<const Request>(std::move(request)));
    clock.playAll(60);
    return fetching;
  }
  Response get(HttpDownloader& from, Request request) {
    auto fetching = fetch(from, std::move(request));
    return successResultOf(fetching);
  }
  std::string sent(std::string_view field) const { return std::string(seen.back().headers.get(field, "(none)")); }
};

struct Variable {
  Variable(const char* name, const char* value) : name(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name); }
  const char* name;
};

}  // namespace

TEST_CASE("cookies that a site sets go back to it, a jar for each session") {
  World world;
  HttpDownloader downloader(world.network, world.settings);
  world.answer = [](const http::Request&) { return http::Response(200, "").setHeader("Set-Cookie", "id=1"); };
  world.get(downloader, Request("http://site.test/"));
  CHECK(world.sent("Cookie") == "(none)");
  world.answer = [](const http::Request&) { return http::Response(200, ""); };
  world.get(downloader, Request("http://site.test/a"));
  CHECK(world.sent("Cookie") == "id=1");
  world.get(downloader, Request("http://other.test/"));
  CHECK(world.sent("Cookie") == "(none)");
  world.get(downloader, Request("http://site.test/").setMeta("cookiejar", "second"));
  CHECK(world.sent("Cookie") == "(none)");
}

TEST_CASE("cookies of a request go into the jar as if the site had set them") {
  World world;
  HttpDownloader downloader(world.network, world.settings);
  world.get(downloader, Request("http://site.test/a").setCookie("lang", "en").setCookie("area", "a", "Path=/a").setCookie("stolen", "x", "Domain=other.test"));
  CHECK(world.sent("Cookie") == "area=a; lang=en");
  world.get(downloader, Request("http://site.test/b"));
  CHECK(world.sent("Cookie") == "lang=en");
  world.get(downloader, Request("http://site.test/a/2").setMeta("cookiejar", "second").setCookie("lang", "de"));
  CHECK(world.sent("Cookie") == "lang=de");
  world.answer = [](const http::Request&) { return http::Response(200, "").setHeader("Set-Cookie", "id=1"); };
  world.get(downloader, Request("http://site.test/b").setMeta("dont_merge_cookies", "true").setCookie("own", "1"));
  CHECK(world.sent("Cookie") == "(none)");
  world.get(downloader, Request("http://site.test/b").setMeta("dont_merge_cookies", "true").setHeader("Cookie", "by=hand"));
  CHECK(world.sent("Cookie") == "by=hand");
  world.get(downloader, Request("http://site.test/b"));
  CHECK(world.sent("Cookie") == "lang=en");
}

TEST_CASE("a request brings its Referer, its timeout and its largest body") {
  World world;
  HttpDownloader downloader(world.network, world.settings);
  Request request("http://site.test/");
  request.setReferrer(std::make_shared<const std::string>("http://other.test/page"));
  world.get(downloader, request);
  CHECK(world.sent("Referer") == "http://other.test/page");
  world.get(downloader, request.setHeader("Referer", "http://mine.test/"));
  CHECK(world.sent("Referer") == "http://mine.test/");
  world.answer = [](const http::Request&) { return http::Response(200, "0123456789"); };
  auto tooLong = world.fetch(downloader, Request("http://site.test/").setMeta("download_maxsize", "9"));
  CHECK(failureResultOf(tooLong).check<http::Error>());
  CHECK(world.get(downloader, Request("http://site.test/").setMeta("download_maxsize", "10")).body.size() == 10);
  std::vector<Trigger<http::Response>> unanswered;
  const auto silent = std::make_shared<http::Site>([&](http::Request) {
    Deferred<http::Response> never;
    unanswered.push_back(never.takeTrigger());
    return never;
  });
  const auto port = world.network.listen(81, silent);
  auto late = downloader.fetch(std::make_shared<const Request>(Request("http://site.test:81/").setMeta("download_timeout", "2.5")));
  world.clock.play(2);
  CHECK_FALSE(late.called());
  world.clock.play(1);
  CHECK(failureResultOf(late).check<http::RequestTimeout>());
}

TEST_CASE("COOKIES_ENABLED=false keeps no cookies") {
  World world;
  world.settings.set("COOKIES_ENABLED", "false");
  HttpDownloader downloader(world.network, world.settings);
  world.answer = [](const http::Request&) { return http::Response(200, "").setHeader("Set-Cookie", "id=1"); };
  world.get(downloader, Request("http://site.test/"));
  world.get(downloader, Request("http://site.test/").setMeta("cookiejar", "second"));
  CHECK(world.sent("Cookie") == "(none)");
}

TEST_CASE("compressed pages come out as they were, without their Content-Encoding") {
  World world;
  HttpDownloader downloader(world.network, world.settings);
  world.answer = [](const http::Request&) { return http::Response(200, std::string(kPacked), "text/html").setHeader("Content-Encoding", "gzip"); };
  const Response page = world.get(downloader, Request("http://site.test/"));
  CHECK(world.sent("Accept-Encoding") == "gzip, deflate, br, zstd");
  CHECK(page.body == "<title>packed</title>");
  CHECK(page.css("title::text").get() == "packed");
  CHECK(!page.headers.has("Content-Encoding"));
}

TEST_CASE("COMPRESSION_ENABLED=false asks for nothing and undoes nothing") {
  World world;
  world.settings.set("COMPRESSION_ENABLED", "false");
  HttpDownloader downloader(world.network, world.settings);
  world.answer = [](const http::Request&) { return http::Response(200, std::string(kPacked), "text/html").setHeader("Content-Encoding", "gzip"); };
  const Response page = world.get(downloader, Request("http://site.test/"));
  CHECK(world.sent("Accept-Encoding") == "(none)");
  CHECK(page.body == kPacked);
}

TEST_CASE("a page that is larger than DOWNLOAD_MAXSIZE when it is unpacked fails, and is not tried again") {
  World world;
  world.settings.set("DOWNLOAD_MAXSIZE", "100");
  HttpDownloader downloader(world.network, world.settings);
  world.answer = [](const http::Request&) { return http::Response(200, std::string(kSmallBomb), "text/html").setHeader("Content-Encoding", "gzip"); };
  auto fetching = world.fetch(downloader, Request("http://site.test/"));
  const Failure failure = failureResultOf<http::ResponseFailed>(fetching);
  CHECK(failure.as<http::ResponseFailed>()->reason.check<http::DecodedTooLarge>());
  CHECK(retryReason(failure) == "");
}

TEST_CASE("a body that is cut short inside its coding fails, and may be tried again") {
  World world;
  HttpDownloader downloader(world.network, world.settings);
  world.answer = [](const http::Request&) { return http::Response(200, std::string(kPacked.substr(0, 20)), "text/html").setHeader("Content-Encoding", "gzip"); };
  auto fetching = world.fetch(downloader, Request("http://site.test/"));
  const Failure failure = failureResultOf<http::ResponseFailed>(fetching);
  CHECK(retryReason(failure) == "ResponseFailed");
}

TEST_CASE("who listens hears of the head and of each piece of a body, and may have seen enough") {
  World world;
  HttpDownloader downloader = world.downloader();
  Signals signals;
  downloader.listen(&signals);
  world.answer = [](const http::Request&) { return http::Response(200, std::string(300'000, 'x'), "text/plain"); };
  std::vector<std::string> heads;
  std::size_t bytes = 0, pieces = 0, stopAt = 0;
  bool fails = true;
  signals.headersReceived.connect([&](const http::Response& head, const Request& request) {
    heads.push_back(request.url.href() + " " + std::to_string(head.status) + " " + std::string(head.headers.get("Content-Type", "")));
    if (stopAt == 1) throw StopDownload(fails);
  });
  signals.bytesReceived.connect([&](std::string_view piece, const Request&) {
    bytes += piece.size();
    ++pieces;
    if (stopAt && bytes >= stopAt) throw StopDownload(fails);
  });
  SUBCASE("all of it") {
    const Response response = world.get(downloader, Request("http://site.test/"));
    CHECK(response.body.size() == 300'000);
    CHECK(response.flags.empty());
    CHECK(heads == std::vector<std::string>{"http://site.test/ 200 text/plain"});
    CHECK(bytes == 300'000);
    CHECK(pieces > 1);
  }
  SUBCASE("a part") {
    stopAt = 20'000;
    fails = false;
    const Response response = world.get(downloader, Request("http://site.test/"));
    CHECK(response.body.size() == bytes);
    CHECK(bytes < 200'000);
    CHECK(response.flags == std::vector<std::string>{"download_stopped"});
  }
  SUBCASE("the head") {
    stopAt = 1;
    fails = false;
    const Response response = world.get(downloader, Request("http://site.test/"));
    CHECK(response.body.empty());
    CHECK(response.headers.get("Content-Type", "") == "text/plain");
    CHECK(bytes == 0);
  }
  SUBCASE("a failure") {
    stopAt = 20'000;
    auto fetching = world.fetch(downloader, Request("http://site.test/"));
    CHECK(failureResultOf(fetching).check<StopDownload>());
  }
  SUBCASE("too large") {
    world.settings.set("DOWNLOAD_MAXSIZE", "200000");
    HttpDownloader small = world.downloader();
    small.listen(&signals);
    auto fetching = world.fetch(small, Request("http://site.test/"));
    CHECK(failureResultOf(fetching).check<http::BodyTooLarge>());
  }
  SUBCASE("nobody any more") {
    downloader.listen(nullptr);
    CHECK(world.get(downloader, Request("http://site.test/")).body.size() == 300'000);
    CHECK(bytes == 0);
  }
}

TEST_CASE("HTTPAUTH_USER is sent to HTTPAUTH_DOMAIN and what is below it, and to nobody else") {
  World world;
  world.settings.set("HTTPAUTH_USER", "me");
  world.settings.set("HTTPAUTH_PASS", "secret");
  world.settings.set("HTTPAUTH_DOMAIN", "site.test");
  HttpDownloader downloader(world.network, world.settings);
  for (const char* url : {"http://site.test/", "http://www.site.test/"}) {
    world.get(downloader, Request(url));
    CHECK(world.sent("Authorization") == "Basic bWU6c2VjcmV0");
  }
  for (const char* url : {"http://other.test/", "http://badsite.test/"}) {
    world.get(downloader, Request(url));
    CHECK(world.sent("Authorization") == "(none)");
  }
  world.get(downloader, Request("http://site.test/").setHeader("Authorization", "Bearer own"));
  CHECK(world.sent("Authorization") == "Bearer own");
}

TEST_CASE("a password without a domain is refused at the start, with the way out") {
  World world;
  world.settings.set("HTTPAUTH_USER", "me");
  CHECK_THROWS_WITH_AS(world.downloader(), "HTTPAUTH_USER is set and HTTPAUTH_DOMAIN is not: say which host the password is for", SettingError);
}

TEST_CASE("a request may name its proxy, or none") {
  World world;
  Variable variable("http_proxy", "http://proxy.test:3128");
  world.network.addHost("own.test");
  std::vector<std::string> through;
  const auto site = [&through](const char* name) {
    return std::make_shared<http::Site>([&through, name](http::Request request) -> Deferred<http::Response> {
      through.push_back(std::string(name) + " " + std::string(request.headers.get("Proxy-Authorization", "-")));
      return succeed(http::Response(200, name));
    });
  };
  auto own = world.network.listen(8080, site("own"));
  HttpDownloader downloader = world.downloader();
  CHECK(world.get(downloader, Request("http://site.test/1").setMeta("proxy", "http://me:secret@own.test:8080")).body == "own");
  CHECK(world.get(downloader, Request("http://site.test/2").setMeta("proxy", "http://me:secret@own.test:8080")).body == "own");
  CHECK(through == std::vector<std::string>{"own Basic bWU6c2VjcmV0", "own Basic bWU6c2VjcmV0"});
  CHECK(world.get(downloader, Request("http://site.test/3").setMeta("proxy", "none")).body == "hello");
  CHECK(world.seen.back().url.href() == "http://site.test/3");
  CHECK_THROWS_WITH_AS(Request("http://site.test/").setMeta("proxy", "gopher://a"),
                       "the meta key proxy must be a proxy such as http://127.0.0.1:3128 or socks5h://127.0.0.1, or none, not \"gopher://a\"", RequestError);
}

TEST_CASE("requests go through the environment's proxy, unless HTTPPROXY_ENABLED=false") {
  const Variable proxy("http_proxy", "http://proxy.test:3128");
  const Variable except("no_proxy", "other.test");
  World world;
  HttpDownloader downloader(world.network, world.settings);
  world.get(downloader, Request("http://site.test/page"));
  CHECK(world.seen.back().target == "http://site.test/page");          // the whole URL: RFC 9112 section 3.2.2
  world.get(downloader, Request("http://other.test/page"));
  CHECK(world.seen.back().target == "/page");
  world.settings.set("HTTPPROXY_ENABLED", "false");
  HttpDownloader direct(world.network, world.settings);
  world.get(direct, Request("http://site.test/page"));
  CHECK(world.seen.back().target == "/page");
}
