#include <weft/crawler/internal/wanted_statuses.hpp>

#include <charconv>
#include <cstddef>
#include <system_error>

namespace weft::crawler::internal {

std::optional<std::vector<int>> parseStatuses(std::string_view list) {
  std::vector<int> statuses;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    std::string_view one = list.substr(at, end - at);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    int status = 0;
    const auto [rest, error] = std::from_chars(one.data(), one.data() + one.size(), status);
    if (error != std::errc() || rest != one.data() + one.size() || status < 100 || status > 999) return std::nullopt;
    statuses.push_back(status);
    at = end + 1;
  }
  return statuses;
}

}  // namespace weft::crawler::internal
