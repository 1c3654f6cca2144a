// Page: what the selectors of one document share.
#pragma once

#include <weft/crawler/html/document.hpp>
#include <weft/crawler/html/xpath.hpp>
#include <weft/crawler/selector.hpp>

#include <memory>
#include <mutex>
#include <optional>

namespace weft::crawler::internal {

/// A mirror for XPath that is built by the first thread that asks.
class LazyXPathTree {
 public:
  const html::XPathTree& get(const html::Document& document) {
    std::call_once(once_, [&] { tree_.emplace(document); });
    return *tree_;
  }

 private:
  std::once_flag once_;
  std::optional<html::XPathTree> tree_;
};

/// Immutable, but for the mirror. Where a Selector registers a namespace, it gets a Page of its own with the same
/// document and the same mirror.
struct Page {
  std::shared_ptr<const html::Document> document;
  std::shared_ptr<LazyXPathTree> mirror = std::make_shared<LazyXPathTree>();
  SelectorType type = SelectorType::kHtml;
  html::XPathNamespaces namespaces;
};

std::shared_ptr<const Page> pageOf(std::shared_ptr<const html::Document> document);
/// The page without a node, which JSON values have.
const std::shared_ptr<const Page>& emptyPage();

/// The regular expression: see Selector::re(). Appends to `out`, no more than `most` strings.
void findAll(std::string_view pattern, const std::string& text, std::vector<std::string>& out, std::size_t most);

/// Character references decoded, but for those that would turn text into markup.
std::string withoutReferences(std::string_view html);

}  // namespace weft::crawler::internal
