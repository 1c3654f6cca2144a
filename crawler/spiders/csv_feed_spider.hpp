// CsvFeedSpider: the rows of a CSV feed, one by one.
#pragma once

#include <weft/crawler/spider.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A row of a feed: its fields by the names of the columns. A value.
class CsvRow {
 public:
  CsvRow(std::vector<std::string> names, std::vector<std::string> values) : names_(std::move(names)), values_(std::move(values)) {}

  /// The field of that column; "" where there is none of that name. A view into the row.
  std::string_view operator[](std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept;
  const std::vector<std::string>& names() const noexcept { return names_; }
  const std::vector<std::string>& values() const noexcept { return values_; }

 private:
  std::vector<std::string> names_, values_;
};

/// Gives each row of a CSV feed to parseRow(). Scrapy's CSVFeedSpider. The feed is decoded as any page is; how rows are read: see CsvReader.
///
///     class Prices : public CsvFeedSpider {
///      public:
///       Prices() : CsvFeedSpider("prices") {
///         startUrls = {"https://shop.example/prices.csv"};
///         delimiter = ';';
///       }
///       Results parseRow(const Response&, CsvRow row) override {
///         Price price;
///         price.product = row["product"];
///         co_yield price;
///       }
///     };
class CsvFeedSpider : public Spider {
 public:
  explicit CsvFeedSpider(std::string name) : Spider(std::move(name)) {}

  char delimiter = ',';
  char quotechar = '"';                                ///< '\0': there are no quotes
  /// The names of the columns; if there are none here, the first row has them.
  std::vector<std::string> headers;

  /// One row. Those with more or fewer fields than there are columns are logged and left out. The response lives as long as the generator.
  virtual Results parseRow(const Response& response, CsvRow row) = 0;
  /// May change the feed before it is read.
  virtual void adaptResponse(Response& response);
  /// Is shown each item and request that parseRow() yields, and may change it. False drops it. (process_results)
  virtual bool processResult(Result& result);

  Results parse(Response response) override;
};

}  // namespace weft::crawler

namespace weft {
using crawler::CsvFeedSpider;
using crawler::CsvRow;
}  // namespace weft
