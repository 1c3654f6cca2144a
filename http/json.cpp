#include <weft/http/json.hpp>

#include <weft/http/text/utf8.hpp>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace weft::http {
namespace {

// Builds values from rapidjson's events. Its reader is iterative here, so nothing that is nested deeply can overflow the stack; destroying and writing values is not, which
// maxDepth bounds.
class Builder {
 public:
  explicit Builder(std::size_t maxDepth) noexcept : maxDepth_(maxDepth) {}

  bool Null() { return add(Json()); }
  bool Bool(bool value) { return add(Json(value)); }
  bool Int(int value) { return add(Json(std::int64_t{value})); }
  bool Uint(unsigned value) { return add(Json(std::int64_t{value})); }
  bool Int64(std::int64_t value) { return add(Json(value)); }
  bool Uint64(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return add(Json(static_cast<double>(value)));
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool Double(double value) { return add(Json(value)); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool) { return add(Json(std::string(text, size))); }
  bool StartObject() { return open(false); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    open_.back().key.assign(text, size);
    return true;
  }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() { return open(true); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  bool tooDeep() const noexcept { return tooDeep_; }
  Json take() { return std::move(root_); }

 private:
  struct Level {
    bool isArray;
    Json::Array array;
    Json::Object object;
    std::string key;
  };

  bool open(bool isArray) {
    if (open_.size() >= maxDepth_) {
      tooDeep_ = true;
      return false;
    }
    open_.push_back({isArray, {}, {}, {}});
    return true;
  }
  bool close() {
    Level level = std::move(open_.back());
    open_.pop_back();
    return add(level.isArray ? Json(std::move(level.array)) : Json(std::move(level.object)));
  }
  bool add(Json value) {
    if (open_.empty()) root_ = std::move(value);
    else if (open_.back().isArray) open_.back().array.push_back(std::move(value));
    else open_.back().object.emplace_back(std::move(open_.back().key), std::move(value));
    return true;
  }

  std::vector<Level> open_;
  Json root_;
  std::size_t maxDepth_;
  bool tooDeep_ = false;
};

[[noreturn]] void throwAt(std::string_view text, std::size_t offset, std::string_view reason) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
  const std::size_t start = before.rfind('\n');
  throw JsonError(line, start == std::string_view::npos ? before.size() + 1 : before.size() - start, reason);
}

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

void appendValue(std::string& out, const Json& value) {
  if (value.isBool()) {
    out += value.boolean() ? "true" : "false";
  } else if (value.isInteger()) {
    appendNumber(out, value.integer());
  } else if (value.isNumber() && std::isfinite(value.number())) {
    appendNumber(out, value.number());
  } else if (value.isString()) {
    appendJsonString(out, value.string());
  } else if (value.isArray()) {
    out += '[';
    for (const Json& one : value.array()) {
      if (&one != value.array().data()) out += ',';
      appendValue(out, one);
    }
    out += ']';
  } else if (value.isObject()) {
    out += '{';
    for (const Json::Member& member : value.object()) {
      if (&member != value.object().data()) out += ',';
      appendJsonString(out, member.first);
      out += ':';
      appendValue(out, member.second);
    }
    out += '}';
  } else {
    out += "null";
  }
}

[[noreturn]] void throwType(std::string_view wanted, const Json& value) {
  throw JsonTypeError("reading JSON: " + std::string(wanted) + " was asked for, and it is " + std::string(value.typeName()));
}

}  // namespace

JsonError::JsonError(std::size_t line, std::size_t column, std::string_view reason)
    : Error("parsing JSON: line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + std::string(reason)),
      line(line),
      column(column),
      reason(reason) {}

Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json Json::parse(std::string_view text, const JsonOptions& options) {
  if (text.size() > options.maxBytes)
    throw JsonError(1, 1, "it is over the limit of " + std::to_string(options.maxBytes) + " bytes; JsonOptions::setMaxBytes() allows more");
  const std::string_view whole = text;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  Builder builder(options.maxDepth);
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag | rapidjson::kParseValidateEncodingFlag;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (!result) {
    const std::size_t offset = result.Offset() + (whole.size() - text.size());
    if (builder.tooDeep())
      throwAt(whole, offset, "it is nested more than " + std::to_string(options.maxDepth) + " deep; JsonOptions::setMaxDepth() allows more");
    throwAt(whole, offset, rapidjson::GetParseError_En(result.Code()));
  }
  return builder.take();
}

std::string_view Json::typeName() const noexcept {
  switch (value_.index()) {
    case 1: return "true or false";
    case 2:
    case 3: return "a number";
    case 4: return "a string";
    case 5: return "an array";
    case 6: return "an object";
    default: return "null";
  }
}

bool Json::boolean() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  throwType("true or false", *this);
}

double Json::number() const {
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  throwType("a number", *this);
}

std::int64_t Json::integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  if (const auto* value = std::get_if<double>(&value_)) {
    constexpr double kLimit = 9223372036854775808.0;   // 2^63
    if (*value == std::floor(*value) && *value >= -kLimit && *value < kLimit) return static_cast<std::int64_t>(*value);
    throw JsonTypeError("reading JSON: an integer of 64 bits was asked for, and it is " + std::to_string(*value));
  }
  throwType("an integer", *this);
}

const std::string& Json::string() const {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  throwType("a string", *this);
}

const Json::Array& Json::array() const {
  if (const auto* value = std::get_if<Array>(&value_)) return *value;
  throwType("an array", *this);
}

const Json::Object& Json::object() const {
  if (const auto* value = std::get_if<Object>(&value_)) return *value;
  throwType("an object", *this);
}

const Json* Json::find(std::string_view name) const noexcept {
  const auto* members = std::get_if<Object>(&value_);
  if (!members) return nullptr;
  const auto found = std::ranges::find(*members, name, &Member::first);
  return found == members->end() ? nullptr : &found->second;
}

const Json& Json::operator[](std::string_view name) const {
  if (const Json* member = find(name)) return *member;
  if (!isObject()) throwType("the member \"" + std::string(name.substr(0, 80)) + "\" of an object", *this);
  throw JsonTypeError("reading JSON: the object has no member \"" + std::string(name.substr(0, 80)) + "\"");
}

const Json& Json::operator[](std::size_t index) const {
  const Array& elements = array();
  if (index < elements.size()) return elements[index];
  throw JsonTypeError("reading JSON: element " + std::to_string(index) + " was asked for, and the array has " + std::to_string(elements.size()));
}

std::size_t Json::size() const noexcept {
  if (const auto* elements = std::get_if<Array>(&value_)) return elements->size();
  if (const auto* members = std::get_if<Object>(&value_)) return members->size();
  return 0;
}

std::string Json::dump() const {
  std::string out;
  appendValue(out, *this);
  return out;
}

void appendJsonString(std::string& out, std::string_view text) {
  out += '"';
  if (isUtf8(text)) {
    appendEscaped(out, text);
  } else {
    std::string mended;
    appendMended(mended, text);
    appendEscaped(out, mended);
  }
  out += '"';
}

}  // namespace weft::http
