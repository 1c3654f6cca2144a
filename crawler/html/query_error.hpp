// QueryError: a CSS selector, an XPath expression or a JMESPath expression that cannot be used.
#pragma once

#include <weft/core/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::html {

/// The root of what queries throw. The text shows the query and points at the place:
///
///     CSS selector 'div >' at column 6: expected a selector after '>'
///       div >
///            ^
class QueryError : public weft::Error {
 public:
  /// `language`: "CSS selector". `column`: of the place, from 1, in characters; 0 if there is no one place.
  QueryError(std::string_view language, std::string_view query, std::size_t column, std::string_view reason);

  std::string query;
  std::size_t column;
  std::string reason;
};

/// The column, from 1, of the byte at `offset` of `query`: characters, not bytes.
std::size_t columnOf(std::string_view query, std::size_t offset) noexcept;

}  // namespace weft::html
