// Run it: weft runspider template_name.cpp -O template_name.jsonl
#include <weft/crawler.hpp>

using namespace weft;

struct TemplateItem {
  std::string url, title;
};
WEFT_ITEM(TemplateItem, url, title)

class TemplateSpider : public CrawlSpider {
 public:
  TemplateSpider() : CrawlSpider("template_name") {
    allowedDomains = {"template.example"};
    startUrls = {"https://template.example/"};
    callbacks = {{"parseItem", &TemplateSpider::parseItem}};
    // Which links are followed, and who gets their pages: LinkExtractor().allow("/items/") takes only some.
    rules.emplace_back(LinkExtractor()).setCallback(&TemplateSpider::parseItem).setFollow(true);
  }

  Results parseItem(Response response) {
    TemplateItem item;
    item.url = response.url.href();
    item.title = response.css("title::text").get();
    co_yield item;
  }
};
WEFT_SPIDER(TemplateSpider)
