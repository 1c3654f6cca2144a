#include <weft/crawler/xml/xml_elements.hpp>

#include <weft/crawler/xml/internal/xml_tree.hpp>

#include <deque>
#include <utility>
#include <vector>

namespace weft::crawler {

struct XmlElements::Impl final : internal::XmlEvents {
  Impl(std::string_view name, const XmlOptions& options) : name(name), options(options), reader(*this, options, false) {}

  bool isWanted(std::string_view written) const noexcept {
    if (written == name) return true;
    const std::size_t colon = written.find(':');
    return colon != std::string_view::npos && written.substr(colon + 1) == name;
  }

  void startElement(const std::string& written, std::span<const internal::XmlAttribute> attributes) override {
    if (tree) {
      tree->startElement(written, attributes);
      return check();
    }
    if (!isWanted(written)) {
      scopes.push_back(declared.size());
      for (const internal::XmlAttribute& attribute : attributes)
        if (attribute.name == "xmlns" || attribute.name.starts_with("xmlns:")) declared.push_back(attribute);
      return;
    }
    std::vector<internal::XmlAttribute> all(attributes.begin(), attributes.end());
    const auto has = [&](const std::string& wanted) {
      for (const internal::XmlAttribute& attribute : all)
        if (attribute.name == wanted) return true;
      return false;
    };
    for (auto outer = declared.rbegin(); outer != declared.rend(); ++outer)  // the nearest first
      if (!has(outer->name)) all.push_back(*outer);
    tree.emplace();
    tree->startElement(written, all);
    check();
  }
  void endElement() override {
    if (!tree) {
      if (scopes.empty()) return;
      declared.resize(scopes.back());
      scopes.pop_back();
      return;
    }
    tree->endElement();
    if (!tree->isOpen()) give();
  }
  void text(std::string_view text) override {
    if (!tree) return;
    tree->text(text);
    check();
  }
  void comment(std::string_view text) override {
    if (!tree) return;
    tree->comment(text);
    check();
  }

  void give() {
    ready.push_back(Selector(std::make_shared<const html::Document>(tree->finish())));
    tree.reset();
  }
  void check() const {
    if (tree->bytes() > options.maxElementBytes)
      throw XmlError(0, 0, "an element <" + name + "> of more than " + std::to_string(options.maxElementBytes) + " bytes (XmlOptions::maxElementBytes)");
  }

  const std::string name;
  const XmlOptions options;
  std::vector<internal::XmlAttribute> declared;  // namespaces, of the open elements
  std::vector<std::size_t> scopes;               // how many were declared around each open element
  std::optional<internal::XmlTree> tree;         // of the wanted element that is open
  std::deque<Selector> ready;
  std::string pending;                           // fed and not read yet, from `at` on
  std::size_t at = 0;
  bool finished = false, ended = false;
  internal::XmlReader reader;
};

XmlElements::XmlElements(std::string_view name, const XmlOptions& options) : impl_(std::make_unique<Impl>(name, options)) {}
XmlElements::~XmlElements() = default;
XmlElements::XmlElements(XmlElements&&) noexcept = default;
XmlElements& XmlElements::operator=(XmlElements&&) noexcept = default;

void XmlElements::feed(std::string_view piece) {
  impl_->pending.erase(0, impl_->at);
  impl_->at = 0;
  impl_->pending += piece;
}

void XmlElements::finish() { impl_->finished = true; }

std::optional<Selector> XmlElements::next() {
  constexpr std::size_t kStep = 4096;  // so that few elements are ready at once
  Impl& impl = *impl_;
  while (impl.ready.empty()) {
    const std::string_view rest = std::string_view(impl.pending).substr(impl.at, kStep);
    if (!rest.empty()) {
      impl.at += rest.size();
      impl.reader.feed(rest);
    } else if (impl.finished && !impl.ended) {
      impl.ended = true;
      impl.reader.finish();
      if (impl.tree) throw XmlError(0, 0, "the feed ends within an element <" + impl.name + ">");
    } else {
      return std::nullopt;
    }
  }
  Selector first = std::move(impl.ready.front());
  impl.ready.pop_front();
  return first;
}

}  // namespace weft::crawler
