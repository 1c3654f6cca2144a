// Processors: what an ItemLoader does to values, in itemloaders' words.
#pragma once

#include <weft/crawler/jmespath.hpp>
#include <weft/crawler/json_builder.hpp>
#include <weft/http/json.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A function from a value to a value: of http::Json, or of std::string, for which numbers and bools become text, and null stays null without a call. It may give whatever an item's field
/// may be; null (and an optional without a value) stands for nothing.
///
///     Processor price = [](std::string text) { return text.substr(2); };
class Processor {
 public:
  /// None: the default applies, or nothing is done.
  Processor() = default;
  template <class F>
    requires(!std::same_as<F, Processor> && (std::invocable<const F&, http::Json> || std::invocable<const F&, std::string>))
  Processor(F function)
      : function_([function = std::move(function)](http::Json value) {
          if constexpr (std::invocable<const F&, http::Json>) return jsonOf(function(std::move(value)));
          else return value.isNull() ? http::Json() : jsonOf(function(textOf(value)));
        }) {}

  explicit operator bool() const noexcept { return static_cast<bool>(function_); }
  http::Json operator()(http::Json value) const { return function_ ? function_(std::move(value)) : value; }

 private:
  static std::string textOf(const http::Json& value);
  std::function<http::Json(http::Json)> function_;
};

/// The values as they are.
struct Identity {
  http::Json operator()(http::Json values) const { return values; }
};

/// The first value that is neither null nor empty text.
struct TakeFirst {
  http::Json operator()(http::Json values) const;
};

/// All values as one text. Numbers, and whatever else is no text, are joined as JSON.
class Join {
 public:
  explicit Join(std::string separator = " ") : separator_(std::move(separator)) {}
  http::Json operator()(http::Json values) const;

 private:
  std::string separator_;
};

/// One function after another, on all values at once; ends at the first that gives null.
class Compose {
 public:
  template <class... F> explicit Compose(F... functions) : functions_{Processor(std::move(functions))...} {}
  http::Json operator()(http::Json values) const;

 private:
  std::vector<Processor> functions_;
};

/// One function after another, on each value. One that gives a list gives so many values; null takes the value out.
///
///     MapCompose([](std::string text) { return text.substr(2); }, [](std::string text) { return std::stod(text); })
class MapCompose {
 public:
  template <class... F> explicit MapCompose(F... functions) : functions_{Processor(std::move(functions))...} {}
  http::Json operator()(http::Json values) const;

 private:
  std::vector<Processor> functions_;
};

/// What the JMESPath expression finds in the value; null if nothing. Throws JmesPathSyntaxError.
class SelectJmes {
 public:
  explicit SelectJmes(std::string_view expression) : expression_(expression) {}
  http::Json operator()(http::Json value) const { return expression_.search(value); }

 private:
  JmesPath expression_;
};

/// What the regular expression finds in each text, as Selector::re() does. Stands for the `re` argument of Scrapy's loaders.
class Re {
 public:
  explicit Re(std::string pattern) : pattern_(std::move(pattern)) {}
  http::Json operator()(http::Json values) const;

 private:
  std::string pattern_;
};

/// Without the blanks around it (Python's str.strip): `MapCompose(strip)`.
std::string strip(std::string text);

}  // namespace weft::crawler
