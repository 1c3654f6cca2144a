// sitemap: the title of each page that a site's sitemaps name.
//
//     build/samples/sitemap --url https://example.com/robots.txt
#include <weft/crawler.hpp>

using namespace weft;

struct Page { std::string url, title; };
WEFT_ITEM(Page, url, title)

class TitlesSpider : public SitemapSpider {
 public:
  TitlesSpider() : SitemapSpider("titles") {
    sitemapRules = {{"/articles/", &TitlesSpider::parseArticle}};            // other pages are left out
  }
  bool sitemapFilter(crawler::SitemapEntry& entry) override { return entry.lastmod.empty() || entry.lastmod >= argument("since", "0"); }

  Results parseArticle(Response response) {
    Page page;
    page.url = response.url.href();
    page.title = response.css("title::text").get();
    co_yield page;
  }
};

int main(int argc, char** argv) { return runSpider<TitlesSpider>(argc, argv); }
