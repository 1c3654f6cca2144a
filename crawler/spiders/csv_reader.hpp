// CsvReader: rows of comma-separated values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// Reads RFC 4180 and its kin, as Python's csv module does: a quoted field may hold delimiters, line ends and doubled quotes; what follows the closing quote belongs to the field; lines end
/// with CRLF, LF or CR; empty ones are passed over. A quote that is never closed ends with the text.
///
///     CsvReader rows("a;b\n1;\"x;y\"\n", ';');
///     while (auto row = rows.next()) ...                 // {"a", "b"}, {"1", "x;y"}
class CsvReader {
 public:
  /// The text is referred to. With a quote of '\0' there are no quotes.
  explicit CsvReader(std::string_view text, char delimiter = ',', char quote = '"') noexcept : rest_(text), delimiter_(delimiter), quote_(quote) {}

  /// The next row; nullopt after the last.
  std::optional<std::vector<std::string>> next();
  /// Of the row that next() gave last, counted in lines from 1: where it begins.
  std::size_t line() const noexcept { return line_; }

 private:
  std::string field();

  std::string_view rest_;
  char delimiter_, quote_;
  std::size_t line_ = 0, lines_ = 1;
};

}  // namespace weft::crawler
