// The samples of the crawler, against a site in this process.
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/reactor.hpp>
#include <weft/http/forms/form.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/digest.hpp>
#include <weft/net/tcp_network.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace weft;

/// A site on a thread of its own.
class Site {
 public:
  Site() {
    std::promise<std::uint16_t> listening;
    thread_ = std::thread([this, &listening] {
      Reactor reactor;
      net::TcpNetwork network(reactor);
      reactor_ = &reactor;
      const auto port = network.listen(0, std::make_shared<http::Site>([this](http::Request request) { return answer(std::move(request)); }), net::ListenOptions().interface("127.0.0.1"));
      reactor.callWhenRunning([&] { listening.set_value(port->getHost().port()); });
      reactor.run();
    });
    url = "http://127.0.0.1:" + std::to_string(listening.get_future().get());
  }
  ~Site() {
    reactor_.load()->callFromThread([this] { reactor_.load()->stop(); });
    thread_.join();
  }
  std::string url;

 private:
  Deferred<http::Response> answer(http::Request request) const {
    const std::string path(request.url.path());
    if (path == "/login" && request.method() == "POST") {
      const http::Form form = http::Form::parse(co_await request.bytes());
      if (form.get("user") == "me" && form.get("password") == "a&b" && form.get("token") == "t0" && form.get("go") == "Log in")
        co_return http::Response(302, "").setHeader("Location", "/welcome").setHeader("Set-Cookie", "session=s1; Path=/");
      co_return html(loginForm("<p class=error>try again</p>"));
    }
    if (path == "/login") co_return html(loginForm(""));
    if (path == "/welcome" || path == "/orders") {
      if (request.headers.get("Cookie") != "session=s1") co_return http::Response(403, "");
      co_return html(path == "/welcome" ? "Hello" : "<table class=orders><tr><td class=number>7<td class=total>12.50<tr><td class=number>8<td class=total>3</table>");
    }
    if (path == "/robots.txt") co_return http::Response(200, "User-agent: *\nDisallow:\nSitemap: /sitemap.xml\n");
    if (path == "/sitemap.xml") co_return http::Response(200, "<urlset><url><loc>" + url + "/articles/1</loc><lastmod>2026-01-02</lastmod></url><url><loc>" + url + "/about</loc></url>"
                                                           "<url><loc>" + url + "/articles/old</loc><lastmod>2001-01-01</lastmod></url></urlset>");
    if (path == "/api/products" && request.url.query().empty())
      co_return json(R"({"products": [{"name": "loom", "price": 49.9, "stock": "/api/stock/1"}, {"name": "reed", "price": 5, "stock": "/api/stock/2"}], "next": "?page=2"})");
    if (path == "/api/products") co_return json(R"({"products": [{"name": "comb", "price": 2.5, "stock": "/api/stock/3"}], "next": null})");
    if (path.starts_with("/api/stock/")) co_return json(R"({"pieces": )" + path.substr(11) + "0}");
    static const std::map<std::string, std::string> kPages{
        {"/articles/1", "<title>First</title>"},
        {"/articles/old", "<title>Old</title>"},
        {"/about", "<title>About</title>"},
        {"/links/", "<a href=1>one</a><a href=gone>gone</a>"},
        {"/links/1", "<a href=./>up</a><a href=gone#part>gone</a><a href=2>two</a><a href=http://127.0.0.1:1/>nobody</a>"},
        {"/links/2", "<a href=gone>gone</a>"},
        {"/shop/", "<a href=/shop/page/2>more</a><a href=/shop/book/1>one</a><a href=/login>log in</a>"},
        {"/shop/page/2", "<a href=/shop/>back</a><a href=/shop/book/2>two</a><a href=/shop/book/used/3>three</a>"},
        {"/shop/book/1", "<h1>Warp</h1><p class=price>10</p><img class=cover src=/covers/1.png>"},
        {"/shop/book/2", "<h1>Weft</h1><p class=price>12</p><img class=cover src=/covers/none.png>"},
    };
    if (path == "/covers/1.png") co_return http::Response(200, "a small picture").setHeader("Content-Type", "image/png");
    if (path == "/catalogue") {
      if (request.headers.get("X-Api-Key") != "k1") co_return http::Response(403, "");
      if (request.url.query() != "2") co_return html("<ul><li class=product><b>loom</b><i>EUR 49.90</i><li class=product><b>dream</b><i>priceless</i></ul><a class=next href=?2>more</a>");
      co_return html(busy_.exchange(false) ? "" : "<ul><li class=product><b>reed</b><i>5 EUR</i></ul>");
    }
    const auto page = kPages.find(path);
    co_return page == kPages.end() ? http::errorResponse(404) : html(page->second);
  }
  static std::string loginForm(const std::string& error) {
    return error + "<form action=/search><input name=q></form><form action=/login method=post><input type=hidden name=token value=t0><input name=user>"
                   "<input type=password name=password><input type=submit name=go value='Log in'></form>";
  }
  static http::Response html(std::string body) { return http::Response(200, std::move(body)).setHeader("Content-Type", "text/html; charset=utf-8"); }
  static http::Response json(std::string body) { return http::Response(200, std::move(body)).setHeader("Content-Type", "application/json"); }

  std::thread thread_;
  mutable std::atomic<bool> busy_{true};               // the second page of the catalogue is empty at first
  std::atomic<Reactor*> reactor_{nullptr};
};

// The items that it writes, sorted; its summary is left out.
std::string sorted(const std::string& command) {
  const ProgramRun run = runProgram(std::string(SAMPLES_FOLDER) + "/" + command + " --nolog");
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < run.output.size();) {
    const std::size_t end = std::min(run.output.find('\n', at), run.output.size());
    if (run.output[at] == '{') lines.push_back(run.output.substr(at, end - at));
    at = end + 1;
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

}  // namespace

TEST_CASE("the login sample fills in the form, and reads what is behind it") {
  Site site;
  CHECK(sorted("login --url " + site.url + "/login -a user=me -a 'password=a&b'") == "{\"number\":\"7\",\"total\":\"12.50\"}\n{\"number\":\"8\",\"total\":\"3\"}\n");
  const ProgramRun refused = runProgram(std::string(SAMPLES_FOLDER) + "/login --url " + site.url + "/login -a user=me -a password=x 2>&1");
  CHECK(refused.output.find("the site did not take the password: try again") != std::string::npos);
  CHECK(refused.status != 0);
}

TEST_CASE("the sitemap sample reads the pages that a sitemap names") {
  Site site;
  CHECK(sorted("sitemap --url " + site.url + "/robots.txt -a since=2020") == "{\"url\":\"" + site.url + "/articles/1\",\"title\":\"First\"}\n");
}

TEST_CASE("the API sample goes through all pages, and to each product's stock") {
  Site site;
  CHECK(sorted("json_api --url " + site.url + "/api/products") ==
        "{\"name\":\"comb\",\"price\":\"2.5\",\"stock\":30}\n{\"name\":\"loom\",\"price\":\"49.9\",\"stock\":10}\n{\"name\":\"reed\",\"price\":\"5\",\"stock\":20}\n");
}

TEST_CASE("the link checker names each broken link with each page that holds it") {
  Site site;
  const std::string output = sorted("link_checker --url " + site.url + "/links/ -s RETRY_ENABLED=false");
  const std::string gone = "\",\"reason\":\"HTTP status 404 is not handled or not allowed\"}\n", link = "{\"link\":\"" + site.url + "/links/gone\",\"page\":\"" + site.url + "/links/";
  CHECK(output.find(link + gone + link + "1" + gone + link + "2" + gone) != std::string::npos);
  CHECK(output.find("{\"link\":\"http://127.0.0.1:1/\",\"page\":\"" + site.url + "/links/1\",\"reason\":\"") != std::string::npos);
  CHECK(std::count(output.begin(), output.end(), '\n') == 4);
}

TEST_CASE("the sample of many hosts leaves a delay between the requests to each, and says so") {
  Site site;
  const std::string local = "http://localhost" + site.url.substr(site.url.rfind(':'));
  const ProgramRun run = runProgram(std::string(SAMPLES_FOLDER) + "/many_hosts --url " + site.url + "/links/ --url " + local +
                                    "/links/ -s DOWNLOAD_DELAY=0.05 -s RANDOMIZE_DOWNLOAD_DELAY=false -s RETRY_ENABLED=false --nolog");
  std::size_t pages = 0;
  for (std::size_t at = 0; (at = run.output.find("\"title\":", at)) != std::string::npos; ++at) ++pages;
  CHECK(pages == 6);
  for (const char* host : {"  127.0.0.1 ", "  localhost "}) {
    const std::size_t line = run.output.find(host), told = run.output.find(" 4 requests, at least ", line);
    REQUIRE(line != std::string::npos);
    REQUIRE(told < run.output.find('\n', line));
    CHECK(std::stod(run.output.substr(told + 22)) > 0);                     // how much is tested in virtual time: a busy machine sends late
  }
}

TEST_CASE("the book shop sample follows its rules, and stores the covers that there are") {
  Site site;
  test::TemporaryFolder folder;
  const std::string cover = site.url + "/covers/1.png", none = site.url + "/covers/none.png";
  const std::string name = "full/" + net::hexDigest(net::DigestKind::Sha1, cover) + ".png";
  CHECK(sorted("book_shop --url " + site.url + "/shop/ -s FILES_STORE=" + folder / "covers") ==
        R"({"title":"Warp","price":"10","shelf":"new","file_urls":[")" + cover + R"("],"files":[{"url":")" + cover + R"(","path":")" + name + R"(","checksum":")" +
            net::hexDigest(net::DigestKind::Md5, "a small picture") + R"(","status":"downloaded","error":""}]})" + "\n" +
            R"({"title":"Weft","price":"12","shelf":"new","file_urls":[")" + none + R"("],"files":[{"url":")" + none + R"(","path":"","checksum":"","status":"failed","error":"status 404"}]})" + "\n");
  std::ifstream stored(folder / "covers/" + name);
  CHECK(std::string(std::istreambuf_iterator<char>(stored), {}) == "a small picture");
}

TEST_CASE("the sample with parts of its own sends its key, asks for an empty page again, and drops what has no price") {
  Site site;
  CHECK(sorted("own_parts --url " + site.url + "/catalogue -a key=k1") == "{\"name\":\"loom\",\"price\":49.9}\n{\"name\":\"reed\",\"price\":5}\n");
  const ProgramRun run = runProgram(std::string(SAMPLES_FOLDER) + "/own_parts --url " + site.url + "/catalogue -a key=k1 2>&1");
  CHECK(run.output.find("Dropped: it has no price: {\"name\":\"dream\"") != std::string::npos);
  CHECK(sorted("own_parts --url " + site.url + "/catalogue -a key=wrong").empty());
}

TEST_CASE("the tested spider passes its test for any seed, and runs alike for the same one") {
  const std::string command = std::string(SAMPLES_FOLDER) + "/tested_spider --seed ";
  for (const char* seed : {"1", "2", "3"}) {
    const ProgramRun run = runProgram(command + seed);
    CHECK(run.status == 0);
    CHECK(run.output.starts_with("passed: 60 chapters, "));
    CHECK(run.output.find(", 0 connections lost") == std::string::npos);
    CHECK(runProgram(command + seed).output == run.output);
  }
}
