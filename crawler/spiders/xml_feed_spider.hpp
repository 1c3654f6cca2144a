// XmlFeedSpider: the elements of an XML feed, one by one.
#pragma once

#include <weft/crawler/selector.hpp>
#include <weft/crawler/spider.hpp>

#include <string>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Gives each element of one name to parseNode(), read as the feed goes by: no tree of the whole is built. Scrapy's XMLFeedSpider, with its iterator "iternodes".
///
///     class Products : public XmlFeedSpider {
///      public:
///       Products() : XmlFeedSpider("products") {
///         startUrls = {"https://shop.example/feed.xml"};
///         itertag = "product";
///       }
///       Results parseNode(const Response&, Selector node) override {
///         Product product;
///         product.name = node.xpath("name/text()").get();
///         co_yield product;
///       }
///     };
///
/// A feed that is malformed is read as far as can be made out; what cannot be read fails the page with XmlError, and the nodes before it count.
class XmlFeedSpider : public Spider {
 public:
  explicit XmlFeedSpider(std::string name) : Spider(std::move(name)) {}

  /// The element's name: as written ("g:price"), or without its prefix, which then may be any.
  std::string itertag = "item";
  /// Prefixes for the XPath expressions of parseNode(), with their URIs.
  std::vector<std::pair<std::string, std::string>> namespaces;

  /// One element, as a document of its own. The response lives as long as the generator.
  virtual Results parseNode(const Response& response, Selector node) = 0;
  /// May change the feed before it is read.
  virtual void adaptResponse(Response& response);
  /// Is shown each item and request that parseNode() yields, and may change it. False drops it. (process_results)
  virtual bool processResult(Result& result);

  Results parse(Response response) override;
};

}  // namespace weft::crawler

namespace weft {
using crawler::XmlFeedSpider;
}  // namespace weft
