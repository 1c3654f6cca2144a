// Run it: weft runspider template_name.cpp -O template_name.jsonl
#include <weft/crawler.hpp>

using namespace weft;

struct TemplateItem {
  std::string url, title;
};
WEFT_ITEM(TemplateItem, url, title)

class TemplateSpider : public Spider {
 public:
  TemplateSpider() : Spider("template_name") {
    allowedDomains = {"template.example"};
    startUrls = {"https://template.example/"};
    contracts = {Contract("parse").url("https://template.example/").returnsItems(1).scrapes({"url", "title"})};       // weft check
  }

  Results parse(Response response) override {
    TemplateItem item;
    item.url = response.url.href();
    item.title = response.css("title::text").get();
    co_yield item;
    // A page behind this one: co_yield response.follow(href, &TemplateSpider::parse);
  }
};
WEFT_SPIDER(TemplateSpider)
