#include <weft/crawler/json.hpp>

#include <weft/crawler/html/utf8.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace weft::crawler {

namespace {

// What follows the backslash; 'u' for \u00XX; 0 where the byte stands for itself.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (int c = 0; c < 0x20; ++c) escapes[static_cast<std::size_t>(c)] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes[0x7F] = 'u';                                 // DEL: valid as it is, but it would reach somebody's terminal
  return escapes;
}();

void appendEscaped(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (!escape) [[likely]] continue;
    out.append(text, done, i - done);
    done = i + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  out.append(text, done);
}

template <class Number> void appendNumber(std::string& out, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

}  // namespace

void appendJsonString(std::string& out, std::string_view text) {
  out += '"';
  if (html::isUtf8(text)) {
    appendEscaped(out, text);
  } else {
    std::string mended;
    html::appendMended(mended, text);
    appendEscaped(out, mended);
  }
  out += '"';
}

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
