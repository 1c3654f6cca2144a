// Signals: what happens in a crawl, for whoever wants to hear of it.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/core/log.hpp>
#include <weft/crawler/error.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {
class Response;
class Url;
}

namespace weft::crawler {

class Feed;
class Item;
class Request;
class Response;
class RobotsTxt;

/// One kind of event. Handlers are called in the order in which they were connected, on the engine's thread; what one throws is logged and hurts nobody else, but for the exceptions that
/// answer a signal: CloseSpider, DontCloseSpider, StopDownload. A handler may connect and disconnect; a new one hears of the next event first.
///
///     auto id = signal.connect([](const Request& request) { ... });
///     signal.disconnect(id);
template <class... Arguments> class Signal {
 public:
  using Handler = std::function<void(const Arguments&...)>;
  using Id = std::uint64_t;

  explicit Signal(std::string_view name) noexcept : name_(name) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  Id connect(Handler handler) {
    handlers_.emplace_back(++lastId_, std::move(handler));
    return lastId_;
  }
  /// Of an id that is not connected: nothing.
  void disconnect(Id id) {
    for (auto& [own, handler] : handlers_)
      if (own == id) handler = nullptr;                // it may be the one that is running: taken out when none is
    if (!depth_) sweep();
  }
  /// Is nobody listening? Then there is no need to prepare what send() would be given.
  bool empty() const noexcept { return handlers_.empty(); }
  /// Gives the first answer that a handler threw; a Failure of nothing when there was none.
  Failure send(const Arguments&... arguments) {
    Failure answer{std::exception_ptr()};
    if (handlers_.empty()) return answer;
    ++depth_;
    const std::size_t count = handlers_.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (!handlers_[i].second) continue;
      const Handler handler = handlers_[i].second;     // a handler that connects may move the others
      try {
        handler(arguments...);
      } catch (...) {
        const Failure failure;
        if (!failure.check<CloseSpider, DontCloseSpider, StopDownload>()) log::error("weft.crawler.signals", "a handler of ", name_, " failed: ", failure);
        else if (!answer.exception()) answer = failure;
      }
    }
    if (!--depth_) sweep();
    return answer;
  }
  std::string_view name() const noexcept { return name_; }

 private:
  void sweep() {
    std::erase_if(handlers_, [](const auto& entry) { return !entry.second; });
  }

  const std::string_view name_;
  std::vector<std::pair<Id, Handler>> handlers_;
  Id lastId_ = 0;
  int depth_ = 0;                                      // of send() within send()
};

/// The signals of one crawl, all of Scrapy's, in about the order in which they come. What a signal names is referred to, and only while its handlers run.
struct Signals {
  /// The spider has been made and told of the crawl; nothing has been asked for yet.
  Signal<> spiderOpened{"spider_opened"};
  /// The crawl begins: the start requests come next.
  Signal<> engineStarted{"engine_started"};
  /// A request that a spider yielded goes to the frontier, which may know it already.
  Signal<Request> requestScheduled{"request_scheduled"};
  /// A request does not get to the frontier: it is known already, leads off the site, or there is no room for it.
  Signal<Request> requestDropped{"request_dropped"};
  /// A worker has nothing to do, as no request is waiting. It may come often.
  Signal<> schedulerEmpty{"scheduler_empty"};
  /// A request is sent: inside of all middlewares, each robots.txt and each attempt among them.
  Signal<Request> requestReachedDownloader{"request_reached_downloader"};
  /// The head of a response is there, its body is not. Answer with StopDownload if that is enough.
  Signal<http::Response, Request> headersReceived{"headers_received"};
  /// A piece of a body is there, decoded. Answer with StopDownload if you have seen enough.
  Signal<std::string_view, Request> bytesReceived{"bytes_received"};
  /// A response is there in full: inside of all middlewares, each robots.txt and each attempt among them.
  Signal<Response> responseDownloaded{"response_downloaded"};
  /// A request that reached the downloader has ended, with a response or without.
  Signal<Request> requestLeftDownloader{"request_left_downloader"};
  /// A site's robots.txt was read: a URL of the site, and its rules for this crawl's user agent.
  Signal<http::Url, RobotsTxt> robotsParsed{"robots_parsed"};
  /// A response came through the middlewares, and is about to be given to the spider.
  Signal<Response> responseReceived{"response_received"};
  /// A callback or errback for that request failed.
  Signal<Failure, Request> spiderError{"spider_error"};
  /// An item came through the pipelines, and is about to be written.
  Signal<Item> itemScraped{"item_scraped"};
  /// A pipeline dropped an item: the failure is a DropItem.
  Signal<Item, Failure> itemDropped{"item_dropped"};
  /// A pipeline failed over an item.
  Signal<Item, Failure> itemError{"item_error"};
  /// The process has grown beyond MEMUSAGE_WARNING_MB.
  Signal<> memusageWarningReached{"memusage_warning_reached"};
  /// Nothing is waiting, and nothing under way: the crawl ends, unless a handler brings new requests (CrawlControl::crawl()) or answers with DontCloseSpider. CloseSpider gives it another
  /// reason.
  Signal<> spiderIdle{"spider_idle"};
  /// A feed is complete and closed.
  Signal<Feed> feedSlotClosed{"feed_slot_closed"};
  /// All feeds are complete and closed.
  Signal<> feedExporterClosed{"feed_exporter_closed"};
  /// The crawl has ended, for that reason; the feeds are closed.
  Signal<std::string> spiderClosed{"spider_closed"};
  /// The last signal of a crawl.
  Signal<> engineStopped{"engine_stopped"};
};

}  // namespace weft::crawler
