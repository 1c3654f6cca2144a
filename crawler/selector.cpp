#include <weft/crawler/selector.hpp>

#include <weft/crawler/html/internal/document_editor.hpp>
#include <weft/crawler/html/utf8.hpp>
#include <weft/crawler/internal/page.hpp>

#include <algorithm>

namespace weft::crawler {

using html::CssMatch;
using html::Document;
using internal::Page;

namespace {

constexpr CssMatch kWhole{html::kDocumentNode, 0, CssMatch::Kind::kElement};

bool isXml(const Document& document) noexcept {
  const html::NodeId root = document.documentElement();
  return root && document[root].ns == html::Namespace::kXml;
}

/// The same page with another document.
std::shared_ptr<const Page> edited(const Page& page, Document document) {
  auto made = std::make_shared<Page>();
  made->document = std::make_shared<const Document>(std::move(document));
  made->type = page.type;
  made->namespaces = page.namespaces;
  return made;
}

}  // namespace

std::shared_ptr<const Page> internal::pageOf(std::shared_ptr<const Document> document) {
  auto page = std::make_shared<Page>();
  page->type = isXml(*document) ? SelectorType::kXml : SelectorType::kHtml;
  page->document = std::move(document);
  return page;
}

const std::shared_ptr<const Page>& internal::emptyPage() {
  static const std::shared_ptr<const Page> page = pageOf(std::make_shared<const Document>());
  return page;
}

// ---- made

Selector::Selector() : page_(internal::emptyPage()) {}
Selector::Selector(std::string html) : Selector(std::make_shared<const Document>(Document::parse(std::move(html)))) {}
Selector::Selector(std::shared_ptr<const Document> document, html::NodeId node) {
  match_.node = node;
  if (document->isText(node)) match_.kind = CssMatch::Kind::kText;
  page_ = internal::pageOf(std::move(document));
}
Selector::Selector(std::shared_ptr<const Page> page, CssMatch match) noexcept : page_(std::move(page)), match_(match) {}
Selector::Selector(std::shared_ptr<const Page> page, std::shared_ptr<const http::Json> value) noexcept
    : page_(std::move(page)), value_(std::move(value)) {}

Selector Selector::ofXml(std::string_view text, const XmlOptions& options) {
  auto page = std::make_shared<Page>();
  page->document = std::make_shared<const Document>(parseXml(text, options));
  page->type = SelectorType::kXml;
  return Selector(std::move(page), kWhole);
}
Selector Selector::ofJson(std::string_view text, const http::JsonOptions& options) {
  return ofJsonValue(http::Json::parse(text, options));
}
Selector Selector::ofJsonValue(http::Json value) {
  return Selector(internal::emptyPage(), std::make_shared<const http::Json>(std::move(value)));
}

// ---- what it is

SelectorType Selector::type() const noexcept { return value_ ? SelectorType::kJson : page_->type; }

const Document& Selector::document() const noexcept { return *page_->document; }

bool Selector::isElement() const noexcept {
  if (value_ || match_.kind != CssMatch::Kind::kElement) return false;
  return match_.node == html::kDocumentNode || page_->document->isElement(match_.node);
}

bool Selector::operator==(const Selector& other) const noexcept {
  if (value_ || other.value_) return value_ && other.value_ && (value_ == other.value_ || *value_ == *other.value_);
  return page_->document == other.page_->document && match_ == other.match_;
}

// ---- what it gives

std::string Selector::get() const {
  if (value_) return value_->isString() ? value_->string() : value_->isNull() ? std::string() : value_->dump();
  const Document& document = *page_->document;
  switch (match_.kind) {
    case CssMatch::Kind::kElement:
      return page_->type == SelectorType::kXml ? toXml(document, match_.node) : document.outerHtml(match_.node);
    case CssMatch::Kind::kText: return std::string(document.text(match_.node));
    case CssMatch::Kind::kAttribute:
      return std::string(document.value(document.attributes(match_.node)[match_.attribute]));
  }
  return {};
}

std::string Selector::text() const { return isElement() ? page_->document->textContent(match_.node) : get(); }
std::string Selector::collapsedText() const { return html::squeezed(text()); }

http::Json Selector::json() const { return value_ ? *value_ : http::Json::parse(text()); }

std::string Selector::attrib(std::string_view name, std::string_view otherwise) const {
  return std::string(isElement() ? page_->document->attribute(match_.node, name).value_or(otherwise) : otherwise);
}

bool Selector::hasAttrib(std::string_view name) const {
  return isElement() && page_->document->attribute(match_.node, name).has_value();
}

std::vector<std::pair<std::string, std::string>> Selector::attributes() const {
  std::vector<std::pair<std::string, std::string>> out;
  if (!isElement()) return out;
  const Document& document = *page_->document;
  for (const html::StoredAttribute& attribute : document.attributes(match_.node))
    if (page_->type != SelectorType::kXml || !html::internal::declaresNamespace(document.name(attribute)))
      out.emplace_back(document.name(attribute), document.value(attribute));
  return out;
}

std::string Selector::name() const {
  return isElement() && match_.node != html::kDocumentNode ? std::string(page_->document->name(match_.node)) : std::string();
}

std::vector<std::string> Selector::re(std::string_view pattern) const {
  std::vector<std::string> out;
  internal::findAll(pattern, isElement() ? internal::withoutReferences(get()) : get(), out, static_cast<std::size_t>(-1));
  return out;
}

std::optional<std::string> Selector::reFirst(std::string_view pattern) const {
  std::vector<std::string> out;
  internal::findAll(pattern, isElement() ? internal::withoutReferences(get()) : get(), out, 1);
  if (out.empty()) return std::nullopt;
  return std::move(out.front());
}

// ---- another page
//
// A Document is immutable and shared, so that any thread may read it and no Selector can be left pointing at what is
// gone. What changes a page therefore makes a copy, in which all nodes keep their numbers.

Selector& Selector::drop(std::string_view query) {
  SelectorList found = css(query);
  if (value_) return *this;
  std::erase(found.matches_, match_);
  return drop(found);
}

Selector& Selector::drop(const SelectorList& places) {
  if (places.empty()) return *this;
  if (value_ || !places.others_.empty() || places.page_->document != page_->document)
    throw Error("drop(): places of another page, or values of JSON, cannot be dropped from this one");
  std::vector<CssMatch> matches = places.matches_;
  for (html::NodeId up = match_.node; up; up = document()[up].parent)
    for (const CssMatch& match : matches)
      if (match.kind != CssMatch::Kind::kAttribute && match.node == up)
        throw Error("drop(): a selector cannot drop its own place, nor what that is in");
  // Attributes from the last to the first, so that places do not shift; nothing twice.
  std::sort(matches.begin(), matches.end(), [](const CssMatch& a, const CssMatch& b) {
    return a.node != b.node ? a.node < b.node : a.kind != b.kind ? a.kind < b.kind : a.attribute > b.attribute;
  });
  matches.erase(std::unique(matches.begin(), matches.end()), matches.end());
  html::internal::DocumentEditor editor(document());
  for (const CssMatch& match : matches) {
    if (match.kind == CssMatch::Kind::kAttribute)
      editor.removeAttribute(match.node, match.attribute);
    else
      editor.unlink(match.node);
  }
  page_ = edited(*page_, editor.finish());
  return *this;
}

Selector& Selector::registerNamespace(std::string_view prefix, std::string_view uri) {
  auto page = std::make_shared<Page>(*page_);
  page->namespaces.insert_or_assign(std::string(prefix), std::string(uri));
  page_ = std::move(page);
  return *this;
}

Selector& Selector::removeNamespaces() {
  if (page_->type == SelectorType::kXml) page_ = edited(*page_, withoutNamespaces(document()));
  return *this;
}

}  // namespace weft::crawler
