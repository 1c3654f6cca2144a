// The meta keys that the crawler itself reads.
#pragma once

#include <weft/crawler/request.hpp>

#include <optional>
#include <string_view>

namespace weft::crawler::internal {

/// Throws RequestError when `key` is one of Scrapy's and `value` is none of its values, or when it is a field of Request. Other keys are the spider's own.
void checkMeta(std::string_view key, std::string_view value);

/// The value of a key that is a yes or no; false when it was not set.
bool metaFlag(const Request& request, std::string_view key) noexcept;
/// The value of a key that is a number.
std::optional<double> metaNumber(const Request& request, std::string_view key) noexcept;

}  // namespace weft::crawler::internal
