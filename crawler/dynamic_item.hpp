// DynamicItem: an item whose fields are known when the crawl runs.
#pragma once

#include <weft/crawler/item.hpp>
#include <weft/crawler/json_builder.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A dict: fields by name, in the order in which they were first set, each with any JSON value. Is yielded, and goes through pipelines and feeds, as a struct with WEFT_ITEM does.
///
///     DynamicItem book;
///     book["title"] = page.css("h1::text").get();
///     book["tags"] = page.css("a.tag::text").getall();
///     book["price"] = price;                           // a struct with WEFT_ITEM, an http::Json, another DynamicItem
///     co_yield book;
class DynamicItem {
 public:
  using Member = http::Json::Member;

  /// A field: what is assigned to it is set, by the rules of WEFT_ITEM's fields. Refers to the item, which must not change in between.
  class Field {
   public:
    explicit Field(http::Json& value) noexcept : value_(value) {}
    Field(const Field&) = default;
    template <class T> const Field& operator=(const T& value) const { return value_ = jsonOf(value), *this; }
    const Field& operator=(const Field& other) const { return value_ = http::Json(other.value_), *this; }
    const Field& operator=(const char* value) const { return value_ = http::Json(value), *this; }
    const http::Json& json() const noexcept { return value_; }
    operator const http::Json&() const noexcept { return value_; }

   private:
    http::Json& value_;
  };

  DynamicItem() = default;
  explicit DynamicItem(http::Json::Object fields) : fields_(std::move(fields)) {}

  /// The field of that name; one that is new is null.
  Field operator[](std::string_view name) { return Field(valueOf(name)); }
  /// Its value, or null when there is none of that name.
  const http::Json* find(std::string_view name) const noexcept {
    const auto found = std::find_if(fields_.begin(), fields_.end(), [name](const Member& member) { return member.first == name; });
    return found == fields_.end() ? nullptr : &found->second;
  }
  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }
  /// Takes the field out. False when there was none.
  bool erase(std::string_view name) {
    return std::erase_if(fields_, [name](const Member& member) { return member.first == name; }) != 0;
  }
  void setField(std::string_view name, http::Json value) { valueOf(name) = std::move(value); }

  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }
  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  bool operator==(const DynamicItem& other) const = default;

 private:
  http::Json& valueOf(std::string_view name) {
    const auto found = std::find_if(fields_.begin(), fields_.end(), [name](const Member& member) { return member.first == name; });
    return found != fields_.end() ? found->second : fields_.emplace_back(std::string(name), http::Json()).second;
  }

  http::Json::Object fields_;
};

inline const char* weftItemName(const DynamicItem*) noexcept { return "DynamicItem"; }
template <class Visit> void weftItemFields(const DynamicItem& item, Visit& visit) {
  for (const auto& [name, value] : item) visit(name, value);
}

}  // namespace weft::crawler

namespace weft {
using crawler::DynamicItem;
}  // namespace weft
