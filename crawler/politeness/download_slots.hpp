// DownloadSlots: what DOWNLOAD_SLOTS says of single hosts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weft::crawler {

/// Of one slot, in place of the settings for all.
struct DownloadSlot {
  std::optional<int> concurrency;
  std::optional<double> delay;                         ///< seconds
  std::optional<bool> randomizeDelay;
};

using DownloadSlots = std::map<std::string, DownloadSlot, std::less<>>;

/// Reads DOWNLOAD_SLOTS, a JSON object: {"example.com": {"concurrency": 1, "delay": 2.5, "randomize_delay": false}}. Empty text: no slots. Throws SettingError.
DownloadSlots parseDownloadSlots(std::string_view text);

}  // namespace weft::crawler
