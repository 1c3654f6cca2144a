#include <weft/crawler/selector.hpp>

#include <weft/crawler/html/named_references.hpp>
#include <weft/crawler/html/utf8.hpp>

#include <re2/re2.h>

#include <functional>
#include <unordered_map>

namespace weft::crawler {
namespace {

/// What was compiled on this thread before, by its text. Spiders ask the same few questions of every page; a program
/// that makes up its queries starts over after kMost of them rather than growing.
template <class Compiled>
class CompiledCache {
 public:
  template <class Compile>
  std::shared_ptr<const Compiled> get(std::string_view text, Compile&& compile) {
    if (const auto found = entries_.find(text); found != entries_.end()) return found->second;
    std::shared_ptr<const Compiled> made = compile(text);
    if (entries_.size() >= kMost) entries_.clear();
    entries_.emplace(std::string(text), made);
    return made;
  }

 private:
  static constexpr std::size_t kMost = 256;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::shared_ptr<const Compiled>, Hash, std::equal_to<>> entries_;
};

std::shared_ptr<const html::CssSelector> compiledCss(std::string_view query) {
  thread_local CompiledCache<html::CssSelector> cache;
  return cache.get(query, [](std::string_view text) { return std::make_shared<const html::CssSelector>(text); });
}

std::shared_ptr<const re2::RE2> compiledPattern(std::string_view pattern) {
  thread_local CompiledCache<re2::RE2> cache;
  return cache.get(pattern, [](std::string_view text) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto made = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!made->ok()) throw PatternError(text, made->error());
    return made;
  });
}

/// Character references decoded, but for those that would turn text into markup.
std::string withoutReferences(std::string_view html) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t ampersand = html.find('&', at);
    out += html.substr(at, ampersand - at);
    if (ampersand == std::string_view::npos) return out;
    const std::string_view rest = html.substr(ampersand + 1);
    const html::NamedReference* row = html::findNamedReference(rest);
    if (!row || row->first == U'<' || row->first == U'&') {  // what Document writes has no numeric ones
      out += '&';
      at = ampersand + 1;
      continue;
    }
    html::appendUtf8(out, row->first);
    if (row->second) html::appendUtf8(out, row->second);
    at = ampersand + 1 + row->name.size();
  }
}

const std::shared_ptr<const html::Document>& emptyPage() {
  static const std::shared_ptr<const html::Document> page = std::make_shared<const html::Document>();
  return page;
}

/// Appends what `pattern` finds in `text` to `out`, no more than `most` strings.
void findAll(const re2::RE2& pattern, const std::string& text, std::vector<std::string>& out, std::size_t most) {
  const int groups = pattern.NumberOfCapturingGroups();
  const auto& names = pattern.NamedCapturingGroups();
  const auto extract = names.find("extract");
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups) + 1);
  const re2::StringPiece all(text);
  for (std::size_t at = 0; at <= text.size() && out.size() < most;) {
    if (!pattern.Match(all, at, text.size(), re2::RE2::UNANCHORED, found.data(), groups + 1)) return;
    const auto take = [&](int group) {
      const re2::StringPiece& piece = found[static_cast<std::size_t>(group)];
      out.emplace_back(piece.data() ? std::string(piece.data(), piece.size()) : std::string());
    };
    if (extract != names.end())
      take(extract->second);
    else if (groups == 0)
      take(0);
    else
      for (int group = 1; group <= groups; ++group) take(group);
    const std::size_t end = static_cast<std::size_t>(found[0].data() - text.data()) + found[0].size();
    at = found[0].empty() ? end + 1 : end;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;  // not within a character
  }
}

}  // namespace

PatternError::PatternError(std::string_view pattern, std::string_view reason)
    : Error("the regular expression '" + std::string(pattern) + "': " + std::string(reason)),
      pattern(pattern),
      reason(reason) {}

// ---- Selector
// -----------------------------------------------------------------------------------------------------------

Selector::Selector() : Selector(emptyPage()) {}
Selector::Selector(std::string html)
    : Selector(std::make_shared<const html::Document>(html::Document::parse(std::move(html)))) {}
Selector::Selector(std::shared_ptr<const html::Document> document, html::NodeId node) : document_(std::move(document)) {
  match_.node = node;
  if (document_->isText(node)) match_.kind = html::CssMatch::Kind::kText;
}

SelectorList Selector::css(std::string_view query) const { return css(*compiledCss(query)); }

SelectorList Selector::css(const html::CssSelector& query) const {
  if (!isElement()) return {document_, {}};
  return {document_, query.select(*document_, match_.node)};
}

std::string Selector::get() const {
  switch (match_.kind) {
    case html::CssMatch::Kind::kElement: return document_->outerHtml(match_.node);
    case html::CssMatch::Kind::kText: return std::string(document_->text(match_.node));
    case html::CssMatch::Kind::kAttribute:
      return std::string(document_->value(document_->attributes(match_.node)[match_.attribute]));
  }
  return {};
}

std::string Selector::text() const { return isElement() ? document_->textContent(match_.node) : get(); }
std::string Selector::collapsedText() const { return html::squeezed(text()); }

std::string Selector::attrib(std::string_view name, std::string_view otherwise) const {
  return std::string(isElement() ? document_->attribute(match_.node, name).value_or(otherwise) : otherwise);
}

bool Selector::hasAttrib(std::string_view name) const {
  return isElement() && document_->attribute(match_.node, name).has_value();
}

std::vector<std::pair<std::string, std::string>> Selector::attributes() const {
  std::vector<std::pair<std::string, std::string>> out;
  if (!isElement()) return out;
  for (const html::StoredAttribute& attribute : document_->attributes(match_.node))
    out.emplace_back(document_->name(attribute), document_->value(attribute));
  return out;
}

std::string Selector::name() const {
  return isElement() && document_->isElement(match_.node) ? std::string(document_->name(match_.node)) : std::string();
}

std::vector<std::string> Selector::re(std::string_view pattern) const {
  std::vector<std::string> out;
  findAll(*compiledPattern(pattern), isElement() ? withoutReferences(get()) : get(), out, static_cast<std::size_t>(-1));
  return out;
}

std::optional<std::string> Selector::reFirst(std::string_view pattern) const {
  std::vector<std::string> out;
  findAll(*compiledPattern(pattern), isElement() ? withoutReferences(get()) : get(), out, 1);
  if (out.empty()) return std::nullopt;
  return std::move(out.front());
}

// ---- SelectorList
// -------------------------------------------------------------------------------------------------------

SelectorList::SelectorList() : document_(emptyPage()) {}

SelectorList SelectorList::css(std::string_view query) const { return css(*compiledCss(query)); }

SelectorList SelectorList::css(const html::CssSelector& query) const {
  std::vector<html::CssMatch> all;
  for (const html::CssMatch& match : matches_) {
    if (match.kind != html::CssMatch::Kind::kElement) continue;
    const std::vector<html::CssMatch> found = query.select(*document_, match.node);
    all.insert(all.end(), found.begin(), found.end());
  }
  return {document_, std::move(all)};
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
  const auto compiled = compiledPattern(pattern);
  std::vector<std::string> out;
  for (const Selector& selector : *this)
    findAll(*compiled, selector.isElement() ? withoutReferences(selector.get()) : selector.get(), out,
            static_cast<std::size_t>(-1));
  return out;
}

std::optional<std::string> SelectorList::reFirst(std::string_view pattern) const {
  for (const Selector& selector : *this)
    if (auto found = selector.reFirst(pattern)) return found;
  return std::nullopt;
}

}  // namespace weft::crawler
