// A move-only callable: std::move_only_function before C++23 has it.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace weft {

template <class> class UniqueFunction;

/// Holds any callable, also one that can only be moved. Callables of up to four words live inside it; larger ones on the heap.
/// Calling an empty one is undefined (asserted by the caller's own checks); test with `if (f)`.
template <class R, class... A> class UniqueFunction<R(A...)> {
 public:
  UniqueFunction() noexcept = default;
  UniqueFunction(std::nullptr_t) noexcept {}
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> && std::is_invocable_r_v<R, std::decay_t<F>&, A...>)
  UniqueFunction(F&& f) {
    using Callable = std::decay_t<F>;
    if constexpr (std::is_pointer_v<Callable> || std::is_member_pointer_v<Callable>) {
      if (!f) return;
    }
    if constexpr (kInside<Callable>) {
      new (&storage_) Callable(std::forward<F>(f));
      actions_ = &kInsideActions<Callable>;
    } else {
      new (&storage_) Callable*(new Callable(std::forward<F>(f)));
      actions_ = &kOutsideActions<Callable>;
    }
  }
  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  UniqueFunction(const UniqueFunction&) = delete;
  UniqueFunction& operator=(const UniqueFunction&) = delete;
  ~UniqueFunction() { reset(); }

  explicit operator bool() const noexcept { return actions_ != nullptr; }
  R operator()(A... arguments) { return actions_->call(&storage_, std::forward<A>(arguments)...); }

 private:
  struct Actions {
    R (*call)(void* storage, A&&... arguments);
    void (*move)(void* from, void* to) noexcept;
    void (*destroy)(void* storage) noexcept;
  };
  struct Storage {
    alignas(std::max_align_t) std::byte bytes[4 * sizeof(void*)];
  };
  template <class F>
  static constexpr bool kInside =
      sizeof(F) <= sizeof(Storage) && alignof(F) <= alignof(Storage) && std::is_nothrow_move_constructible_v<F>;

  template <class F> static R invoke(F& f, A&&... arguments) {
    if constexpr (std::is_void_v<R>) f(std::forward<A>(arguments)...);
    else return f(std::forward<A>(arguments)...);
  }
  template <class F> static F& inside(void* storage) noexcept { return *std::launder(reinterpret_cast<F*>(storage)); }

  template <class F>
  static constexpr Actions kInsideActions{
      [](void* storage, A&&... arguments) -> R { return invoke(inside<F>(storage), std::forward<A>(arguments)...); },
      [](void* from, void* to) noexcept {
        new (to) F(std::move(inside<F>(from)));
        inside<F>(from).~F();
      },
      [](void* storage) noexcept { inside<F>(storage).~F(); }};
  template <class F>
  static constexpr Actions kOutsideActions{
      [](void* storage, A&&... arguments) -> R { return invoke(*inside<F*>(storage), std::forward<A>(arguments)...); },
      [](void* from, void* to) noexcept { new (to) F*(inside<F*>(from)); },
      [](void* storage) noexcept { delete inside<F*>(storage); }};

  void take(UniqueFunction& other) noexcept {
    actions_ = std::exchange(other.actions_, nullptr);
    if (actions_) actions_->move(&other.storage_, &storage_);
  }
  void reset() noexcept {
    if (const Actions* actions = std::exchange(actions_, nullptr)) actions->destroy(&storage_);
  }

  const Actions* actions_ = nullptr;
  Storage storage_;
};

}  // namespace weft
