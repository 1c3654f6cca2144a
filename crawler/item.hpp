// Items: what a spider finds. WEFT_ITEM describes the fields of a plain struct; Item holds any of them.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/http/json.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A field of an item cannot be set: there is none of that name, or it takes something else. The text names both.
class ItemError : public Error {
 public:
  using Error::Error;
};

/// What a field takes when it is set by name.
enum class FieldKind : std::uint8_t {
  None,                      ///< there is no such field
  Single,                    ///< a string, number, bool, struct
  List,                      ///< a list; one value makes a list of one
  Any,                       ///< any JSON value
};

/// Who is told an item's fields, in the order of WEFT_ITEM: for each a key() and a value. Feeds and tests implement it. Views die when the call returns.
class ItemVisitor {
 public:
  virtual ~ItemVisitor() = default;
  virtual void beginItem(std::string_view typeName) = 0;
  virtual void key(std::string_view name) = 0;
  virtual void endItem() = 0;
  virtual void beginList() = 0;
  virtual void endList() = 0;
  virtual void text(std::string_view value) = 0;
  virtual void number(std::int64_t value) = 0;
  virtual void number(std::uint64_t value) = 0;
  virtual void number(double value) = 0;
  virtual void boolean(bool value) = 0;
  virtual void null() = 0;
};

/// A type that WEFT_ITEM has described.
template <class T> concept ItemType = requires(const T& item) {
  { weftItemName(&item) } -> std::convertible_to<const char*>;
};

template <ItemType T> void visitItem(ItemVisitor& visitor, const T& item);

namespace detail {

template <class T> inline constexpr bool isOptional = false;
template <class T> inline constexpr bool isOptional<std::optional<T>> = true;

void visitJson(ItemVisitor& visitor, const http::Json& value);

template <class T> void visitValue(ItemVisitor& visitor, const T& value) {
  if constexpr (std::is_same_v<T, http::Json>) visitJson(visitor, value);
  else if constexpr (std::is_null_pointer_v<T>) visitor.null();
  else if constexpr (std::is_same_v<T, bool>) visitor.boolean(value);
  else if constexpr (std::is_enum_v<T>) visitor.number(static_cast<std::int64_t>(value));
  else if constexpr (std::is_floating_point_v<T>) visitor.number(static_cast<double>(value));
  else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>) visitor.number(static_cast<std::uint64_t>(value));
  else if constexpr (std::is_integral_v<T>) visitor.number(static_cast<std::int64_t>(value));
  else if constexpr (std::convertible_to<const T&, std::string_view>) visitor.text(value);
  else if constexpr (isOptional<T>) {
    if (value) visitValue(visitor, *value);
    else visitor.null();
  } else if constexpr (ItemType<T>) visitItem(visitor, value);
  else if constexpr (requires { value.begin(); value.end(); }) {
    visitor.beginList();
    for (auto&& element : value) visitValue(visitor, static_cast<const typename T::value_type&>(element));
    visitor.endList();
  } else static_assert(!sizeof(T), "an item's field must be a string, a number, a bool, an optional, a list of these, or a struct with its own WEFT_ITEM");
}

// The parts of assignValue() that need no type of the user. Each gives null, or what it takes instead.
const char* assignText(std::string& to, const http::Json& from);
const char* assignBool(bool& to, const http::Json& from);
const char* assignNumber(double& to, const http::Json& from);
const char* assignNumber(std::int64_t& to, const http::Json& from);
const char* assignNumber(std::uint64_t& to, const http::Json& from);

template <ItemType T> const char* assignField(T& item, std::string_view name, const http::Json& value);
inline constexpr const char kNoField[] = "no field of that name";

template <class T> constexpr FieldKind kindOf() {
  if constexpr (std::is_same_v<T, http::Json>) return FieldKind::Any;
  else if constexpr (isOptional<T>) return kindOf<typename T::value_type>();
  else if constexpr (ItemType<T> || std::convertible_to<const T&, std::string_view>) return FieldKind::Single;
  else if constexpr (requires(T t) { t.insert(t.end(), typename T::value_type()); }) return FieldKind::List;
  else return FieldKind::Single;
}

template <class T> const char* assignValue(T& to, const http::Json& from) {
  if constexpr (std::is_same_v<T, http::Json>) to = from;
  else if constexpr (std::is_same_v<T, bool>) return assignBool(to, from);
  else if constexpr (std::is_same_v<T, std::string>) return assignText(to, from);
  else if constexpr (std::is_floating_point_v<T> || std::is_integral_v<T> || std::is_enum_v<T>) {
    using Wide = std::conditional_t<std::is_floating_point_v<T>, double, std::conditional_t<std::is_unsigned_v<T>, std::uint64_t, std::int64_t>>;
    Wide wide{};
    if (const char* wanted = assignNumber(wide, from)) return wanted;
    if constexpr (!std::is_floating_point_v<T>)
      if (static_cast<Wide>(static_cast<T>(wide)) != wide) return "a smaller number";
    to = static_cast<T>(wide);
  } else if constexpr (isOptional<T>) {
    if (from.isNull()) return to.reset(), nullptr;
    typename T::value_type value{};
    if (const char* wanted = assignValue(value, from)) return wanted;
    to = std::move(value);
  } else if constexpr (ItemType<T>) {
    if (!from.isObject()) return "an object";
    T changed = to;
    for (const auto& [name, value] : from.object())
      if (const char* wanted = assignField(changed, name, value)) return wanted == kNoField ? "an object of its own fields" : wanted;
    to = std::move(changed);
  } else if constexpr (kindOf<T>() == FieldKind::List) {
    T list;
    const auto add = [&list](const http::Json& value) {
      typename T::value_type element{};
      const char* const wanted = assignValue(element, value);
      if (!wanted) list.insert(list.end(), std::move(element));
      return wanted;
    };
    if (!from.isArray()) {
      if (const char* wanted = add(from)) return wanted;
    } else {
      for (const http::Json& value : from.array())
        if (const char* wanted = add(value)) return wanted;
    }
    to = std::move(list);
  } else return "to be set by the spider itself";
  return nullptr;
}

// Null when it is set, else what the field takes.
template <ItemType T> const char* assignField(T& item, std::string_view name, const http::Json& value) {
  if constexpr (requires { item.setField(name, value); }) {
    item.setField(name, value);
    return nullptr;
  } else {
    const char* wanted = kNoField;
    const auto field = [&](std::string_view itsName, auto& itsValue) {
      if (itsName == name) wanted = assignValue(itsValue, value);
    };
    weftItemFields(item, field);
    return wanted;
  }
}

template <ItemType T> FieldKind fieldKind(const T& item, std::string_view name) {
  if constexpr (requires(T t, http::Json json) { t.setField(name, json); }) return FieldKind::Any;
  else {
    FieldKind kind = FieldKind::None;
    const auto field = [&]<class V>(std::string_view itsName, const V&) {
      if (itsName == name) kind = kindOf<V>();
    };
    weftItemFields(item, field);
    return kind;
  }
}

}  // namespace detail

template <ItemType T> void visitItem(ItemVisitor& visitor, const T& item) {
  visitor.beginItem(weftItemName(&item));
  const auto field = [&visitor](std::string_view name, const auto& value) {
    visitor.key(name);
    detail::visitValue(visitor, value);
  };
  weftItemFields(item, field);
  visitor.endItem();
}

/// Any item, by value: what travels from a spider to the feeds. Move-only; empty after a move.
class Item {
 public:
  Item() noexcept = default;
  template <ItemType T> explicit Item(T item) : held_(std::make_unique<Held<T>>(std::move(item))) {}

  explicit operator bool() const noexcept { return held_ != nullptr; }
  /// The struct's name as WEFT_ITEM was given it.
  std::string_view typeName() const noexcept { return held_ ? held_->name() : std::string_view(); }
  /// The item as a T, or null when it is another. Owned by the Item.
  template <ItemType T> const T* as() const noexcept {
    return held_ && held_->tag() == &kTag<T> ? &static_cast<const Held<T>&>(*held_).item : nullptr;
  }
  template <ItemType T> T* as() noexcept { return const_cast<T*>(std::as_const(*this).template as<T>()); }
  /// Tells the visitor every field. Nothing when empty.
  void visit(ItemVisitor& visitor) const {
    if (held_) held_->visit(visitor);
  }
  /// The item as a JSON object; null when empty.
  http::Json json() const;
  /// One field of it; null where there is none of that name.
  http::Json get(std::string_view field) const;
  /// Sets a field of the struct. Strings are read as numbers and bools where the field is one, and blanks around them do not count; numbers become strings where it is a string. Throws
  /// ItemError when there is no such field, or the value is nothing that it takes; the field stays as it was then.
  void set(std::string_view field, const http::Json& value);
  FieldKind fieldKind(std::string_view field) const { return held_ ? held_->fieldKind(field) : FieldKind::None; }

 private:
  template <class T> static constexpr char kTag = 0;   // its address stands for the type
  struct AnyHeld {
    virtual ~AnyHeld() = default;
    virtual std::string_view name() const noexcept = 0;
    virtual const void* tag() const noexcept = 0;
    virtual void visit(ItemVisitor& visitor) const = 0;
    virtual FieldKind fieldKind(std::string_view field) const = 0;
    virtual const char* assign(std::string_view field, const http::Json& value) = 0;
  };
  template <class T> struct Held final : AnyHeld {
    explicit Held(T item) : item(std::move(item)) {}
    std::string_view name() const noexcept override { return weftItemName(&item); }
    const void* tag() const noexcept override { return &kTag<T>; }
    void visit(ItemVisitor& visitor) const override { visitItem(visitor, item); }
    FieldKind fieldKind(std::string_view field) const override { return detail::fieldKind(item, field); }
    const char* assign(std::string_view field, const http::Json& value) override { return detail::assignField(item, field, value); }
    T item;
  };

  std::unique_ptr<AnyHeld> held_;
};

}  // namespace weft::crawler

// One step per argument, rescanned often enough for 250 of them.
#define WEFT_DETAIL_PARENS ()
#define WEFT_DETAIL_EXPAND(...) WEFT_DETAIL_EXPAND3(WEFT_DETAIL_EXPAND3(WEFT_DETAIL_EXPAND3(WEFT_DETAIL_EXPAND3(__VA_ARGS__))))
#define WEFT_DETAIL_EXPAND3(...) WEFT_DETAIL_EXPAND2(WEFT_DETAIL_EXPAND2(WEFT_DETAIL_EXPAND2(WEFT_DETAIL_EXPAND2(__VA_ARGS__))))
#define WEFT_DETAIL_EXPAND2(...) WEFT_DETAIL_EXPAND1(WEFT_DETAIL_EXPAND1(WEFT_DETAIL_EXPAND1(WEFT_DETAIL_EXPAND1(__VA_ARGS__))))
#define WEFT_DETAIL_EXPAND1(...) __VA_ARGS__
#define WEFT_DETAIL_FIELDS(first, ...) visit(#first, item.first); __VA_OPT__(WEFT_DETAIL_FIELDS_AGAIN WEFT_DETAIL_PARENS(__VA_ARGS__))
#define WEFT_DETAIL_FIELDS_AGAIN() WEFT_DETAIL_FIELDS

/// Makes a plain struct an item: names the fields that feeds write, in this order. Stands after the struct, in its namespace, and ends without a semicolon.
///
///     struct Quote { std::string text, author; std::vector<std::string> tags; };
///     WEFT_ITEM(Quote, text, author, tags)
///
/// Fields may be strings, numbers, bools, std::optional, http::Json, lists of these, and structs with a WEFT_ITEM of their own.
#define WEFT_ITEM(Type, ...)                                                                                     \
  [[maybe_unused]] inline const char* weftItemName(const Type*) noexcept { return #Type; }                       \
  template <class WeftVisit> void weftItemFields(const Type& item, WeftVisit& visit) {                           \
    WEFT_DETAIL_EXPAND(WEFT_DETAIL_FIELDS(__VA_ARGS__))                                                          \
  }                                                                                                              \
  template <class WeftVisit> void weftItemFields(Type& item, WeftVisit& visit) {                                 \
    WEFT_DETAIL_EXPAND(WEFT_DETAIL_FIELDS(__VA_ARGS__))                                                          \
  }
