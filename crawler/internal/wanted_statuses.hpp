// Which statuses a callback has asked for.
#pragma once

#include <weft/crawler/request.hpp>
#include <weft/crawler/spider.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace weft::crawler::internal {

/// Is the status one of handleHttpstatusList, the request's own or else the spider's? Or does either want all?
inline bool wantsStatus(const Spider& spider, const Request& request, int status) noexcept {
  if (request.handleHttpstatusAll || spider.handleHttpstatusAll) return true;
  const std::span<const int> own = request.handleHttpstatusList();
  const std::span<const int> statuses = own.empty() ? std::span<const int>(spider.handleHttpstatusList) : own;
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

/// "404, 410" into its numbers, none from an empty text; nothing when one of them is no status.
std::optional<std::vector<int>> parseStatuses(std::string_view list);

}  // namespace weft::crawler::internal
