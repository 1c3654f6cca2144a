// quotes: a spider of twenty lines. Crawls `weft demo`, or any site with its markup, and writes each quote as a line of JSON.
//
//     build/weft demo &
//     build/samples/quotes --url http://127.0.0.1:8000/ -o quotes.jsonl

// [readme-spider]
#include <weft/crawler.hpp>

using namespace weft;

struct Quote { std::string text, author; std::vector<std::string> tags; };
WEFT_ITEM(Quote, text, author, tags)

class QuotesSpider : public Spider {
 public:
  QuotesSpider() : Spider("quotes") { startUrls = {"http://127.0.0.1:8000/"}; }
  Results parse(Response response) override {
    for (auto block : response.css("div.quote")) {
      Quote quote;
      quote.text = block.css("span.text::text").get();
      quote.author = block.css("small.author::text").get();
      quote.tags = block.css("a.tag::text").getall();
      co_yield quote;
    }
    if (auto next = response.css("li.next a::attr(href)").first())
      co_yield response.follow(*next, &QuotesSpider::parse);
  }
};

int main(int argc, char** argv) { return runSpider<QuotesSpider>(argc, argv); }
// [/readme-spider]
