// Run it: weft runspider template_name.cpp -O template_name.jsonl
#include <weft/crawler.hpp>

using namespace weft;

struct TemplateItem {
  std::string url, title;
};
WEFT_ITEM(TemplateItem, url, title)

class TemplateSpider : public SitemapSpider {
 public:
  TemplateSpider() : SitemapSpider("template_name") {
    allowedDomains = {"template.example"};
    sitemapUrls = {"https://template.example/"};       // a sitemap, or a robots.txt that names some
    // Which pages, and who gets them: sitemapRules = {{"/product/", &TemplateSpider::parseProduct}};
  }

  Results parse(Response response) override {
    TemplateItem item;
    item.url = response.url.href();
    item.title = response.css("title::text").get();
    co_yield item;
  }
};
WEFT_SPIDER(TemplateSpider)
