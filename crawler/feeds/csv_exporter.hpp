// CsvExporter: items as rows.
#pragma once

#include <weft/crawler/feeds/item_exporter.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// Comma-separated values (RFC 4180), as Python's csv writes them: a header line, CRLF, quotes only where they are needed. The columns are the fields that were named, or those of the first
/// item; fields of later items that have no column are left out, with one warning. Lists are joined by commas, what is within them or nested otherwise is JSON, null is empty. Text that a
/// spreadsheet would take for a formula ("=1+1") is written as it is: whoever opens a feed of strangers' pages in one must see to it.
class CsvExporter final : public ItemExporter {
 public:
  explicit CsvExporter(std::vector<std::string> columns = {}) : columns_(std::move(columns)) {}
  void write(std::string& out, const Item& item, bool first) override;
  /// The header, when nothing was written and the columns are known.
  std::string ending(bool empty) const override;
  /// Takes the columns from the header that stands there.
  void resume(std::string_view beginning) override;

 private:
  std::vector<std::string> columns_, cells_;
  bool warned_ = false;
};

}  // namespace weft::crawler
