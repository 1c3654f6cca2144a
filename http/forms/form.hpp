// Form: the pairs of a form, as application/x-www-form-urlencoded.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// The names and values of a form, or of a query, in their order; names may repeat. A value.
///
///     Request request("POST", "https://example.com/login");
///     request.setForm(Form{{"user", "me"}, {"password", "a b&c"}});
///     Form query = Form::parse(url.query());
class Form {
 public:
  using Pair = std::pair<std::string, std::string>;

  Form() = default;
  Form(std::initializer_list<Pair> pairs) : pairs_(pairs) {}

  Form& add(std::string name, std::string value) { return pairs_.emplace_back(std::move(name), std::move(value)), *this; }
  /// Makes this the only pair of that name, in the place of the first one.
  Form& set(std::string_view name, std::string value);
  std::size_t remove(std::string_view name);
  bool has(std::string_view name) const noexcept { return get(name).has_value(); }
  /// The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  std::vector<std::string_view> getAll(std::string_view name) const;

  std::size_t size() const noexcept { return pairs_.size(); }
  bool empty() const noexcept { return pairs_.empty(); }
  auto begin() const noexcept { return pairs_.begin(); }
  auto end() const noexcept { return pairs_.end(); }

  /// "user=me&password=a+b%26c". WHATWG URL section 5.2. Line breaks stay as they are; browsers make them CRLF before they encode.
  std::string toString() const;
  /// Never fails. Bytes that are no UTF-8 become U+FFFD; what is beyond `maxPairs` is not read. WHATWG URL section 5.1.
  static Form parse(std::string_view text, std::size_t maxPairs = 10'000);

  friend bool operator==(const Form&, const Form&) = default;

 private:
  std::vector<Pair> pairs_;
};

}  // namespace weft::http
