// JsonWriter: values as JSON text, always valid UTF-8.
#pragma once

#include <weft/crawler/item.hpp>
#include <weft/http/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::crawler {

using http::appendJsonString;

/// Writes an item, or any value built by hand, into a string that the caller owns and may reuse.
///
///     JsonWriter json(line);
///     json.beginItem("");
///     json.key("status");
///     json.number(std::int64_t{200});
///     json.endItem();                                  // {"status":200}
class JsonWriter final : public ItemVisitor {
 public:
  /// `out` is appended to, and must outlive the writer.
  explicit JsonWriter(std::string& out) noexcept : out_(out) {}

  void beginItem(std::string_view typeName) override;
  void key(std::string_view name) override;
  void endItem() override;
  void beginList() override;
  void endList() override;
  void text(std::string_view value) override;
  void number(std::int64_t value) override;
  void number(std::uint64_t value) override;
  /// The shortest text that reads back as the same number; what JSON cannot say (infinities, NaN) is null.
  void number(double value) override;
  void boolean(bool value) override;
  void null() override;

 private:
  void separate();

  std::string& out_;
  bool first_ = true;                                  // no comma is due
};

/// The item as one JSON object.
std::string toJson(const Item& item);

}  // namespace weft::crawler
