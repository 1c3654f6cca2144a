// Extension: something that listens to a crawl.
#pragma once

#include <weft/crawler/crawl_context.hpp>

#include <string>
#include <utility>

namespace weft::crawler {

/// A component that only wants to hear what happens, and to count it: it connects to signals when the crawl is made. A spider lists its extensions.
///
///     class SlowPages : public Extension {
///      public:
///       SlowPages() : Extension("SlowPages") {}
///       void open(const CrawlContext& crawl) override {
///         crawl.signals.responseReceived.connect([&stats = crawl.stats](const Response& response) {
///           if (response.downloadLatency > 1) stats.incValue("slow_pages");
///         });
///       }
///     };
///     MySpider() : Spider("mine") { extensions = {std::make_shared<SlowPages>()}; }
///
/// The setting EXTENSIONS gives one another place, or takes it out: {"SlowPages": null}. One thread, the engine's.
class Extension {
 public:
  explicit Extension(std::string name, int order = 500) : name(std::move(name)), order(order) {}
  Extension(const Extension&) = delete;
  Extension& operator=(const Extension&) = delete;
  virtual ~Extension() = default;

  const std::string name;
  const int order;

  /// Before the first request. What the context refers to lives as long as the crawl's signals come.
  virtual void open(const CrawlContext& crawl) = 0;
};

}  // namespace weft::crawler

namespace weft {
using crawler::Extension;
}  // namespace weft
