// MemoryUsage: an eye on how large the process grows.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/crawler/extension.hpp>

#include <cstdint>
#include <functional>
#include <optional>

namespace weft::crawler {

/// Looks at the process's resident memory every MEMUSAGE_CHECK_INTERVAL_SECONDS: beyond MEMUSAGE_WARNING_MB it warns once (memusage_warning_reached), beyond MEMUSAGE_LIMIT_MB the crawl ends as
/// "memusage_exceeded", with what is in flight finished. Stats memusage/startup and memusage/max, in bytes, memusage/warning_reached, memusage/limit_reached.
class MemoryUsage final : public Extension {
 public:
  /// `resident` gives the memory in use, in bytes; that of the process unless a test says otherwise.
  explicit MemoryUsage(std::function<std::int64_t()> resident = residentMemory) : Extension("MemoryUsage"), resident_(std::move(resident)) {}
  ~MemoryUsage() override;
  void open(const CrawlContext& crawl) override;

  /// Of this process, in bytes; 0 where the system does not tell.
  static std::int64_t residentMemory();

 private:
  void check();

  const std::function<std::int64_t()> resident_;
  std::optional<CrawlContext> crawl_;
  DelayedCall again_;
  bool warned_ = false;
};

}  // namespace weft::crawler
