// Selector's questions: CSS, XPath, JMESPath, JSON pointers.
#include <weft/crawler/internal/compiled_cache.hpp>
#include <weft/crawler/internal/page.hpp>
#include <weft/crawler/json_pointer.hpp>
#include <weft/crawler/selector.hpp>

#include <charconv>
#include <cmath>

namespace weft::crawler {

using http::Json;

namespace {

/// As parsel writes a number: as Python does.
std::string numberText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char digits[32];
  const auto format = std::abs(value) >= 1e16 || (value != 0 && std::abs(value) < 1e-4) ? std::chars_format::scientific : std::chars_format::fixed;
  char* const end = std::to_chars(digits, digits + sizeof digits, value, format).ptr;
  std::string out(digits, end);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

/// A string that is JSON itself stands for what it says, as APIs put JSON into JSON.
std::shared_ptr<const Json> withinString(const std::shared_ptr<const Json>& value) {
  if (!value->isString()) return value;
  try {
    return std::make_shared<const Json>(Json::parse(value->string()));
  } catch (const http::JsonError&) {
    return value;
  }
}

std::shared_ptr<const Json> valueOf(std::string text) { return std::make_shared<const Json>(std::move(text)); }

}  // namespace

std::optional<Selector> Selector::asPage() const {
  if (!value_ || !value_->isString()) return std::nullopt;
  return Selector(value_->string());
}

SelectorList Selector::css(std::string_view query) const { return css(*internal::compiled<html::CssSelector>(query)); }

SelectorList Selector::css(const html::CssSelector& query) const {
  if (const auto page = asPage()) return page->css(query);
  if (!isElement()) return SelectorList(page_);
  return SelectorList(page_, query.select(*page_->document, match_.node));
}

SelectorList Selector::xpath(std::string_view expression, const XPathVariables& variables, const XPathNamespaces& namespaces) const {
  const auto compiled = internal::compiled<html::XPath>(expression);
  if (const auto page = asPage()) return page->xpath(expression, variables, namespaces);
  if (value_) return SelectorList(page_);
  const html::XPathTree& tree = page_->mirror->get(*page_->document);
  XPathNamespaces both;
  if (!namespaces.empty()) {
    both = namespaces;
    both.insert(page_->namespaces.begin(), page_->namespaces.end());
  }
  html::XPathResult result = compiled->evaluate(tree, match_, variables, namespaces.empty() ? page_->namespaces : both);
  if (auto* const matches = std::get_if<std::vector<html::CssMatch>>(&result)) return SelectorList(page_, std::move(*matches));
  SelectorList list(page_);
  const auto add = [&](std::string text) { list.others_.push_back(Selector(page_, valueOf(std::move(text)))); };
  if (auto* const strings = std::get_if<std::vector<std::string>>(&result))
    for (std::string& text : *strings) add(std::move(text));
  else if (auto* const text = std::get_if<std::string>(&result))
    add(std::move(*text));
  else if (const double* const number = std::get_if<double>(&result))
    add(numberText(*number));
  else
    add(std::get<bool>(result) ? "1" : "0");
  return list;
}

SelectorList Selector::jmespath(std::string_view expression) const {
  const auto compiled = internal::compiled<JmesPath>(expression);
  const auto found = std::make_shared<const Json>(compiled->search(value_ ? *withinString(value_) : Json::parse(text())));
  SelectorList list(page_);
  if (found->isArray()) {
    for (const Json& one : found->array())
      list.others_.push_back(Selector(page_, std::shared_ptr<const Json>(found, &one)));
  } else if (!found->isNull()) {
    list.others_.push_back(Selector(page_, found));
  }
  return list;
}

SelectorList Selector::jsonPointer(std::string_view pointer) const {
  const auto document = value_ ? value_ : std::make_shared<const Json>(json());
  SelectorList list(page_);
  if (const Json* const found = findByPointer(*document, pointer))
    list.others_.push_back(Selector(page_, std::shared_ptr<const Json>(document, found)));
  return list;
}

}  // namespace weft::crawler
