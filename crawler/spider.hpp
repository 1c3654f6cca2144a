// Spider: what a user of the crawler writes.
#pragma once

#include <weft/crawler/contract.hpp>
#include <weft/crawler/error.hpp>
#include <weft/crawler/item.hpp>
#include <weft/crawler/request.hpp>
#include <weft/crawler/response.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

class DownloaderMiddleware;
class Extension;
class ItemPipeline;
class SpiderMiddleware;

/// One thing that a callback yields: an item or a request.
class Result {
 public:
  template <ItemType T> Result(T item) : item_(std::move(item)) {}
  Result(Item item) noexcept : item_(std::move(item)) {}
  Result(Request request) noexcept : request_(std::move(request)) {}

  bool isItem() const noexcept { return static_cast<bool>(item_); }
  Item& item() noexcept { return item_; }
  Request& request() noexcept { return request_; }

 private:
  Item item_;
  Request request_;
};

/// The base of every spider: where to start, and what to do with what comes back.
///
///     struct Quote { std::string text, author; };
///     WEFT_ITEM(Quote, text, author)
///
///     class QuotesSpider : public Spider {
///      public:
///       QuotesSpider() : Spider("quotes") { startUrls = {"https://quotes.toscrape.com/"}; }
///       Results parse(Response response) override {
///         for (auto block : response.css("div.quote")) {
///           Quote quote;
///           quote.text = block.css("span.text::text").get();
///           quote.author = block.css("small.author::text").get();
///           co_yield quote;
///         }
///         if (auto next = response.css("li.next a::attr(href)").first()) co_yield response.follow(*next, &QuotesSpider::parse);
///       }
///     };
///     WEFT_SPIDER(QuotesSpider)
///
/// Its methods are called on one thread, so it needs no locks. An exception that leaves a callback costs that page: it is logged with the URL and counted, what the
/// callback yielded before stays, and the crawl goes on.
class Spider {
 public:
  explicit Spider(std::string name) : name(std::move(name)) {}
  Spider(const Spider&) = delete;
  Spider& operator=(const Spider&) = delete;
  virtual ~Spider();

  const std::string name;
  std::vector<std::string> startUrls;
  /// Hosts (with all below them) that requests may go to; empty: any. Requests elsewhere are dropped and counted.
  std::vector<std::string> allowedDomains;
  /// Settings of this spider, by name. `-s` on the command line goes before them.
  std::map<std::string, std::string> customSettings;
  /// Layers around the fetching of its pages, beside weft's own, see DownloaderMiddleware.
  std::vector<std::shared_ptr<DownloaderMiddleware>> downloaderMiddlewares;
  /// Layers around its callbacks, beside weft's own, see SpiderMiddleware.
  std::vector<std::shared_ptr<SpiderMiddleware>> spiderMiddlewares;
  /// What listens to its crawl, see Extension.
  std::vector<std::shared_ptr<Extension>> extensions;
  /// What its items go through before they are written, see ItemPipeline.
  std::vector<std::shared_ptr<ItemPipeline>> pipelines;
  /// Names of callbacks and errbacks, for jobs: a callback that is named here is found again by another build of the program. One that is not is found by the same build only.
  ///
  ///     callbacks = {{"parseAuthor", &QuotesSpider::parseAuthor}};
  std::map<std::string, Callback> callbacks;
  std::map<std::string, Errback> errbacks;
  /// What its callbacks promise of some pages, for `weft check`.
  std::vector<Contract> contracts;
  /// Do callbacks see every status? Else only 200 to 299, and those that are listed here.
  bool handleHttpstatusAll = false;
  std::vector<int> handleHttpstatusList;

  /// Is told the `-a NAME=VALUE` pairs of the command line, before startRequests(). This one keeps them for argument(). Throw SpiderError for what you cannot read.
  virtual void setArguments(std::map<std::string, std::string> arguments) { arguments_ = std::move(arguments); }
  /// The value of `-a name=...`, or the fallback. A view into the spider.
  std::string_view argument(std::string_view name, std::string_view fallback = {}) const noexcept;

  /// Where the crawl begins; a request for each of startUrls unless you say otherwise. Pulled as the crawl has room, so it may go on for ever.
  virtual Results startRequests();
  /// The callback of requests that name none. Fails with SpiderError unless you write one.
  virtual Results parse(Response response);
  /// Called when the crawl has ended, with its close reason: "finished", "shutdown"…
  virtual void closed(std::string_view reason);

  /// Scrapy's engine.download(): fetches a page from within a callback, now, and gives its response whatever the status. It goes through the crawl's downloader, with its middlewares, cookies,
  /// politeness (it waits for its host's turn), redirects and retries; it is not filtered as a duplicate, and no callback is called. It is not part of a job's journal: what was fetched is
  /// fetched again when the page that needs it is. Counted as inline/request_count, and in downloader/*. On the thread of the callback.
  ///
  ///     Response prices = co_await fetch(response.follow("prices.json"));
  ///
  /// Fails as the downloader does, with IgnoreRequest (not http, too many redirects, forbidden by robots.txt), and with SpiderError when the spider is not being run. cancel: gives the
  /// request up; a crawl that is aborted cancels its callbacks.
  Deferred<Response> fetch(Request request);

  /// Was this URL requested before? A hint that saves work: what you yield is filtered anyway. False when the spider is not being run.
  bool seen(const http::Url& url) const { return seen_ && seen_->seen(url); }

  /// What seen() asks; the engine's.
  class SeenUrls {
   public:
    virtual bool seen(const http::Url& url) const = 0;
    /// From now on seen() may be called on any thread.
    virtual void shareSeen() = 0;

   protected:
    ~SeenUrls() = default;
  };
  void setSeenUrls(const SeenUrls* seen) noexcept { seen_ = seen; }

  /// What fetch() asks; the engine's, or that of the spider's thread.
  class Fetcher {
   public:
    virtual Deferred<Response> fetchNow(Request request) = 0;

   protected:
    ~Fetcher() = default;
  };
  void setFetcher(Fetcher* fetcher) noexcept { fetcher_ = fetcher; }

 private:
  std::map<std::string, std::string> arguments_;
  const SeenUrls* seen_ = nullptr;
  Fetcher* fetcher_ = nullptr;
};

/// How a spider is made.
using SpiderFactory = std::unique_ptr<Spider> (*)();

/// The spiders of this program, by name.
class SpiderRegistry {
 public:
  static void add(SpiderFactory factory);
  /// Sorted.
  static std::vector<std::string> names();
  /// Throws SpiderError, with a suggestion, when there is none of that name.
  static std::unique_ptr<Spider> create(std::string_view name);
};

namespace detail {
struct SpiderRegistration {
  explicit SpiderRegistration(SpiderFactory factory) { SpiderRegistry::add(factory); }
};
}  // namespace detail

}  // namespace weft::crawler

namespace weft {
using crawler::Item;
using crawler::Request;
using crawler::Response;
using crawler::Results;
using crawler::Selector;
using crawler::SelectorList;
using crawler::Spider;
}  // namespace weft

/// Makes a spider known to the program by its name, so that `crawl NAME` finds it. Stands after the class, in the same file and namespace.
#define WEFT_SPIDER(Class)                                                                                                 \
  [[maybe_unused]] static const ::weft::crawler::detail::SpiderRegistration weftRegistered##Class{                         \
      []() -> std::unique_ptr<::weft::crawler::Spider> { return std::make_unique<Class>(); }};
