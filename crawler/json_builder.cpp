#include <weft/crawler/json_builder.hpp>

#include <limits>

namespace weft::crawler {

void JsonBuilder::open(bool isList) { open_.push_back({isList, std::exchange(key_, std::string()), {}, {}}); }

void JsonBuilder::add(http::Json value) {
  if (open_.empty()) whole_ = std::move(value);
  else if (open_.back().isList) open_.back().elements.push_back(std::move(value));
  else open_.back().members.emplace_back(std::move(key_), std::move(value));
}

void JsonBuilder::beginItem(std::string_view) { open(false); }
void JsonBuilder::beginList() { open(true); }

void JsonBuilder::endItem() {
  Open ended = std::move(open_.back());
  open_.pop_back();
  key_ = std::move(ended.key);
  add(http::Json(std::move(ended.members)));
}

void JsonBuilder::endList() {
  Open ended = std::move(open_.back());
  open_.pop_back();
  key_ = std::move(ended.key);
  add(http::Json(std::move(ended.elements)));
}

void JsonBuilder::number(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) add(http::Json(static_cast<std::int64_t>(value)));
  else add(http::Json(static_cast<double>(value)));
}

}  // namespace weft::crawler
