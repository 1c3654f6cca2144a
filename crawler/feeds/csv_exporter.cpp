#include <weft/crawler/feeds/csv_exporter.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/json.hpp>
#include <weft/http/text/utf8.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace weft::crawler {

namespace {

void appendRow(std::string& out, const std::vector<std::string>& cells) {
  bool first = true;
  for (const std::string& cell : cells) {
    if (!std::exchange(first, false)) out += ',';
    // A lone empty cell is quoted: an empty line would be no row.
    if (cell.find_first_of(",\"\r\n") == std::string::npos && !(cell.empty() && cells.size() == 1)) {
      out += cell;
      continue;
    }
    out += '"';
    for (const char c : cell) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += "\r\n";
}

// Sorts an item's fields into cells.
class RowVisitor final : public ItemVisitor {
 public:
  RowVisitor(const std::vector<std::string>& columns, std::vector<std::string>& cells) : columns_(columns), cells_(cells) {}
  std::string stranger;                                // a field without a column, with a value

  void beginItem(std::string_view type) override {
    if (depth_++ == 0) return;
    nest([&](JsonWriter& json) { json.beginItem(type); });
    ++nested_;
  }
  void endItem() override {
    if (--depth_ == 0) return;
    json_->endItem();
    unnest();
  }
  void beginList() override {
    if (++depth_ == 2) {
      inList_ = true;
      return;
    }
    nest([](JsonWriter& json) { json.beginList(); });
    ++nested_;
  }
  void endList() override {
    if (--depth_ == 1) {
      inList_ = false;
      return;
    }
    json_->endList();
    unnest();
  }
  void key(std::string_view name) override {
    if (nested_) return json_->key(name);
    cell_ = nullptr;
    elements_ = 0;
    for (std::size_t tried = 0; tried < columns_.size() && !cell_; ++tried) {           // the next one, most often
      const std::size_t at = (next_ + tried) % columns_.size();
      if (columns_[at] != name) continue;
      cell_ = &cells_[at];
      next_ = at + 1;
    }
    if (!cell_ && stranger.empty()) stranger = name;
  }
  void text(std::string_view value) override {
    if (nested_) return json_->text(value);
    if (std::string* cell = element()) http::appendMended(*cell, value);
  }
  void number(std::int64_t value) override {
    add([value](JsonWriter& json) { json.number(value); });
  }
  void number(std::uint64_t value) override {
    add([value](JsonWriter& json) { json.number(value); });
  }
  void number(double value) override {
    if (!nested_ && !std::isfinite(value)) return null();
    add([value](JsonWriter& json) { json.number(value); });
  }
  void boolean(bool value) override {
    add([value](JsonWriter& json) { json.boolean(value); });
  }
  void null() override {
    if (nested_) json_->null();
    else element();
  }

 private:
  // The cell, with a comma behind what a list has put there.
  std::string* element() {
    if (cell_ && inList_ && elements_++) *cell_ += ',';
    return cell_;
  }
  template <class Write> void add(Write write) {
    if (nested_) return write(*json_);
    std::string* const cell = element();
    if (!cell) return;
    JsonWriter json(*cell);
    write(json);
  }
  template <class Begin> void nest(Begin begin) {
    if (!nested_) {
      std::string* const cell = element();
      json_.emplace(cell ? *cell : nowhere_);
    }
    begin(*json_);
  }
  void unnest() {
    if (--nested_) return;
    json_.reset();
    nowhere_.clear();
  }

  const std::vector<std::string>& columns_;
  std::vector<std::string>& cells_;
  std::string* cell_ = nullptr;
  std::size_t next_ = 0, elements_ = 0;
  int depth_ = 0, nested_ = 0;                         // all that is open; of it, what is written as JSON
  bool inList_ = false;
  std::optional<JsonWriter> json_;
  std::string nowhere_;
};

}  // namespace

void CsvExporter::write(std::string& out, const Item& item, bool first) {
  if (columns_.empty()) {
    const http::Json fields = item.json();
    if (fields.isObject())
      for (const auto& [name, value] : fields.object()) columns_.push_back(name);
  }
  if (first) appendRow(out, columns_);
  cells_.resize(columns_.size());
  for (std::string& cell : cells_) cell.clear();
  RowVisitor row(columns_, cells_);
  item.visit(row);
  appendRow(out, cells_);
  if (!row.stranger.empty() && !std::exchange(warned_, true)) {
    log::warning("weft.crawler.feeds", "The field ", row.stranger, " of an item has no column in the CSV feed, and is left out there; FEED_EXPORT_FIELDS names the columns");
  }
}

std::string CsvExporter::ending(bool empty) const {
  std::string header;
  if (empty && !columns_.empty()) appendRow(header, columns_);
  return header;
}

void CsvExporter::resume(std::string_view beginning) {
  columns_.clear();
  bool quoted = false;
  std::string cell;
  for (std::size_t i = 0; i < beginning.size(); ++i) {
    const char c = beginning[i];
    if (quoted) {
      if (c != '"') cell += c;
      else if (i + 1 < beginning.size() && beginning[i + 1] == '"') cell += beginning[++i];
      else quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      columns_.push_back(std::exchange(cell, std::string()));
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      cell += c;
    }
  }
  columns_.push_back(std::move(cell));
}

}  // namespace weft::crawler
