// Headers: the fields of a message.
#pragma once

#include <weft/http/error.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

/// A field that may not be sent: an empty name or one that is no token, or a value with CR, LF, NUL or another control character.
/// Refused where it is set, never repaired in silence. RFC 9110 sections 5.1 and 5.5.
class HeaderError : public Error {
 public:
  HeaderError(std::string_view name, std::string_view reason);
  std::string name;    ///< at most the first 80 bytes of it, control characters replaced by '?'
  std::string reason;
};

/// One field. Views into the Headers it came from; they die with its next change.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// A message's header fields: order, case and repetitions are kept, names are found whatever their case.
///
/// A value type in one block of memory that holds the fields as they are on the wire ("Name: value\r\n"…) and a table of where they are:
/// the head of a typical message costs one recycled block and no other allocation. Views that it returns die with its next change.
///
///     Headers headers{{"Accept", "text/html"}, {"Cookie", "a=1"}};
///     headers.set("accept", "*/*").add("X-Tag", "a").add("X-Tag", "b");
///     headers.get("ACCEPT");                          // "*/*"
///     headers.getAll("x-tag");                        // "a", "b"
class Headers {
 public:
  /// A block grows up to this: larger heads are a mistake or an attack. add() and set() throw HeaderError beyond it.
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 24;

  Headers() noexcept = default;
  /// Throws HeaderError.
  Headers(std::initializer_list<HeaderField> fields);
  Headers(const Headers& other);
  Headers(Headers&& other) noexcept { swap(other); }
  Headers& operator=(Headers other) noexcept {
    swap(other);
    return *this;
  }
  ~Headers() { release(); }
  void swap(Headers& other) noexcept;

  /// Adds a field at the end, also when there is one of that name. Spaces around the value are dropped. Throws HeaderError.
  Headers& add(std::string_view name, std::string_view value);
  /// Makes this the only field of that name, in the place of the first one. Throws HeaderError.
  Headers& set(std::string_view name, std::string_view value);
  /// Adds the field unless there is one of that name. Throws HeaderError.
  Headers& setDefault(std::string_view name, std::string_view value);
  /// Removes every field of that name; how many there were.
  std::size_t remove(std::string_view name);
  /// Removes all. The memory is kept.
  void clear() noexcept;

  bool has(std::string_view name) const noexcept { return find(name, 0) < count_; }
  /// The value of the first field of that name.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  std::string_view get(std::string_view name, std::string_view fallback) const noexcept { return get(name).value_or(fallback); }
  /// The values of all fields of that name, in order.
  std::vector<std::string_view> getAll(std::string_view name) const;
  /// The same as one list, separated by ", " (RFC 9110 section 5.3; not for Set-Cookie).
  std::string getCombined(std::string_view name) const;
  /// Does a field of that name, read as a comma-separated list, contain this token, in any case? ("Connection", "close")
  bool hasToken(std::string_view name, std::string_view token) const noexcept;

  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  HeaderField operator[](std::size_t index) const noexcept;

  /// All fields as they are sent, each with its CRLF, without the empty line at the end.
  std::string_view wire() const noexcept { return {block_, textSize_}; }
  /// Over the fields, in their order.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = HeaderField;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = HeaderField;
    Iterator(const Headers* headers, std::size_t index) noexcept : headers_(headers), index_(index) {}
    HeaderField operator*() const noexcept { return (*headers_)[index_]; }
    Iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const noexcept { return index_ == other.index_; }

   private:
    const Headers* headers_;
    std::size_t index_;
  };
  Iterator begin() const noexcept { return {this, 0}; }
  Iterator end() const noexcept { return {this, count_}; }

 private:
  friend class HeadersWriter;

  // Where a field is in the text. The table stands at the end of the block and grows towards the text.
  struct Entry {
    std::uint32_t nameAt;
    std::uint32_t valueAt;
    std::uint32_t valueSize;
    std::uint16_t nameSize;
    std::uint16_t tag;         // a hash of the name that ignores case
  };

  Entry& entry(std::size_t index) const noexcept { return reinterpret_cast<Entry*>(block_ + capacity_)[-1 - static_cast<std::ptrdiff_t>(index)]; }
  std::size_t find(std::string_view name, std::size_t from) const noexcept;
  void reserve(std::size_t moreText, std::size_t moreFields) {
    if (textSize_ + moreText + (count_ + moreFields) * sizeof(Entry) > capacity_) grow(moreText, moreFields);
  }
  void grow(std::size_t moreText, std::size_t moreFields);
  Headers& addChecked(std::string_view name, std::string_view value);
  void append(std::string_view name, std::string_view value);
  void replaceValue(std::size_t index, std::string_view value);
  void erase(std::size_t index) noexcept;
  void moveTail(std::size_t from, std::size_t to, std::size_t firstEntry) noexcept;
  void release() noexcept;

  char* block_ = nullptr;
  std::uint32_t capacity_ = 0;   // a multiple of 16
  std::uint32_t textSize_ = 0;
  std::uint32_t count_ = 0;
};

/// Is it a token: one or more of the characters that methods and field names may have? RFC 9110 section 5.6.2.
bool isToken(std::string_view text) noexcept;
/// Equal but for the case of ASCII letters?
bool equalIgnoringCase(std::string_view a, std::string_view b) noexcept;
/// Without the spaces and tabs around it (OWS, RFC 9110 section 5.6.3).
std::string_view trimmed(std::string_view text) noexcept;

}  // namespace weft::http
