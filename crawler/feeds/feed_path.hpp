// Feed paths with %(name)s in them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weft::crawler {

/// Puts values in for `%(key)s` and `%(key)d`, as Scrapy does in feed URIs; any other % stays. A number may have a width, with zeros: `%(batch_id)05d`. Of values that come from outside only what may
/// stand in one part of a path is taken: '/' and control characters become '_'. Throws SettingError for a key that there is not, with a suggestion.
///
///     expandFeedPath("out/%(name)s-%(batch_id)03d.csv", {{"name", "quotes"}, {"batch_id", "7"}})      // out/quotes-007.csv
std::string expandFeedPath(std::string_view path, const std::map<std::string, std::string>& values);

/// Does the path have such a place?
bool feedPathHas(std::string_view path, std::string_view key) noexcept;

/// A time as Scrapy writes it into file names: UTC, "2026-11-27T04-05-06", and with microseconds for batches.
std::string feedTime(std::chrono::system_clock::time_point time, bool microseconds = false);

}  // namespace weft::crawler
