#include "../html/conformance.hpp"
#include "../site_crawl.hpp"

#include <weft/crawler/spiders/sitemap_spider.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using namespace std::string_view_literals;
using weft::testing::SiteCrawl;

namespace {

struct Product {
  std::string by, url;
};
WEFT_ITEM(Product, by, url)

class Shop : public SitemapSpider {
 public:
  Shop() : SitemapSpider("shop") { sitemapUrls = {"http://e.com/robots.txt"}; }
  Results parse(Response response) override {
    Product product;
    product.by = "parse";
    product.url = response.url.href();
    co_yield product;
  }
  Results parseProduct(Response response) {
    Product product;
    product.by = "product";
    product.url = response.url.href();
    co_yield product;
  }
};

// <urlset><url><loc>http://e.com/zipped</loc></url></urlset> by gzip.
constexpr std::string_view kZipped =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xb3\x29\x2d\xca\x29\x4e\x2d\xb1\xb3\x01\xd2\x76\x36\x39\xf9\xc9\x76\x19\x25\x25\x05\x56\xfa\xfa\xa9\x7a\xc9\xf9\xb9\xfa\x55\x99\x05\x05\xa9\x29\x36\xfa\x20\x09\x1b\x7d\xb0\x1a\x7d\xa8\x0e\x00\x1f\x53\xd5\x19\x3a\x00\x00\x00"sv;

void fill(SiteCrawl& crawl) {
  crawl.site.text("http://e.com/robots.txt", "User-agent: *\nSitemap: /index.xml\nSitemap: http://e.com/zipped.xml.gz\n");
  crawl.site.text("http://e.com/index.xml", "<?xml version='1.0'?><sitemapindex><sitemap><loc> http://e.com/products.xml </loc></sitemap><sitemap><loc>http://e.com/news.xml</loc></sitemap></sitemapindex>");
  crawl.site.text("http://e.com/products.xml",
                  "<urlset xmlns:xhtml='http://www.w3.org/1999/xhtml'><url><loc>http://e.com/product/1</loc><lastmod>2020-01-01</lastmod><xhtml:link rel='alternate' href='http://e.com/de/1'/></url>"
                  "<url><loc>http://e.com/about</loc></url><url><lastmod>2020</lastmod></url><url><loc>http://[</loc></url></urlset>");
  crawl.site.text("http://e.com/news.xml", "<urlset><url><loc>http://e.com/news/1</loc></url></urlset>");
  crawl.site.text("http://e.com/zipped.xml.gz", std::string(kZipped), "application/x-gzip");
  for (const char* page : {"http://e.com/product/1", "http://e.com/de/1", "http://e.com/about", "http://e.com/news/1", "http://e.com/zipped"}) crawl.site.html(page, "");
}

}  // namespace

TEST_CASE("sitemaps are read as Scrapy reads them") {
  const auto table = testing::conformanceTable("crawl/sitemap.json");
  int cases = 0;
  for (const auto& row : table["cases"].GetArray()) {
    ++cases;
    const std::string hex = testing::text(row["body"]["$hex"]);
    std::string body;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) body += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    CAPTURE(body);
    Sitemap sitemap(body);
    CHECK(sitemap.type() == testing::text(row["result"]["type"]));
    for (const auto& wanted : row["result"]["entries"].GetArray()) {
      const auto entry = sitemap.next();
      REQUIRE(entry);
      std::map<std::string, std::string> fields(entry->fields.begin(), entry->fields.end());
      std::size_t alternates = 0;
      for (const auto& member : wanted.GetObject()) {
        const std::string name = testing::text(member.name);
        if (name == "alternate") {
          for (const auto& href : member.value.GetArray()) CHECK(entry->alternates.at(alternates++) == testing::text(href));
        } else {
          CHECK(fields[name] == testing::text(member.value));
          fields.erase(name);
        }
      }
      CHECK(fields.empty());
      CHECK(entry->alternates.size() == alternates);
    }
    CHECK_FALSE(sitemap.next());
  }
  CHECK(cases == 6);
}

TEST_CASE("a crawl goes from robots.txt through sitemaps, gzipped ones too, to pages") {
  SiteCrawl crawl;
  fill(crawl);
  Shop spider;
  SUBCASE("all to parse()") {
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"by":"parse","url":"http://e.com/about"})", R"({"by":"parse","url":"http://e.com/news/1"})",
                                                 R"({"by":"parse","url":"http://e.com/product/1"})", R"({"by":"parse","url":"http://e.com/zipped"})"});
  }
  SUBCASE("rules, and the sitemaps to follow") {
    spider.sitemapRules = {{"/product/", &Shop::parseProduct}, {"^http://e.com/(about|product)", Callback()}};
    spider.sitemapFollow = {"products"};
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"by":"parse","url":"http://e.com/about"})", R"({"by":"product","url":"http://e.com/product/1"})"});
    CHECK(crawl.site.request("http://e.com/news.xml") == nullptr);
  }
  SUBCASE("alternate links") {
    spider.sitemapAlternateLinks = true;
    spider.sitemapFollow = {"products"};
    crawl.run(spider);
    CHECK(crawl.site.request("http://e.com/de/1") != nullptr);
  }
}

TEST_CASE("a filter sees each entry, and may leave it out") {
  class Recent : public Shop {
   public:
    bool sitemapFilter(SitemapEntry& entry) override { return entry.lastmod.empty() || entry.lastmod > "2021"; }
  };
  SiteCrawl crawl;
  fill(crawl);
  Recent spider;
  crawl.run(spider);
  CHECK(crawl.site.request("http://e.com/product/1") == nullptr);
  CHECK(crawl.site.request("http://e.com/about") != nullptr);
}

TEST_CASE("what is no sitemap is logged, and a broken one counts up to where it breaks") {
  Shop spider;
  SiteCrawl crawl;
  spider.sitemapUrls = {"http://e.com/html.xml", "http://e.com/cut.xml.gz", "http://e.com/bomb.xml.gz", "http://e.com/cut.xml", "http://e.com/entities.xml"};
  spider.sitemapMaxBytes = 57;
  crawl.site.html("http://e.com/html.xml", "<html><body>not found");
  crawl.site.text("http://e.com/cut.xml.gz", std::string(kZipped.substr(0, 30)));
  crawl.site.text("http://e.com/bomb.xml.gz", std::string(kZipped));
  crawl.site.text("http://e.com/cut.xml", "<urlset><url><loc>http://e.com/1</loc></url><url><loc>http://e.com/2");
  crawl.site.text("http://e.com/entities.xml", "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><urlset><url><loc>http://e.com/&a;</loc></url></urlset>");
  crawl.run(spider);
  CHECK(crawl.log.contains("Ignoring invalid sitemap: <200 http://e.com/html.xml>"));
  CHECK(crawl.log.contains("Ignoring sitemap <200 http://e.com/cut.xml.gz>"));
  CHECK(crawl.log.contains("Ignoring sitemap <200 http://e.com/bomb.xml.gz>"));
  CHECK(crawl.log.contains("Sitemap http://e.com/entities.xml ends early"));
  CHECK(crawl.site.request("http://e.com/1") != nullptr);
  CHECK(crawl.site.request("http://e.com/zipped") == nullptr);
}

TEST_CASE("a pattern that is none ends the crawl at its start") {
  Shop spider;
  SiteCrawl crawl;
  spider.sitemapRules = {{"(", Callback()}};
  crawl.run(spider);
  CHECK(crawl.engine->closeReason() == "start_error");
  CHECK(crawl.log.contains("the sitemap pattern \"(\" is no regular expression"));
}
