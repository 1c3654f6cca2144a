#include <weft/crawler/feeds/xml_exporter.hpp>

#include <weft/crawler/json.hpp>
#include <weft/http/text/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

namespace {

constexpr std::string_view kHeader = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<items>\n";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string elementName(std::string_view field) {
  std::string name;
  for (const char c : field) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool later = (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (later && name.empty()) name += '_';
    name += letter || later ? c : '_';
  }
  return name.empty() ? "_" : name;
}

void appendText(std::string& out, std::string_view given) {
  std::string mended;
  if (!http::isUtf8(given)) {
    http::appendMended(mended, given);
    given = mended;
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char c = given[i];
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '\r') out += "&#13;";                // a reader would make it a line feed
    else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') out += kReplacement;
    else if (c == '\xEF' && given.size() - i > 2 && given[i + 1] == '\xBF' && (given[i + 2] == '\xBE' || given[i + 2] == '\xBF')) {
      out += kReplacement;                             // U+FFFE and U+FFFF
      i += 2;
    } else out += c;
  }
}

class XmlVisitor final : public ItemVisitor {
 public:
  XmlVisitor(std::string& out, std::size_t indent) : out_(out), indent_(indent) {}
  void beginItem(std::string_view) override { begin(false); }
  void endItem() override { end(); }
  void beginList() override { begin(true); }
  void endList() override { end(); }
  void key(std::string_view name) override { key_ = elementName(name); }
  void text(std::string_view value) override {
    element([&] { appendText(out_, value); });
  }
  void number(std::int64_t value) override { json(value); }
  void number(std::uint64_t value) override { json(value); }
  void number(double value) override { json(value); }
  void boolean(bool value) override {
    element([&] { out_ += value ? "true" : "false"; });
  }
  void null() override {
    element([] {});
  }

 private:
  struct Open {
    std::string name;
    bool isList, isEmpty;
  };
  // A new line for what comes next, if it is to have one; the item itself begins on its own.
  void line() {
    if (!indent_) return;
    if (!open_.empty()) out_ += '\n';
    out_.append(indent_ * (open_.size() + 1), ' ');
  }
  void startsElement() {
    line();
    if (!open_.empty()) open_.back().isEmpty = false;
  }
  std::string nextName() {
    if (open_.empty()) return "item";
    return open_.back().isList ? "value" : std::exchange(key_, std::string());
  }
  void begin(bool isList) {
    std::string name = nextName();
    startsElement();
    out_ += '<' + name + '>';
    open_.push_back({std::move(name), isList, true});
  }
  void end() {
    const Open ended = std::move(open_.back());
    open_.pop_back();
    if (indent_ && !ended.isEmpty) out_.append(1, '\n').append(indent_ * (open_.size() + 1), ' ');
    out_ += "</" + ended.name + '>';
  }
  template <class Write> void element(Write write) {
    const std::string name = nextName();
    startsElement();
    out_ += '<' + name + '>';
    write();
    out_ += "</" + name + '>';
  }
  template <class Number> void json(Number value) {
    element([&] {
      JsonWriter json(out_);
      json.number(value);
    });
  }

  std::string& out_;
  const std::size_t indent_;
  std::string key_;
  std::vector<Open> open_;
};

}  // namespace

void XmlExporter::write(std::string& out, const Item& item, bool first) {
  if (first) out += kHeader;
  XmlVisitor xml(out, indent_);
  item.visit(xml);
  out += '\n';
}

std::string XmlExporter::ending(bool empty) const { return std::string(empty ? kHeader : std::string_view()) + "</items>\n"; }

}  // namespace weft::crawler
