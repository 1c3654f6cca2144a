#include <weft/crawler/extensions/memory_usage.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/stats.hpp>

#include <unistd.h>

#include <fstream>

namespace weft::crawler {

namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

}  // namespace

MemoryUsage::~MemoryUsage() {
  if (again_.active()) again_.cancel();
}

std::int64_t MemoryUsage::residentMemory() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t all = 0, resident = 0;
  if (!(statm >> all >> resident)) return 0;
  return resident * ::sysconf(_SC_PAGESIZE);
}

void MemoryUsage::open(const CrawlContext& crawl) {
  if (!crawl.settings.memusageEnabled) return;
  crawl_.emplace(crawl);
  crawl.signals.engineStarted.connect([this] {
    crawl_->stats.setValue("memusage/startup", resident_());
    check();
  });
  crawl.signals.spiderClosed.connect([this](const std::string&) {
    if (again_.active()) again_.cancel();
  });
}

void MemoryUsage::check() {
  const std::int64_t now = resident_();
  const Settings& settings = crawl_->settings;
  crawl_->stats.maxValue("memusage/max", now);
  if (settings.memusageLimitMb && now > settings.memusageLimitMb * kMegabyte) {
    crawl_->stats.setValue("memusage/limit_reached", 1);
    kMemoryUsageLog.error("Memory usage of ", now / kMegabyte, " MB exceeds MEMUSAGE_LIMIT_MB=", settings.memusageLimitMb, ". Shutting down...");
    crawl_->control.stop("memusage_exceeded");
    return;
  }
  if (settings.memusageWarningMb && now > settings.memusageWarningMb * kMegabyte && !warned_) {
    warned_ = true;
    crawl_->stats.setValue("memusage/warning_reached", 1);
    kMemoryUsageLog.warning("Memory usage of ", now / kMegabyte, " MB has reached MEMUSAGE_WARNING_MB=", settings.memusageWarningMb);
    crawl_->signals.memusageWarningReached.send();
  }
  again_ = crawl_->clock.callLater(settings.memusageCheckIntervalSeconds, [this] { check(); });
}

}  // namespace weft::crawler
