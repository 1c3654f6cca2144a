// Links: one callback in a chain each. A link consumes a Cell<T> and is itself a Cell<U>.
#pragma once

#include <weft/defer/detail/cell.hpp>
#include <weft/defer/errors.hpp>

#include <concepts>
#include <functional>
#include <type_traits>

namespace weft {
template <class T = void> class Deferred;
}

namespace weft::detail {

template <class> inline constexpr bool isDeferred = false;
template <class T> inline constexpr bool isDeferred<Deferred<T>> = true;
template <class> inline constexpr bool isOutcome = false;
template <class T> inline constexpr bool isOutcome<Outcome<T>> = true;

// What a handler's return value comes to: Deferred<U> and Outcome<U> are flattened, a Failure gives no value at all.
template <class R> struct Flat { using type = R; };
template <class T> struct Flat<Deferred<T>> { using type = T; };
template <class T> struct Flat<Outcome<T>> { using type = T; };
template <> struct Flat<Failure> { using type = void; };
template <class R> using FlatT = typename Flat<std::remove_cvref_t<R>>::type;

// How a value callback is called: with the value, or, where it does not take one, without.
template <class F, class T> consteval auto valueCall() {
  if constexpr (std::is_void_v<T>) return std::type_identity<std::invoke_result<F&>>();
  else if constexpr (std::is_invocable_v<F&, T>) return std::type_identity<std::invoke_result<F&, T>>();
  else return std::type_identity<std::invoke_result<F&>>();
}
template <class F, class T> concept ValueCallback =
    (std::is_void_v<T> && std::is_invocable_v<F&>) || (!std::is_void_v<T> && (std::is_invocable_v<F&, Stored<T>> || std::is_invocable_v<F&>));
template <class F, class T> using ValueReturn = typename decltype(valueCall<F, T>())::type::type;

// The error that a typed errback asks for: [](const Timeout& e) {…}
template <class> struct FirstArgument {};
template <class R, class A> struct FirstArgument<R (*)(A)> { using type = A; };
template <class R, class C, class A> struct FirstArgument<R (C::*)(A)> { using type = A; };
template <class R, class C, class A> struct FirstArgument<R (C::*)(A) const> { using type = A; };
template <class R, class C, class A> struct FirstArgument<R (C::*)(A) noexcept> { using type = A; };
template <class R, class C, class A> struct FirstArgument<R (C::*)(A) const noexcept> { using type = A; };
template <class F> concept HasCallOperator = requires { &F::operator(); };
template <class F> consteval auto errorArgument() {
  if constexpr (std::is_pointer_v<F>) return FirstArgument<F>();
  else return FirstArgument<decltype(&F::operator())>();
}
template <class F> using ErrorOf = std::remove_cvref_t<typename decltype(errorArgument<F>())::type>;
template <class F> concept TypedErrback = (HasCallOperator<F> || std::is_pointer_v<F>) && requires { typename ErrorOf<F>; };
template <class F> consteval auto errorCall() {
  if constexpr (std::is_invocable_v<F&, Failure>) return std::type_identity<std::invoke_result<F&, Failure>>();
  else if constexpr (std::is_invocable_v<F&>) return std::type_identity<std::invoke_result<F&>>();
  else return std::type_identity<std::invoke_result<F&, const ErrorOf<F>&>>();
}
template <class F> concept Errback = std::is_invocable_v<F&, Failure> || std::is_invocable_v<F&> || TypedErrback<F>;
template <class F> using ErrorReturn = typename decltype(errorCall<F>())::type::type;

template <class R, class U> inline constexpr bool fits =
    std::is_same_v<R, Failure> || (std::is_void_v<U> && std::is_void_v<FlatT<R>>) || (!std::is_void_v<U> && std::is_convertible_v<FlatT<R>, U>);

/// The part of a link that its handler works with: giving the link its result.
template <class U> class LinkResult : public Cell<U> {
 public:
  explicit LinkResult(std::source_location at) noexcept : at_(at) {}
  std::source_location where() const noexcept override { return at_; }
  CellBase* cancelStep() noexcept override { return this->pending() ? this->link : nullptr; }
  bool rewire(CellBase& replacement) noexcept override {
    if (!this->adopted) return false;
    this->link = &replacement;
    return true;
  }

  CellBase* done() noexcept {
    this->releaseProducer();
    return this->finish();
  }
  CellBase* doneWith(Failure failure) noexcept {
    this->setFailure(std::move(failure));
    return done();
  }
  /// In a catch block: the handler threw.
  CellBase* doneThrowing() noexcept {
    Failure failure;
    failure.passedThrough(at_);
    return doneWith(std::move(failure));
  }
  /// An error that this link's handler does not want goes by.
  CellBase* passError(CellBase& source, Failure& failure) noexcept {
    failure.passedThrough(at_);
    this->setFailure(std::move(failure));
    source.releaseConsumer();
    return done();
  }

  /// Runs the handler and takes what it returns, of whatever kind, as the link's result.
  template <class F, class... A> CellBase* run(F& f, A&&... arguments) {
    using R = std::remove_cvref_t<std::invoke_result_t<F&, A...>>;
    if constexpr (isDeferred<R>) return adopt(std::invoke(f, std::forward<A>(arguments)...), std::is_trivially_destructible_v<F>);
    else if constexpr (std::is_same_v<R, Failure>) return doneWith(std::invoke(f, std::forward<A>(arguments)...));
    else if constexpr (std::is_void_v<R>) {
      std::invoke(f, std::forward<A>(arguments)...);
      this->setValue();
    } else if constexpr (isOutcome<R>) this->setOutcome(std::invoke(f, std::forward<A>(arguments)...));
    else this->setValue(std::invoke(f, std::forward<A>(arguments)...));
    return done();
  }

 protected:
  ~LinkResult() = default;

  /// The handler returned a Deferred: become its consumer. The handler itself stays alive meanwhile, so that a capturing coroutine lambda is safe here.
  template <class V> CellBase* adopt(Deferred<V>&& returned, bool mayDropHandler) {
    static_assert(std::is_same_v<V, U>, "an errback's Deferred must have the type of the chain: return Deferred<T> for a Deferred<T>");
    Cell<U>* inner = returned.takeConsumer();
    if (inner->ready()) {
      ConsumedCell consumed(*inner);
      this->setFrom(*inner);
    } else {
      if (waitsForThis(inner)) {
        inner->dropConsumer();
        return doneWith(SelfChainedError(at_));
      }
      // outer -> this -> inner: where the outer link only waits to adopt the same value, this one can go. An endless loop of callbacks
      // that return Deferreds thus needs constant memory.
      if (mayDropHandler && this->waiter && !(this->ends & CellBase::kPauser) && restsOnSource(inner) && this->waiter->rewire(*inner)) {
        inner->waiter = std::exchange(this->waiter, nullptr);
        this->dispose();
        return nullptr;
      }
      this->adopted = true;
      inner->waiter = this;
      this->link = inner;
      return nullptr;
    }
    return done();
  }
  [[gnu::noinline]] CellBase* firedInner(CellBase& source) noexcept {
    auto& inner = static_cast<Cell<U>&>(source);
    try {
      ConsumedCell consumed(inner);
      this->setFrom(inner);
    } catch (...) {
      return doneThrowing();
    }
    return done();
  }

  std::source_location at_;

 private:
  // Does `cell` wait for nothing but links and what somebody fires by hand? A coroutine, or what may hide one, can be the handler itself or belong to its captures:
  // then the handler has to stay.
  static bool restsOnSource(const CellBase* cell) noexcept {
    for (int steps = 0; steps < 16 && cell->pending() && !(cell->flags & CellBase::kCoroutine); ++steps, cell = cell->link)
      if (!cell->link) return cell->flags & CellBase::kSource;
    return false;
  }
  // Only the nearest links: a longer circle is built on purpose, and looking for it at any length would make deep chains quadratic.
  bool waitsForThis(const CellBase* cell) const noexcept {
    for (int steps = 0; cell && steps < 16 && cell->pending(); ++steps, cell = cell->link)
      if (cell == this) return true;
    return false;
  }
};

template <class T> [[gnu::always_inline]] inline Stored<T> takeValue(Cell<T>& source) {
  ConsumedCell consumed(source);
  return std::move(source.value());
}

/// `H::handle(link, source)` says what a link does with either track.
template <class T, class U, class H> struct Link final : LinkResult<U>, Pooled {
  Link(H h, std::source_location at) : LinkResult<U>(at), handler(std::move(h)) { this->plainBlock = kPlainBlock<Link, U, H>; }
  void dispose() noexcept override { delete this; }
  // The handler is called in this one place, and so becomes a part of it: a throw out of it passes one frame less, which costs 300 ns.
  [[gnu::noinline]] CellBase* fired(CellBase& source) noexcept override {
    this->link = nullptr;
    if (this->adopted) [[unlikely]] return this->firedInner(source);
    return step(static_cast<Cell<T>&>(source));
  }
  CellBase* step(Cell<T>& source) noexcept {
    try {
      return handler.handle(*this, source);
    } catch (...) {
      return this->doneThrowing();
    }
  }
  [[no_unique_address]] H handler;
};

template <class T, class U, class F> CellBase* callWithValue(LinkResult<U>& link, Cell<T>& source, F& f) {
  if constexpr (std::is_void_v<T>) {
    source.releaseConsumer();
    return link.run(f);
  } else {
    Stored<T> value = takeValue(source);
    if constexpr (std::is_invocable_v<F&, T>) return link.run(f, std::move(value));
    else return link.run(f);
  }
}
template <class T, class U, class F> CellBase* callWithError(LinkResult<U>& link, Cell<T>& source, F& f) {
  if constexpr (std::is_invocable_v<F&, Failure> || std::is_invocable_v<F&>) {
    Failure failure = std::move(source.failure());
    source.releaseConsumer();
    if constexpr (std::is_invocable_v<F&, Failure>) return link.run(f, std::move(failure));
    else return link.run(f);
  } else {
    const auto* error = source.failure().template as<ErrorOf<F>>();
    if (!error) return link.passError(source, source.failure());
    const Failure keep = std::move(source.failure());
    source.releaseConsumer();
    return link.run(f, *error);
  }
}

template <class F> struct OnValue {
  template <class T, class U> CellBase* handle(LinkResult<U>& link, Cell<T>& source) {
    if (source.failed()) return link.passError(source, source.failure());
    return callWithValue(link, source, f);
  }
  [[no_unique_address]] F f;
};

template <class F> struct OnError {
  template <class T> CellBase* handle(LinkResult<T>& link, Cell<T>& source) {
    if (source.failed()) return callWithError(link, source, f);
    {
      ConsumedCell consumed(source);
      link.setFrom(source);
    }
    return link.done();
  }
  [[no_unique_address]] F f;
};

template <class F, class G> struct OnEither {
  template <class T, class U> CellBase* handle(LinkResult<U>& link, Cell<T>& source) {
    if (source.failed()) return callWithError(link, source, g);
    return callWithValue(link, source, f);
  }
  [[no_unique_address]] F f;
  [[no_unique_address]] G g;
};

template <class F> struct OnOutcome {
  template <class T, class U> CellBase* handle(LinkResult<U>& link, Cell<T>& source) {
    Outcome<T> outcome = [&] {
      ConsumedCell consumed(source);
      return source.takeOutcome();
    }();
    return link.run(f, std::move(outcome));
  }
  [[no_unique_address]] F f;
};

}  // namespace weft::detail
