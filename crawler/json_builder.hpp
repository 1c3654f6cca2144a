// JsonBuilder: an item as a JSON value.
#pragma once

#include <weft/crawler/item.hpp>
#include <weft/http/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Builds a value out of what it is told. Unsigned numbers beyond 2^63 become floating point, as http::Json has no other.
///
///     JsonBuilder builder;
///     item.visit(builder);
///     http::Json json = builder.take();
class JsonBuilder final : public ItemVisitor {
 public:
  void beginItem(std::string_view typeName) override;
  void key(std::string_view name) override { key_ = name; }
  void endItem() override;
  void beginList() override;
  void endList() override;
  void text(std::string_view value) override { add(http::Json(value)); }
  void number(std::int64_t value) override { add(http::Json(value)); }
  void number(std::uint64_t value) override;
  void number(double value) override { add(http::Json(value)); }
  void boolean(bool value) override { add(http::Json(value)); }
  void null() override { add(http::Json()); }

  http::Json take() { return std::exchange(whole_, http::Json()); }

 private:
  struct Open {
    bool isList;
    std::string key;                                   // of itself, in what is around it
    http::Json::Object members;
    http::Json::Array elements;
  };
  void open(bool isList);
  void add(http::Json value);

  std::vector<Open> open_;
  std::string key_;
  http::Json whole_;
};

/// Any value that an item's field may have, as JSON.
template <class T> http::Json jsonOf(const T& value) {
  JsonBuilder builder;
  detail::visitValue(builder, value);
  return builder.take();
}

}  // namespace weft::crawler
