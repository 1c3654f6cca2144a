// TrapGuardMiddleware: the end of what would never end.
#pragma once

#include <weft/crawler/middlewares/spider_middleware.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {
class Url;
}

namespace weft::crawler {

/// Keeps a crawl out of crawler traps: calendars that lead to the next month for ever, links with a new session id each time, relative links that pile up in the path. Two rules, both counted
/// as trap/request_ignored_count, and logged once for each trap:
///
/// - URLs that differ in numbers and ids alone are of one pattern (`/calendar/#/#`). When TRAP_GUARD_PAGES pages of a pattern, one after the other, say nothing that pages of it have not
///   said before (dates and small numbers left out), its other URLs are not requested any more. A page of text, a picture or a large number that is new begins the count again.
/// - Paths of eight segments and more that repeat one to four of them more than three times in a row are not requested.
///
/// Patterns without a number or an id are never held back. TRAP_GUARD_ENABLED=false switches it off. What it remembers is bounded, and of this run: a job that is resumed begins the count again.
class TrapGuardMiddleware final : public SpiderMiddleware {
 public:
  TrapGuardMiddleware() : SpiderMiddleware("TrapGuardMiddleware", 650) {}
  void open(const CrawlContext& crawl) override;
  Deferred<Called> handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) override;
  bool accepts(Request& request, const Request* from) override;

 private:
  struct Pattern {
    std::uint64_t print = 0;
    std::uint32_t pages = 0, barren = 0;               // seen; looked at in a row that said nothing new
    bool closed = false;
  };
  Pattern& place(std::uint64_t print) noexcept { return patterns_[print % patterns_.size()]; }
  bool saysNothingNew(std::uint64_t pattern, const Response& page) noexcept;

  std::optional<CrawlContext> crawl_;
  std::vector<Pattern> patterns_;                      // a table where what collides is forgotten: at worst a trap is found later
  std::vector<std::uint64_t> said_;                    // the same, of a page's words
  std::size_t closed_ = 0;
  std::string shape_;                                  // a buffer
  std::string repeating_;                              // the host of the last path that repeated itself and was logged
};

namespace trap {

/// Host, path and query, with each number and id of the latter two as '#', into `shape`. False when there is none of them.
bool shapeOf(const http::Url& url, std::string& shape);
/// Has the path eight segments, and repeats one to four of them more than three times in a row?
bool repeatsItself(std::string_view path) noexcept;
/// A print of what a page shows: its text without tags, scripts, styles, white space, dates and numbers below 32, and the sources of its images and frames.
std::uint64_t printOf(std::string_view html) noexcept;

}  // namespace trap

}  // namespace weft::crawler
