#include <weft/crawler/internal/compiled_cache.hpp>
#include <weft/crawler/internal/page.hpp>
#include <weft/crawler/selector.hpp>

#include <iterator>

namespace weft::crawler {

SelectorList::SelectorList() : page_(internal::emptyPage()) {}
SelectorList::SelectorList(std::shared_ptr<const internal::Page> page, std::vector<html::CssMatch> matches) noexcept
    : page_(std::move(page)), matches_(std::move(matches)) {}

Selector SelectorList::operator[](std::size_t index) const {
  if (index < matches_.size()) return Selector(page_, matches_[index]);
  return others_[index - matches_.size()];
}

template <class Ask>
SelectorList SelectorList::ofEach(Ask&& ask) const {
  SelectorList all(page_);
  for (const Selector& selector : *this) {
    SelectorList more = ask(selector);
    if (more.page_ == all.page_ && all.others_.empty()) {
      all.matches_.insert(all.matches_.end(), more.matches_.begin(), more.matches_.end());
    } else {
      for (const html::CssMatch& match : more.matches_) all.others_.push_back(Selector(more.page_, match));
    }
    all.others_.insert(all.others_.end(), std::make_move_iterator(more.others_.begin()), std::make_move_iterator(more.others_.end()));
  }
  return all;
}

SelectorList SelectorList::css(std::string_view query) const { return css(*internal::compiled<html::CssSelector>(query)); }
SelectorList SelectorList::css(const html::CssSelector& query) const {
  return ofEach([&](const Selector& selector) { return selector.css(query); });
}
SelectorList SelectorList::xpath(std::string_view expression, const XPathVariables& variables, const XPathNamespaces& namespaces) const {
  return ofEach([&](const Selector& selector) { return selector.xpath(expression, variables, namespaces); });
}
SelectorList SelectorList::jmespath(std::string_view expression) const {
  return ofEach([&](const Selector& selector) { return selector.jmespath(expression); });
}

std::string SelectorList::get(std::string_view otherwise) const {
  return empty() ? std::string(otherwise) : (*this)[0].get();
}

std::optional<std::string> SelectorList::first() const {
  if (empty()) return std::nullopt;
  return (*this)[0].get();
}

std::vector<std::string> SelectorList::getall() const {
  std::vector<std::string> out;
  out.reserve(size());
  for (const Selector& selector : *this) out.push_back(selector.get());
  return out;
}

std::string SelectorList::attrib(std::string_view name, std::string_view otherwise) const {
  return empty() ? std::string(otherwise) : (*this)[0].attrib(name, otherwise);
}

std::vector<std::string> SelectorList::re(std::string_view pattern) const {
  std::vector<std::string> out;
  for (const Selector& selector : *this) {
    std::vector<std::string> found = selector.re(pattern);
    out.insert(out.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  if (empty()) internal::findAll(pattern, {}, out, 0);  // a pattern that is none is an error on every page
  return out;
}

std::optional<std::string> SelectorList::reFirst(std::string_view pattern) const {
  for (const Selector& selector : *this)
    if (auto found = selector.reFirst(pattern)) return found;
  return std::nullopt;
}

}  // namespace weft::crawler
