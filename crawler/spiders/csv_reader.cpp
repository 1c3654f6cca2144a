#include <weft/crawler/spiders/csv_reader.hpp>

namespace weft::crawler {

std::optional<std::vector<std::string>> CsvReader::next() {
  const auto takeLineEnd = [this] {
    if (rest_.empty() || (rest_.front() != '\n' && rest_.front() != '\r')) return false;
    rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
    ++lines_;
    return true;
  };
  while (takeLineEnd()) {}
  if (rest_.empty()) return std::nullopt;
  line_ = lines_;
  std::vector<std::string> row{field()};
  while (!rest_.empty() && !takeLineEnd()) {
    rest_.remove_prefix(1);                            // the delimiter
    row.push_back(field());
  }
  return row;
}

std::string CsvReader::field() {
  std::string value;
  bool quoted = quote_ != '\0' && !rest_.empty() && rest_.front() == quote_;
  if (quoted) rest_.remove_prefix(1);
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (quoted) {
      if (c == quote_ && rest_.size() > 1 && rest_[1] == quote_) rest_.remove_prefix(1);
      else if (c == quote_) {
        rest_.remove_prefix(1);
        quoted = false;
        continue;
      } else if (c == '\n' || (c == '\r' && !rest_.starts_with("\r\n"))) ++lines_;
    } else if (c == delimiter_ || c == '\n' || c == '\r') {
      break;
    }
    value += c;
    rest_.remove_prefix(1);
  }
  return value;
}

}  // namespace weft::crawler
