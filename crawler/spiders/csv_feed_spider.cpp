#include <weft/crawler/spiders/csv_feed_spider.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/spiders/csv_reader.hpp>

#include <algorithm>

namespace weft::crawler {

std::string_view CsvRow::operator[](std::string_view name) const noexcept {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? std::string_view() : std::string_view(values_[static_cast<std::size_t>(found - names_.begin())]);
}

bool CsvRow::has(std::string_view name) const noexcept { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

void CsvFeedSpider::adaptResponse(Response&) {}

bool CsvFeedSpider::processResult(Result&) { return true; }

Results CsvFeedSpider::parse(Response response) {
  adaptResponse(response);
  CsvReader rows(response.text(), delimiter, quotechar);
  std::vector<std::string> names = headers;
  while (auto row = rows.next()) {
    if (names.empty()) {
      names = std::move(*row);
      continue;
    }
    if (row->size() != names.size()) {
      log::warning("weft.crawler.csv", response.url.href(), ": ignoring the row in line ", rows.line(), " (length: ", row->size(), ", should be: ", names.size(), ")");
      continue;
    }
    Results results = parseRow(response, CsvRow(names, std::move(*row)));
    while (auto result = co_await results.next())
      if (processResult(*result)) co_yield std::move(*result);
  }
}

}  // namespace weft::crawler
