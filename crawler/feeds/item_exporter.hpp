// ItemExporter: how items are written: JSON lines, JSON, CSV, XML.
#pragma once

#include <weft/crawler/item.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// Writes items as text of one format. A feed is what it wrote for each item, in order, and the ending.
class ItemExporter {
 public:
  virtual ~ItemExporter();
  /// Appends an item. `first`: nothing stands in the feed before it.
  virtual void write(std::string& out, const Item& item, bool first) = 0;
  /// What stands at the end of a feed; `empty`: of one without items.
  virtual std::string ending(bool) const { return {}; }
  /// Can more be written behind a feed that has ended? JSON and XML are closed by their ending.
  virtual bool extendable() const noexcept { return true; }
  /// Goes on with a feed of which this is the beginning.
  virtual void resume(std::string_view) {}
};

/// The names of the formats: jsonlines, jsonl, jl, json, csv, xml.
std::span<const std::string_view> exporterFormats() noexcept;
/// Null for a format that there is not. With `fields`, these are written, in this order, and no others. `indent`: blanks for each step within an item, of JSON and XML; 0: each item on a line.
std::unique_ptr<ItemExporter> makeExporter(std::string_view format, std::vector<std::string> fields = {}, int indent = 0);

}  // namespace weft::crawler
