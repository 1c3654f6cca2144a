// QuotesSpider: every quote of the demo site, which `weft demo` serves.
#include "../items.hpp"
#include "../pipelines.hpp"

#include <weft/crawler.hpp>

using namespace weft;

class QuotesSpider : public Spider {
 public:
  QuotesSpider() : Spider("quotes") {
    startUrls = {"http://127.0.0.1:8000/"};
    contracts = {Contract("parse").url("http://127.0.0.1:8000/").returnsItems(1, 10).returnsRequests(0, 1).scrapes({"text", "author"})};
    pipelines = {std::make_shared<AuthorsOnly>()};
  }

  Results parse(Response response) override {
    for (auto block : response.css("div.quote")) {
      Quote quote;
      quote.text = block.css("span.text::text").get();
      quote.author = block.css("small.author::text").get();
      quote.tags = block.css("a.tag::text").getall();
      co_yield quote;
    }
    if (auto next = response.css("li.next a::attr(href)").first()) co_yield response.follow(*next, &QuotesSpider::parse);
  }
};
WEFT_SPIDER(QuotesSpider)
