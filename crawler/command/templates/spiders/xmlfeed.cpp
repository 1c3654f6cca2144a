// Run it: weft runspider template_name.cpp -O template_name.jsonl
#include <weft/crawler.hpp>

using namespace weft;

struct TemplateItem {
  std::string title, link;
};
WEFT_ITEM(TemplateItem, title, link)

class TemplateSpider : public XmlFeedSpider {
 public:
  TemplateSpider() : XmlFeedSpider("template_name") {
    allowedDomains = {"template.example"};
    startUrls = {"https://template.example/"};
    itertag = "item";                                  // the element that stands for one entry
  }

  Results parseNode(const Response&, Selector node) override {
    TemplateItem item;
    item.title = node.xpath("title/text()").get();
    item.link = node.xpath("link/text()").get();
    co_yield item;
  }
};
WEFT_SPIDER(TemplateSpider)
