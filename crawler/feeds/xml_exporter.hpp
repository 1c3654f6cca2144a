// XmlExporter: items as elements.
#pragma once

#include <weft/crawler/feeds/item_exporter.hpp>

#include <cstddef>
#include <string>

namespace weft::crawler {

/// Scrapy's XML: `<items>`, an `<item>` a line (or, with an indent of so many blanks, each element on a line), in it an element for each field, and `<value>` for each element of a list. Null is an empty element. Characters that no XML may hold become U+FFFD,
/// those that no name may hold an underscore.
class XmlExporter final : public ItemExporter {
 public:
  explicit XmlExporter(std::size_t indent = 0) : indent_(indent) {}
  void write(std::string& out, const Item& item, bool first) override;
  std::string ending(bool empty) const override;
  bool extendable() const noexcept override { return false; }

 private:
  const std::size_t indent_;
};

}  // namespace weft::crawler
