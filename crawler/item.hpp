// Items: what a spider finds. WEFT_ITEM describes the fields of a plain struct; Item holds any of them.
#pragma once

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

template <class T> void visitValue(ItemVisitor& visitor, const T& value) {
  if constexpr (std::is_same_v<T, bool>) visitor.boolean(value);
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

 private:
  template <class T> static constexpr char kTag = 0;   // its address stands for the type
  struct AnyHeld {
    virtual ~AnyHeld() = default;
    virtual std::string_view name() const noexcept = 0;
    virtual const void* tag() const noexcept = 0;
    virtual void visit(ItemVisitor& visitor) const = 0;
  };
  template <class T> struct Held final : AnyHeld {
    explicit Held(T item) : item(std::move(item)) {}
    std::string_view name() const noexcept override { return weftItemName(&item); }
    const void* tag() const noexcept override { return &kTag<T>; }
    void visit(ItemVisitor& visitor) const override { visitItem(visitor, item); }
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
/// Fields may be strings, numbers, bools, std::optional, lists of these, and structs with a WEFT_ITEM of their own.
#define WEFT_ITEM(Type, ...)                                                                                     \
  [[maybe_unused]] inline const char* weftItemName(const Type*) noexcept { return #Type; }                       \
  template <class Visit> void weftItemFields(const Type& item, Visit& visit) {                                   \
    WEFT_DETAIL_EXPAND(WEFT_DETAIL_FIELDS(__VA_ARGS__))                                                          \
  }
