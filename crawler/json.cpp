#include <weft/crawler/json.hpp>

#include <charconv>
#include <cmath>

namespace weft::crawler {

namespace {

template <class Number> void appendNumber(std::string& out, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

}  // namespace

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

void JsonWriter::beginItem(std::string_view) {
  separate();
  out_ += '{';
  first_ = true;
}

void JsonWriter::key(std::string_view name) {
  separate();
  appendJsonString(out_, name);
  out_ += ':';
  first_ = true;
}

void JsonWriter::endItem() {
  out_ += '}';
  first_ = false;
}

void JsonWriter::beginList() {
  separate();
  out_ += '[';
  first_ = true;
}

void JsonWriter::endList() {
  out_ += ']';
  first_ = false;
}

void JsonWriter::text(std::string_view value) {
  separate();
  appendJsonString(out_, value);
}

void JsonWriter::number(std::int64_t value) {
  separate();
  appendNumber(out_, value);
}

void JsonWriter::number(std::uint64_t value) {
  separate();
  appendNumber(out_, value);
}

void JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  appendNumber(out_, value);
}

void JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::null() {
  separate();
  out_ += "null";
}

std::string toJson(const Item& item) {
  std::string text;
  JsonWriter json(text);
  item.visit(json);
  return text;
}

}  // namespace weft::crawler
