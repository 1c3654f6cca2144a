// XmlElements: a large feed, one element at a time.
#pragma once

#include <weft/crawler/selector.hpp>
#include <weft/crawler/xml/xml_document.hpp>

#include <memory>
#include <optional>
#include <string_view>

namespace weft::crawler {

/// Gives the elements of one name as they arrive, each as a document of its own (with the namespaces that are declared
/// around it); what lies between them is passed over. Holds the piece that was fed last and the element that is being
/// read, however long the feed is. An element within another of the same name is part of that one.
///
///     XmlElements products("product");
///     while (auto piece = co_await body.next()) {
///       products.feed(*piece);
///       while (auto product = products.next()) print(product->xpath("name/text()").get());
///     }
///     products.finish();
///     while (auto product = products.next()) ...
class XmlElements {
 public:
  /// `name` as it is written in the feed ("media:content"), or without its prefix ("content"), which then may be any.
  explicit XmlElements(std::string_view name, const XmlOptions& options = {});
  ~XmlElements();
  XmlElements(XmlElements&&) noexcept;
  XmlElements& operator=(XmlElements&&) noexcept;

  /// More of the feed: bytes, in UTF-8 or the encoding that its declaration names. It is read by next(). Feed again
  /// when next() has nothing more to give.
  void feed(std::string_view piece);
  /// There is no more.
  void finish();
  /// The next element, whole; nullopt if it has not come yet, or after finish(), if there are none left. Throws
  /// XmlError, also for an element of more than XmlOptions::maxElementBytes.
  std::optional<Selector> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::crawler
