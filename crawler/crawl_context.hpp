// CrawlContext: what the parts of one crawl have in common.
#pragma once

namespace weft {
class Clock;
}

namespace weft::crawler {

class Spider;
class Stats;
struct Settings;
struct Signals;

/// What middlewares and other components of a crawl are made with (Scrapy's `crawler`). All of it is referred to, and outlives them.
struct CrawlContext {
  Spider& spider;
  const Settings& settings;
  Stats& stats;
  Signals& signals;
  Clock& clock;
};

}  // namespace weft::crawler
