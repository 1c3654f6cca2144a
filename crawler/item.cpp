#include <weft/crawler/item.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/json_builder.hpp>

#include <charconv>
#include <cmath>
#include <utility>

namespace weft::crawler {

namespace detail {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

template <class Number> bool parse(std::string_view text, Number& to) {
  text = trimmed(text);
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return false;
  to = number;
  return true;
}

template <class Whole> const char* assignWhole(Whole& to, const http::Json& from) {
  constexpr const char* kWanted = std::is_signed_v<Whole> ? "a whole number" : "a whole number that is not negative";
  if (from.isString()) return parse(from.string(), to) ? nullptr : kWanted;
  std::int64_t whole = 0;
  if (from.isInteger()) whole = from.integer();
  else if (from.isNumber() && std::trunc(from.number()) == from.number() && std::abs(from.number()) < 9e18) whole = static_cast<std::int64_t>(from.number());
  else return kWanted;
  if (!std::is_signed_v<Whole> && whole < 0) return kWanted;
  to = static_cast<Whole>(whole);
  return nullptr;
}

}  // namespace

void visitJson(ItemVisitor& visitor, const http::Json& value) {
  if (value.isString()) visitor.text(value.string());
  else if (value.isInteger()) visitor.number(value.integer());
  else if (value.isNumber()) visitor.number(value.number());
  else if (value.isBool()) visitor.boolean(value.boolean());
  else if (value.isArray()) {
    visitor.beginList();
    for (const http::Json& element : value.array()) visitJson(visitor, element);
    visitor.endList();
  } else if (value.isObject()) {
    visitor.beginItem("");
    for (const auto& [name, member] : value.object()) {
      visitor.key(name);
      visitJson(visitor, member);
    }
    visitor.endItem();
  } else visitor.null();
}

const char* assignText(std::string& to, const http::Json& from) {
  if (from.isString()) to = from.string();
  else if (from.isNumber() || from.isBool()) to = from.dump();
  else return "a string";
  return nullptr;
}

const char* assignBool(bool& to, const http::Json& from) {
  const std::string_view text = from.isString() ? trimmed(from.string()) : std::string_view();
  if (from.isBool()) to = from.boolean();
  else if (text == "true" || text == "false") to = text == "true";
  else return "true or false";
  return nullptr;
}

const char* assignNumber(double& to, const http::Json& from) {
  if (from.isNumber()) to = from.number();
  else if (!from.isString() || !parse(from.string(), to)) return "a number";
  return nullptr;
}

const char* assignNumber(std::int64_t& to, const http::Json& from) { return assignWhole(to, from); }
const char* assignNumber(std::uint64_t& to, const http::Json& from) { return assignWhole(to, from); }

}  // namespace detail

namespace {

// The names of an item's own fields, not of what is within them.
class Names final : public ItemVisitor {
 public:
  std::vector<std::string> names;
  void beginItem(std::string_view) override { ++depth_; }
  void endItem() override { --depth_; }
  void key(std::string_view name) override {
    if (depth_ == 1) names.emplace_back(name);
  }
  void beginList() override { ++depth_; }
  void endList() override { --depth_; }
  void text(std::string_view) override {}
  void number(std::int64_t) override {}
  void number(std::uint64_t) override {}
  void number(double) override {}
  void boolean(bool) override {}
  void null() override {}

 private:
  int depth_ = 0;
};

}  // namespace

http::Json Item::json() const {
  JsonBuilder builder;
  visit(builder);
  return builder.take();
}

http::Json Item::get(std::string_view field) const {
  const http::Json whole = json();
  const http::Json* const found = whole.find(field);
  return found ? *found : http::Json();
}

void Item::set(std::string_view field, const http::Json& value) {
  if (!held_) throw ItemError("the field " + std::string(field) + " of an item that is empty cannot be set");
  const char* const wanted = held_->assign(field, value);
  if (!wanted) return;
  if (wanted == detail::kNoField) {
    Names fields;
    visit(fields);
    const std::vector<std::string_view> known(fields.names.begin(), fields.names.end());
    throw ItemError(std::string(typeName()) + " has no field " + std::string(field) + suggestion(field, known));
  }
  std::string given = value.dump();
  if (given.size() > 100) given = given.substr(0, 97) + "...";
  throw ItemError("the field " + std::string(field) + " of " + std::string(typeName()) + " takes " + wanted + ", not " + given);
}

}  // namespace weft::crawler
