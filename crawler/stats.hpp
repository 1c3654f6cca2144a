// Stats: the crawl's counters, under Scrapy's keys.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace weft::crawler {

/// Counters by name. One thread at a time. Code that counts per page keeps the reference that counter() gives: it stays valid for the life of the Stats, and counting
/// is then one addition.
class Stats {
 public:
  /// The counter of that name, 0 at first.
  std::int64_t& counter(std::string_view key) {
    const auto found = counters_.find(key);
    return found != counters_.end() ? found->second : counters_.emplace(key, 0).first->second;
  }
  void incValue(std::string_view key, std::int64_t by = 1) { counter(key) += by; }
  void setValue(std::string_view key, std::int64_t value) { counter(key) = value; }
  void maxValue(std::string_view key, std::int64_t value) {
    std::int64_t& held = counter(key);
    if (value > held) held = value;
  }
  /// 0 when nothing was counted under that name.
  std::int64_t getValue(std::string_view key) const {
    const auto found = counters_.find(key);
    return found == counters_.end() ? 0 : found->second;
  }
  /// All of them, sorted by name.
  const std::map<std::string, std::int64_t, std::less<>>& getStats() const noexcept { return counters_; }

 private:
  std::map<std::string, std::int64_t, std::less<>> counters_;
};

/// A counter that weft keeps itself: its key, and what it counts. A key that ends in TYPE, STATUS or REASON stands for as many counters as there are of these: failed_count/TYPE is
/// failed_count/DnsLookupError and so on.
struct StatInfo {
  std::string_view key, meaning;
};
/// All of them, sorted by key. Spiders and extensions may keep others.
std::span<const StatInfo> allStats() noexcept;
/// Of the counter with that key; nullptr when it is none of weft's own.
const StatInfo* statInfo(std::string_view key) noexcept;

}  // namespace weft::crawler
