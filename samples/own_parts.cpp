// own_parts: a spider with layers of its own around its requests and its callbacks, an extension, and a pipeline for its items.
//
//     build/samples/own_parts --url http://127.0.0.1:8000/catalogue -a key=secret
#include <weft/crawler.hpp>

#include <charconv>
#include <optional>

using namespace weft;

struct Product { std::string name; double price = 0; std::string priceText; };
WEFT_ITEM(Product, name, price)                                              // feeds write these two

// Around each request: sends the key that the site wants, and has a page tried again that the site was too busy to fill.
// [own-middleware]
class ApiKey : public DownloaderMiddleware {
 public:
  ApiKey() : DownloaderMiddleware("ApiKey", 610) {}
  void open(const CrawlContext& crawl) override { crawl_.emplace(crawl); }
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override {
    auto withKey = std::make_shared<Request>(*request);
    withKey->setHeader("X-Api-Key", crawl_->spider.argument("key"));
    auto fetching = next.fetch(std::move(withKey));
    Response response = co_await fetching;
    if (response.status == 200 && response.body.empty() && crawler::mayRetry(*crawl_, *request, "empty page")) co_return Failure(RetryRequest("empty page"));
    co_return response;
  }

 private:
  std::optional<CrawlContext> crawl_;
};
// [/own-middleware]

// Around the callback: leaves out what has no name, and never asks for the way out.
// [own-spider-middleware]
class OnlyNamed : public SpiderMiddleware {
 public:
  OnlyNamed() : SpiderMiddleware("OnlyNamed", 600) {}
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) override {
    auto handling = next.handle(std::move(request), std::move(page));
    Called called = co_await handling;                                       // its results, and the exception that ended it
    std::erase_if(called.results, [](crawler::Result& result) { return result.isItem() && result.item().as<Product>()->name.empty(); });
    co_return called;
  }
  bool accepts(Request& request, const Request* /*from*/) override { return request.url.path() != "/logout"; }
};
// [/own-spider-middleware]

// Beside the crawl: counts the pages that took long.
// [own-extension]
class SlowPages : public Extension {
 public:
  SlowPages() : Extension("SlowPages") {}
  void open(const CrawlContext& crawl) override {
    crawl.signals.responseReceived.connect([&stats = crawl.stats](const Response& response) {
      if (response.downloadLatency > 1) stats.incValue("slow_pages");
    });
  }
};
// [/own-extension]

// Each item: makes a number of the price, and drops what has none.
class Prices : public ItemPipeline {
 public:
  Prices() : ItemPipeline("Prices", 300) {}
  Deferred<> processItem(Item& item) override {
    auto* product = item.as<Product>();
    if (!product) return succeed();
    std::string_view digits = product->priceText;
    while (!digits.empty() && (digits.front() < '0' || digits.front() > '9')) digits.remove_prefix(1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), product->price).ec != std::errc()) throw DropItem("it has no price");
    return succeed();
  }
};

class Catalogue : public Spider {
 public:
  Catalogue() : Spider("catalogue") {
    startUrls = {"http://127.0.0.1:8000/catalogue"};
    downloaderMiddlewares = {std::make_shared<ApiKey>()};
    spiderMiddlewares = {std::make_shared<OnlyNamed>()};
    extensions = {std::make_shared<SlowPages>()};
    pipelines = {std::make_shared<Prices>()};
  }
  Results parse(Response response) override {
    for (auto row : response.css("li.product")) {
      Product product;
      product.name = row.css("b::text").get();
      product.priceText = row.css("i::text").get();
      co_yield product;
    }
    for (Request& next : response.followAll("a.next")) co_yield std::move(next);
  }
};

int main(int argc, char** argv) { return runSpider<Catalogue>(argc, argv); }
