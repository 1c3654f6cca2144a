// Generator: a function that gives its values one at a time.
#pragma once

#include <weft/core/block_pool.hpp>
#include <weft/core/error.hpp>
#include <weft/core/thrown_into.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft {

/// Thrown at the yield by Generator::close(), so that the generator can clean up. Do not swallow it and yield again. Not a std::exception: a
/// `catch (const std::exception&)` inside the generator lets it pass.
struct GeneratorExit {};

/// The generator was used as it cannot be: send() before the first next(), returned() before the end, a yield after close().
class GeneratorError : public CoreError {
 public:
  using CoreError::CoreError;
};

template <class Y, class S = void, class R = void> class Generator;

namespace detail {

template <class S> struct GeneratorInbox {
  S takeSent() {
    if (!sent) return S{};
    S value = std::move(*sent);
    sent.reset();
    return value;
  }
  std::optional<S> sent;
};
template <> struct GeneratorInbox<void> {
  void takeSent() noexcept {}
};

// What generators of one kind share whatever they return. In a chain of `co_yield elementsOf(...)` all of them write to the outermost, the root, and the
// root knows the innermost, the leaf: so a value costs one resume at any depth.
template <class Y, class S> struct GeneratorState : GeneratorInbox<S> {
  // Any generator's state from its handle: the promise lies at the same place in every frame, as none is aligned to more than 16.
  static GeneratorState& of(std::coroutine_handle<> handle) noexcept {
    return std::coroutine_handle<GeneratorState>::from_address(handle.address()).promise();
  }

  // An error is always taken before the frame can be destroyed. So the destructor has nothing to do: calls in it would cost the coroutine a stack
  // frame at each resume (15 %), which is why fail() is not inline either.
  GeneratorState() noexcept {}
  ~GeneratorState() {}

  [[gnu::noinline]] void fail() noexcept {
    std::construct_at(&error, std::current_exception());
    failed = true;
  }
  [[noreturn]] void rethrowError() {
    const std::exception_ptr taken = std::move(error);
    error.~exception_ptr();
    failed = false;
    std::rethrow_exception(taken);
  }

  GeneratorState* root = this;
  std::coroutine_handle<> outer;                       // who delegated to us
  // Of the root only:
  Y* value = nullptr;                                  // what was yielded last; null when nobody did
  std::coroutine_handle<> leaf;                        // whom to resume; does nothing once the root is over
  // Of each:
  union {
    std::exception_ptr error;                          // what ended it
  };
  bool failed = false;
  bool started = false;
  bool over = false;
};

template <class R> struct GeneratorResult {
  template <class V = R> void return_value(V&& value) { result.emplace(std::forward<V>(value)); }
  R takeResult() { return std::move(*result); }
  std::optional<R> result;
};
template <> struct GeneratorResult<void> {
  void return_void() noexcept {}
  void takeResult() noexcept {}
};

// g++ 12 destroys `Aggregate{...}` twice when it is part of a co_yield, without a warning.
template <class Y> inline constexpr bool kBreaksAsTemporary = std::is_aggregate_v<Y> && !std::is_trivially_destructible_v<Y>;

template <class G> class ElementsOf {                  // a class with a constructor: see kBreaksAsTemporary
 public:
  explicit ElementsOf(G&& generator) noexcept : inner(std::move(generator)) {}
  G inner;
};

template <class Y, class S, class R> struct GeneratorPromise final : GeneratorState<Y, S>, GeneratorResult<R>, Pooled {
  using State = GeneratorState<Y, S>;

  Generator<Y, S, R> get_return_object() noexcept {
    static_assert(alignof(GeneratorPromise) <= 2 * sizeof(void*), "a generator's values may not be over-aligned: yield pointers to them");
    this->leaf = handle();
    return Generator<Y, S, R>(handle());
  }
  std::coroutine_handle<GeneratorPromise> handle() noexcept { return std::coroutine_handle<GeneratorPromise>::from_promise(*this); }

  struct Begin {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept { state.started = true; }
    State& state;
  };
  Begin initial_suspend() noexcept { return {*this}; }

  struct End {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<GeneratorPromise> handle) const noexcept {
      State& state = handle.promise();
      State& root = *state.root;
      root.value = nullptr;
      root.leaf = state.outer ? state.outer : std::noop_coroutine();
      state.over = true;
    }
    void await_resume() const noexcept {}
  };
  End final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { this->fail(); }

  struct PlainYield {
    explicit PlainYield(State*) noexcept {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const {
      if (thrownInto) [[unlikely]] raiseThrownInto();
    }
  };
  struct ReceivingYield : PlainYield {
    explicit ReceivingYield(State* root) noexcept : PlainYield(root), root(root) {}
    S await_resume() const {
      PlainYield::await_resume();
      return root->takeSent();
    }
    State* root;
  };
  using Yield = std::conditional_t<std::is_void_v<S>, PlainYield, ReceivingYield>;
  struct YieldCopy : Yield {
    YieldCopy(State* root, const Y& value) : Yield(root), copy(value) { root->value = std::addressof(copy); }
    YieldCopy(YieldCopy&&) = delete;                   // it is pointed to
    Y copy;
  };
  Yield yield_value(Y& value) noexcept {
    this->root->value = std::addressof(value);
    return Yield(this->root);
  }
  Yield yield_value(Y&& value) noexcept
    requires(!kBreaksAsTemporary<Y>)
  {
    return yield_value(value);
  }
  template <std::same_as<Y> T>
    requires kBreaksAsTemporary<T>
  Yield yield_value(T&&) noexcept {
    static_assert(!kBreaksAsTemporary<T>, "g++ 12 destroys the temporary of `co_yield Item{...}` twice. Name it: `Item item{...}; co_yield item;`, "
                                          "or give the type a constructor.");
    return Yield(nullptr);
  }
  YieldCopy yield_value(const Y& value)
    requires(!std::is_const_v<Y> && std::copy_constructible<Y>)
  {
    return YieldCopy(this->root, value);
  }

  template <class R2> struct Delegate {
    using Inner = GeneratorPromise<Y, S, R2>;
    explicit Delegate(std::coroutine_handle<Inner> inner) noexcept : inner(inner) {}
    bool await_ready() const noexcept { return inner.promise().over; }
    void await_suspend(std::coroutine_handle<GeneratorPromise> outer) const noexcept {
      State& state = outer.promise();
      State& top = inner.promise();
      top.outer = outer;
      state.root->leaf = top.leaf;
      state.root->value = nullptr;
      for (std::coroutine_handle<> each = top.leaf; each != outer; each = State::of(each).outer) State::of(each).root = state.root;
    }
    R2 await_resume() const {
      struct Destroy {
        std::coroutine_handle<Inner> inner;
        ~Destroy() { inner.destroy(); }
      } const destroy{inner};
      if (inner.promise().failed) inner.promise().rethrowError();
      return inner.promise().takeResult();
    }
    std::coroutine_handle<Inner> inner;                // owned by the chain: see Generator's destructor
  };
  template <class R2> Delegate<R2> yield_value(ElementsOf<Generator<Y, S, R2>>&& elements) noexcept {
    return Delegate<R2>(elements.inner.release());
  }

  template <class U> void await_transform(U&&) = delete;   // a Generator cannot wait: write an AsyncGenerator
};

}  // namespace detail

/// `co_yield elementsOf(std::move(inner))`: everything that `inner` yields, as if it were yielded here (Python's `yield from`). What is sent or thrown
/// in goes to `inner`. The expression gives inner's return value, or throws what ended it.
template <class Y, class S, class R>
[[nodiscard]] detail::ElementsOf<Generator<Y, S, R>> elementsOf(Generator<Y, S, R> inner) noexcept {
  return detail::ElementsOf<Generator<Y, S, R>>(std::move(inner));
}

/// A coroutine that yields values of type `Y` when it is asked, may receive an `S` at each yield, and may return an `R` at its end.
///
///     Generator<int> countdown(int from) {
///       for (int i = from; i > 0; --i) co_yield i;
///     }
///     for (int i : countdown(3)) std::cout << i;       // 3 2 1
///
/// It is lazy: nothing runs before the first next(). A yielded value is not copied: next() points to it where the generator holds it, valid until the
/// generator goes on, and may be moved from. Destroying a Generator that is not over destroys its local variables, innermost generator first; neither running
/// nor destroying a chain of elementsOf() of any depth needs stack. Belongs to one thread at a time.
template <class Y, class S, class R> class [[nodiscard]] Generator {
 public:
  using promise_type = detail::GeneratorPromise<Y, S, R>;

  explicit Generator(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  Generator(Generator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Generator& operator=(Generator&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Generator() { destroy(); }

  /// Runs to the next yield. Null when it has returned, and from then on. Throws what the generator throws; it is then over.
  Y* next() {
    State& state = handle_.promise();
    state.leaf.resume();
    if (state.value) [[likely]] return state.value;
    return goOn(state);
  }

  /// As next(), and `value` is what the yield at which it waits gives there. (With next() it is a default-made S.) Throws GeneratorError before the first next().
  template <class V = S>
    requires(!std::is_void_v<S> && std::constructible_from<S, V>)
  Y* send(V&& value) {
    State& state = handle_.promise();
    if (!state.started) throw GeneratorError("send() to a generator that has not started: call next() first");
    state.sent.emplace(std::forward<V>(value));
    Y* const yielded = next();
    state.sent.reset();
    return yielded;
  }

  /// As next(), and `error` is thrown at the yield at which the generator waits. One that has not started, or is over, just throws it here.
  template <class E> Y* throwInto(E&& error) { return throwInto(std::make_exception_ptr(std::forward<E>(error))); }
  Y* throwInto(std::exception_ptr error) {
    State& state = handle_.promise();
    if (!state.started) finishUnstarted(state);
    if (state.over) std::rethrow_exception(std::move(error));
    detail::thrownInto = &error;
    return next();
  }

  /// Ends it: throws GeneratorExit at its yield and lets it clean up. No effect on one that is over; one that has not started never will. Throws what
  /// the clean-up throws, GeneratorError if it yields again.
  void close() {
    State& state = handle_.promise();
    if (!state.started) finishUnstarted(state);
    if (state.over) return;
    try {
      std::exception_ptr exit = std::make_exception_ptr(GeneratorExit());
      detail::thrownInto = &exit;
      if (!next()) return;
    } catch (const GeneratorExit&) {
      return;
    }
    throw GeneratorError("the generator yielded after close()");
  }

  /// What it returned; once. Throws GeneratorError if it has not returned.
  R returned() {
    if constexpr (!std::is_void_v<R>) {
      if (!handle_.promise().result) throw GeneratorError("returned() of a generator that has not returned, or threw");
    }
    return handle_.promise().takeResult();
  }
  /// Has it returned or thrown? False while it waits at its last yield: only next() can tell.
  bool done() const noexcept { return handle_.promise().over; }

  /// A generator is a range that can be gone through once: this is its begin().
  class Iterator {
   public:
    using value_type = std::remove_cv_t<Y>;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Generator& generator) : generator_(&generator), value_(generator.next()) {}
    Y& operator*() const noexcept { return *value_; }
    Y* operator->() const noexcept { return value_; }
    Iterator& operator++() {
      value_ = generator_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !value_; }

   private:
    Generator* generator_;
    Y* value_;
  };
  /// The values that are still to come, once: begin() goes on to the next one.
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using State = detail::GeneratorState<Y, S>;
  template <class, class, class> friend struct detail::GeneratorPromise;

  std::coroutine_handle<promise_type> release() noexcept { return std::exchange(handle_, nullptr); }

  // Nothing was yielded: the leaf delegated or ended, so another one is the leaf now; or all is over.
  [[gnu::noinline]] static Y* goOn(State& state) {
    while (!state.over) {
      state.leaf.resume();
      if (state.value) return state.value;
    }
    if (state.failed) state.rethrowError();
    return nullptr;
  }
  static void finishUnstarted(State& state) noexcept {
    state.started = state.over = true;
    state.leaf = std::noop_coroutine();
  }

  // Frames own what they delegate to, but are destroyed from the leaf up: the other way round each would destroy the next inside itself.
  void destroy() noexcept {
    if (!handle_) return;
    const std::coroutine_handle<> root = release();
    std::coroutine_handle<> frame = State::of(root).over ? root : State::of(root).leaf;
    while (frame != root) std::exchange(frame, State::of(frame).outer).destroy();
    root.destroy();
  }

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace weft
