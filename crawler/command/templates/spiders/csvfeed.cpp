// Run it: weft runspider template_name.cpp -O template_name.jsonl
#include <weft/crawler.hpp>

using namespace weft;

struct TemplateItem {
  std::string id, name;
};
WEFT_ITEM(TemplateItem, id, name)

class TemplateSpider : public CsvFeedSpider {
 public:
  TemplateSpider() : CsvFeedSpider("template_name") {
    allowedDomains = {"template.example"};
    startUrls = {"https://template.example/"};
    // delimiter = ';';
    // headers = {"id", "name"};                       // for a feed whose first row does not name its columns
  }

  Results parseRow(const Response&, CsvRow row) override {
    TemplateItem item;
    item.id = row["id"];
    item.name = row["name"];
    co_yield item;
  }
};
WEFT_SPIDER(TemplateSpider)
