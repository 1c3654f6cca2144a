// XmlExporter: items as elements.
#pragma once

#include <weft/crawler/feeds/item_exporter.hpp>

#include <string>

namespace weft::crawler {

/// Scrapy's XML: `<items>`, an `<item>` a line, in it an element for each field, and `<value>` for each element of a list. Null is an empty element. Characters that no XML may hold become U+FFFD,
/// those that no name may hold an underscore.
class XmlExporter final : public ItemExporter {
 public:
  void write(std::string& out, const Item& item, bool first) override;
  std::string ending(bool empty) const override;
  bool extendable() const noexcept override { return false; }
};

}  // namespace weft::crawler
