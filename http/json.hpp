// Json: a JSON value, as it comes from an API.
#pragma once

#include <weft/http/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weft::http {

/// A text is no JSON, or over a limit of JsonOptions.
class JsonError : public Error {
 public:
  JsonError(std::size_t line, std::size_t column, std::string_view reason);
  std::size_t line;                  ///< from 1
  std::size_t column;                ///< in bytes, from 1
  std::string reason;
};

/// A Json was used as what it is not, or a member that is asked for is not there.
class JsonTypeError : public Error {
 public:
  using Error::Error;
};

/// How much Json::parse() takes.
class JsonOptions {
 public:
  std::size_t maxBytes = 64 * 1024 * 1024;
  std::size_t maxDepth = 512;        ///< arrays and objects within each other; each takes some 200 bytes of stack where a value is destroyed or written
  JsonOptions& setMaxBytes(std::size_t value) { return maxBytes = value, *this; }
  JsonOptions& setMaxDepth(std::size_t value) { return maxDepth = value, *this; }
};

/// A JSON value (RFC 8259). Strings are UTF-8. Objects keep their order, and all members of one name; a lookup finds the first.
///
///     Json quotes = co_await response.json();
///     for (const Json& quote : quotes["quotes"].array()) print(quote["author"]["name"].string());
///     if (const Json* next = quotes.find("next")) ...
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() noexcept = default;                           ///< null
  Json(std::nullptr_t) noexcept {}
  Json(bool value) noexcept : value_(value) {}
  Json(int value) noexcept : value_(std::int64_t{value}) {}
  Json(std::int64_t value) noexcept : value_(value) {}
  Json(double value) noexcept : value_(value) {}
  Json(std::string value) noexcept : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) noexcept : value_(std::move(value)) {}
  Json(Object value) noexcept : value_(std::move(value)) {}

  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  /// One value with nothing but white space around it; a byte order mark before it is let pass. The text must be UTF-8, its escapes whole: half a surrogate pair is an error.
  /// Throws JsonError.
  static Json parse(std::string_view text, const JsonOptions& options = JsonOptions());

  bool isNull() const noexcept { return value_.index() == 0; }
  bool isBool() const noexcept { return std::holds_alternative<bool>(value_); }
  bool isNumber() const noexcept { return isInteger() || std::holds_alternative<double>(value_); }
  /// A number without fraction and exponent that fits into 64 bits with a sign.
  bool isInteger() const noexcept { return std::holds_alternative<std::int64_t>(value_); }
  bool isString() const noexcept { return std::holds_alternative<std::string>(value_); }
  bool isArray() const noexcept { return std::holds_alternative<Array>(value_); }
  bool isObject() const noexcept { return std::holds_alternative<Object>(value_); }
  /// "null", "true or false", "a number", "a string", "an array", "an object".
  std::string_view typeName() const noexcept;

  /// Each throws JsonTypeError when the value is something else. integer() takes 3 and 3.0, not 3.5.
  bool boolean() const;
  double number() const;
  std::int64_t integer() const;
  const std::string& string() const;
  const Array& array() const;
  const Object& object() const;

  /// The member of that name; nullptr when there is none, or when this is no object.
  const Json* find(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }
  /// The member of that name, or the element of that index. Throws JsonTypeError when it is not there.
  const Json& operator[](std::string_view name) const;
  const Json& operator[](const char* name) const { return (*this)[std::string_view(name)]; }
  const Json& operator[](std::size_t index) const;
  const Json& operator[](int index) const { return (*this)[static_cast<std::size_t>(index)]; }
  /// Elements of an array, members of an object; otherwise 0.
  std::size_t size() const noexcept;

  /// As text, without blanks. Numbers that JSON has not (NaN, infinities) become null.
  std::string dump() const;

  bool operator==(const Json& other) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// Appends `text` as a JSON string, quotes included (RFC 8259 section 7). Bytes that are not UTF-8 become U+FFFD, one for each maximal part; U+2028 and U+2029 are
/// written as they are. About 1 GB/s where nothing has to be escaped.
void appendJsonString(std::string& out, std::string_view text);

}  // namespace weft::http
