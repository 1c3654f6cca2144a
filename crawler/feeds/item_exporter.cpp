#include <weft/crawler/feeds/item_exporter.hpp>

#include <weft/crawler/dynamic_item.hpp>
#include <weft/crawler/feeds/csv_exporter.hpp>
#include <weft/crawler/feeds/xml_exporter.hpp>
#include <weft/crawler/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace weft::crawler {

ItemExporter::~ItemExporter() = default;

namespace {

constexpr std::array<std::string_view, 6> kFormats{"jsonlines", "jsonl", "jl", "json", "csv", "xml"};

// One object a line (https://jsonlines.org).
class JsonLinesExporter final : public ItemExporter {
 public:
  void write(std::string& out, const Item& item, bool) override {
    JsonWriter json(out);
    item.visit(json);
    out += '\n';
  }
};

// JSON on a line, taken apart: what is in an object or array on lines of its own.
void appendIndented(std::string& out, std::string_view json, std::size_t indent) {
  std::size_t depth = 0;
  bool inText = false;
  const auto line = [&] { out.append(1, '\n').append(depth * indent, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (inText) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      else if (c == '"') inText = false;
    } else if (c == '{' || c == '[') {
      out += c;
      if (i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']')) {
        out += json[++i];
        continue;
      }
      ++depth;
      line();
    } else if (c == '}' || c == ']') {
      --depth;
      line();
      out += c;
    } else {
      out += c;
      inText = c == '"';
      if (c == ',') line();
      if (c == ':') out += ' ';
    }
  }
}

// One array (RFC 8259), with an item on each line, or indented.
class JsonExporter final : public ItemExporter {
 public:
  explicit JsonExporter(std::size_t indent) : indent_(indent) {}
  void write(std::string& out, const Item& item, bool first) override {
    out += first ? "[\n" : ",\n";
    if (!indent_) {
      JsonWriter json(out);
      return item.visit(json);
    }
    text_.clear();
    JsonWriter json(text_);
    item.visit(json);
    appendIndented(out, text_, indent_);
  }
  std::string ending(bool empty) const override { return empty ? "[\n]\n" : "\n]\n"; }
  bool extendable() const noexcept override { return false; }

 private:
  const std::size_t indent_;
  std::string text_;
};

// Only some fields, in an order of their own.
class ChosenFields final : public ItemExporter {
 public:
  ChosenFields(std::unique_ptr<ItemExporter> inner, std::vector<std::string> fields) : inner_(std::move(inner)), fields_(std::move(fields)) {}
  void write(std::string& out, const Item& item, bool first) override {
    const http::Json all = item.json();
    DynamicItem chosen;
    for (const std::string& field : fields_)
      if (const http::Json* value = all.find(field)) chosen.setField(field, *value);
    inner_->write(out, Item(std::move(chosen)), first);
  }
  std::string ending(bool empty) const override { return inner_->ending(empty); }
  bool extendable() const noexcept override { return inner_->extendable(); }

 private:
  std::unique_ptr<ItemExporter> inner_;
  std::vector<std::string> fields_;
};

}  // namespace

std::span<const std::string_view> exporterFormats() noexcept { return kFormats; }

std::unique_ptr<ItemExporter> makeExporter(std::string_view format, std::vector<std::string> fields, int indent) {
  if (std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end()) return nullptr;
  if (format == "csv") return std::make_unique<CsvExporter>(std::move(fields));
  std::unique_ptr<ItemExporter> exporter;
  if (format == "json") exporter = std::make_unique<JsonExporter>(static_cast<std::size_t>(indent));
  else if (format == "xml") exporter = std::make_unique<XmlExporter>(static_cast<std::size_t>(indent));
  else exporter = std::make_unique<JsonLinesExporter>();
  if (fields.empty()) return exporter;
  return std::make_unique<ChosenFields>(std::move(exporter), std::move(fields));
}

}  // namespace weft::crawler
