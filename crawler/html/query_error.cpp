#include <weft/crawler/html/query_error.hpp>

namespace weft::html {
namespace {

constexpr std::size_t kMostShown = 400;  // of a query, in a message

std::string message(std::string_view language, std::string_view query, std::size_t column, std::string_view reason) {
  std::string out(language);
  if (query.size() > kMostShown) {
    out += " of " + std::to_string(query.size()) + " bytes";
  } else {
    (out += " '").append(query) += '\'';
  }
  if (column) out += " at column " + std::to_string(column);
  (out += ": ").append(reason);
  if (column && query.size() <= kMostShown && query.find('\n') == std::string_view::npos)
    (out += "\n  ").append(query) += "\n  " + std::string(column - 1, ' ') + "^";
  return out;
}

}  // namespace

QueryError::QueryError(std::string_view language, std::string_view query, std::size_t column, std::string_view reason)
    : weft::Error(message(language, query, column, reason)), query(query), column(column), reason(reason) {}

std::size_t columnOf(std::string_view query, std::size_t offset) noexcept {
  std::size_t column = 1;
  for (std::size_t i = 0; i < offset && i < query.size(); ++i)
    column += (static_cast<unsigned char>(query[i]) & 0xC0) != 0x80;
  return column;
}

}  // namespace weft::html
