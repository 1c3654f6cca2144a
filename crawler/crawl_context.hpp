// CrawlContext: what the parts of one crawl have in common.
#pragma once

#include <string_view>

namespace weft {
class Clock;
}

namespace weft::crawler {

class Request;
class Spider;
class Stats;
struct Settings;
struct Signals;

/// What a component may do to the crawl that it belongs to; the engine's. One thread, the engine's.
class CrawlControl {
 public:
  /// Has another request made, as if a spider had yielded it at depth 0. It is dropped when the crawl has been stopped.
  virtual void crawl(Request request) = 0;
  /// Ends the crawl with that close reason: what is in flight is finished. The first one counts.
  virtual void stop(std::string_view reason) = 0;

 protected:
  ~CrawlControl() = default;
};

/// What middlewares and other components of a crawl are made with (Scrapy's `crawler`). All of it is referred to, and outlives them.
struct CrawlContext {
  Spider& spider;
  const Settings& settings;
  Stats& stats;
  Signals& signals;
  Clock& clock;
  CrawlControl& control;
};

}  // namespace weft::crawler
