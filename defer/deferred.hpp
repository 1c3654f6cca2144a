// Deferred<T>: a result that is not there yet. Trigger<T>: the end that fires it.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/defer/detail/link.hpp>
#include <weft/defer/detail/promise.hpp>
#include <weft/defer/detail/source.hpp>
#include <weft/defer/errors.hpp>

#include <bit>
#include <concepts>
#include <source_location>
#include <string>
#include <utility>

// g++ 12 takes the empty place of a std::optional<Deferred> for one that is destroyed uninitialised.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace weft {

template <class T = void> class Trigger;

/// One result, now or later, and the chain of callbacks that it runs through.
///
///     Deferred<std::string> page = agent.get(url).addCallback(readBody);      // a chain: types flow, returned Deferreds are flattened
///     Deferred<int> countLinks(std::string url) {                             // a coroutine: this is Twisted's inlineCallbacks
///       auto response = co_await agent.get(url);
///       co_return links(co_await response.text());
///     }
///
/// A Deferred is a move-only handle of one pointer. Made by hand (`Deferred<int> d;`) it holds both ends: fire it with callback() or errback(), or take the firing
/// end away with takeTrigger(). Adding a callback gives the result away and returns the next Deferred; a second consumer is an AlreadyChainedError.
///
/// Order: firing runs the chain at once, before callback() returns; fired from inside a running callback or coroutine, the chain runs as soon as that one returns.
/// So nothing re-enters, and chains, loops and coroutines of any length need constant stack.
///
/// Errors: an exception thrown by a callback goes to the next errback. A Failure that nobody handled is logged once, with where its Deferred was made, when
/// its last handle goes; a CancelledError is not.
///
/// Dropping a Deferred does not cancel what it stands for: the work goes on. `cancel()` does, see there.
///
/// Thread: all of a Deferred belongs to the thread that made it (debug builds abort otherwise). See threads.hpp for crossing over.
template <class T> class [[nodiscard("a dropped Deferred can't tell its result; keep it, await it, or end the chain with .detach()")]] Deferred {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;

  /// Unfired. Without a canceller: cancel() fires CancelledError, and one late fire is ignored.
  explicit Deferred(std::source_location made = std::source_location::current()) : cell_(new detail::PlainSource<T>(made)) {
    cell_->flags |= detail::CellBase::kBoth;
  }
  /// Unfired, with a canceller: what cancel() does to the work behind it. It may
  /// - return void: if it has not fired the Deferred, CancelledError is the result, and a later fire throws AlreadyCalledError;
  /// - return true for "I will still fire" (asynchronous cancellation: an operation of the system that still calls back);
  /// - take a `FiringEnd<T>&` and fire the Deferred with what it likes.
  /// Called at most once; freed at the first fire. If it throws, that is logged and CancelledError is the result.
  template <class C>
    requires(std::invocable<C&> || std::invocable<C&, detail::FiringEnd<T>&>)
  explicit Deferred(C canceller, std::source_location made = std::source_location::current())
      : cell_(new detail::CancellableSource<T, C>(std::move(canceller), made)) {
    cell_->flags |= detail::CellBase::kBoth;
  }
  /// Empty: a place for a Deferred to come.
  Deferred(std::nullptr_t) noexcept {}
  explicit Deferred(detail::Cell<T>* cell) noexcept : cell_(cell) {}      // the library's own
  Deferred(Deferred&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
  Deferred& operator=(Deferred&& other) noexcept {
    if (this != &other) {
      if (cell_) drop();
      cell_ = std::exchange(other.cell_, nullptr);
    }
    return *this;
  }
  ~Deferred() {
    if (cell_) drop();
  }

  // ---- firing: while this handle holds the firing end

  /// Fires with a value. A Failure fires the error side. Throws AlreadyCalledError when it has fired, or its Trigger was taken.
  template <class V = Stored<T>>
  void callback(V&& value, std::source_location at = std::source_location::current())
    requires(!std::is_void_v<T>)
  {
    takeTrigger().callback(std::forward<V>(value), at);
  }
  void callback(std::source_location at = std::source_location::current())
    requires std::is_void_v<T>
  {
    takeTrigger().callback(at);
  }
  /// Fires with an error; in a catch block without an argument, with the exception being handled.
  void errback(Failure failure = Failure(), std::source_location at = std::source_location::current()) {
    takeTrigger().errback(std::move(failure), at);
  }
  /// Takes the firing end away, to keep it where the result will come from.
  Trigger<T> takeTrigger() {
    if (!cell_ || !(cell_->flags & detail::CellBase::kBoth)) [[unlikely]] detail::throwAlreadyCalled(createdAt());
    auto* cell = cell_;
    cell->flags &= static_cast<std::uint8_t>(~detail::CellBase::kBoth);
    if ((cell->flags & detail::CellBase::kTaken) && !cell->pauses) cell_ = nullptr;
    return Trigger<T>(cell);
  }

  // ---- chaining: gives this Deferred's result away and returns the next one

  /// `f(value)` or `f()`, when there is a value; a failure passes by. What f returns is the next result: a value, nothing, a Deferred (waited for), an Outcome or a
  /// Failure. Extra arguments are passed to f after the value.
  template <detail::ValueCallback<T> F> auto addCallback(F f, std::source_location at = std::source_location::current()) {
    using U = detail::FlatT<detail::ValueReturn<F, T>>;
    return attach<U>(detail::OnValue<F>{std::move(f)}, at);
  }
  template <class F, class A>
    requires(!std::is_same_v<A, std::source_location>)
  auto addCallback(F f, A extra, std::source_location at = std::source_location::current()) {
    return addCallback(bindExtra(std::move(f), std::move(extra)), at);
  }
  template <class F, class A, class B>
    requires(!std::is_same_v<B, std::source_location>)
  auto addCallback(F f, A extra, B more, std::source_location at = std::source_location::current()) {
    return addCallback(bindExtra(std::move(f), std::move(extra), std::move(more)), at);
  }

  /// `f(Failure)` or `f()` sees every error; `f(const Timeout&)` sees only that one, others pass by. Its result must fit the chain: a T, a Deferred<T>, or a Failure
  /// (which goes on as the error).
  template <detail::Errback F> Deferred addErrback(F f, std::source_location at = std::source_location::current()) {
    static_assert(detail::fits<detail::ErrorReturn<F>, T>,
                  "this errback's result does not fit the chain: return what the Deferred holds, a Deferred of it, or the Failure");
    return attach<T>(detail::OnError<F>{std::move(f)}, at);
  }

  /// f on success, g on failure; an error of f does not go to g but to the next errback.
  template <detail::ValueCallback<T> F, detail::Errback G> auto addCallbacks(F f, G g, std::source_location at = std::source_location::current()) {
    using U = detail::FlatT<detail::ValueReturn<F, T>>;
    static_assert(detail::fits<detail::ErrorReturn<G>, U>, "the errback's result does not fit what the callback returns");
    return attach<U>(detail::OnEither<F, G>{std::move(f), std::move(g)}, at);
  }

  /// `f(Outcome<T>)` sees both and returns the next result. `f()` is a finally: the result, value or failure, goes on unchanged once f has returned (and the Deferred
  /// that it returned has fired); an error of f replaces it.
  template <class F> auto addBoth(F f, std::source_location at = std::source_location::current()) {
    if constexpr (std::invocable<F&>) {
      return addBoth([f = std::move(f)](Outcome<T> outcome) mutable { return finallyThen(f, std::move(outcome)); }, at);
    } else {
      static_assert(std::invocable<F&, Outcome<T>>, "addBoth takes f(Outcome<T>), or f() that looks at nothing");
      using U = detail::FlatT<std::invoke_result_t<F&, Outcome<T>>>;
      return attach<U>(detail::OnOutcome<F>{std::move(f)}, at);
    }
  }

  /// Cancels this Deferred (what was added before, not what is added after) if it has not fired in `delay` of `clock`; the CancelledError then becomes TimeoutError, or
  /// what `onTimeoutCancel(Outcome<T>)` makes of it.
  Deferred addTimeout(Delay delay, Clock& clock, std::source_location at = std::source_location::current());
  template <class F> Deferred addTimeout(Delay delay, Clock& clock, F onTimeoutCancel, std::source_location at = std::source_location::current());

  /// Passes the result on to `other`, which fires as this one does. Cancelling `other` does not reach this one.
  void chainDeferred(Deferred& other, std::source_location at = std::source_location::current()) { chainTo(other.takeTrigger(), at); }
  void chainTo(Trigger<T> trigger, std::source_location at = std::source_location::current()) {
    addBoth([trigger = std::move(trigger)](Outcome<T> outcome) mutable { trigger.fire(std::move(outcome)); }, at).detach();
  }

  // ---- control

  /// Asks whatever is really being waited for to stop: through links and coroutines to the source, whose canceller decides. The error arrives as CancelledError (or
  /// what the canceller fired) at the co_await or errback, usually before cancel() returns. A coroutine may catch it and go on; a coroutine that is not waiting at
  /// the moment has its next wait cancelled. Fired already: nothing happens.
  void cancel() {
    if (cell_) {
      cell_->checkThread();
      detail::cancelCell(cell_);
    }
  }
  /// Holds the result back from the callbacks until unpause() was called as often as pause(). Dropping the handle unpauses.
  void pause();
  void unpause();
  /// Nobody waits for it: the chain runs on, and an error at its end is reported.
  void detach() {
    if (cell_) drop();
    cell_ = nullptr;
  }

  // ---- looking

  /// Has the result come? (Also when it is paused.)
  bool called() const noexcept {
    if (cell_ && cell_->pending() && detail::turn.head) [[unlikely]] detail::turn.pump();
    return cell_ && cell_->called();
  }
  /// Does this handle hold anything?
  explicit operator bool() const noexcept { return cell_ != nullptr; }
  /// Takes the result of a Deferred that has fired; NoResultError otherwise.
  Outcome<T> result() {
    if (!called() || !cell_->ready()) throw NoResultError(createdAt());
    detail::Cell<T>* cell = takeConsumer();
    detail::ConsumedCell consumed(*cell);
    return cell->takeOutcome();
  }
  /// `co_await d.outcome()` gives an Outcome<T> and never throws what the Deferred holds.
  detail::OutcomeOf<T> outcome() { return {takeConsumer()}; }
  /// Where it was made; of a coroutine, where it waits.
  std::source_location createdAt() const noexcept { return cell_ ? cell_->where() : std::source_location(); }
  /// What it waits for, and what that waits for, one line each with file and line.
  std::string describe() const { return detail::describeWait(cell_); }

  [[gnu::always_inline]] detail::Cell<T>* takeConsumer() {                    // the library's own
    if (cell_ && !((cell_->flags & (detail::CellBase::kBoth | detail::CellBase::kTaken)) | cell_->pauses)) [[likely]]
      return std::exchange(cell_, nullptr);
    return shareConsumer();
  }

 private:
  template <class U, class H> [[gnu::always_inline]] Deferred<U> attach(H handler, std::source_location at) {
    detail::Cell<T>* source = takeConsumer();
    source->checkThread();
    auto* link = new detail::Link<T, U, H>(std::move(handler), at);
    if (!source->ready()) {
      source->waiter = link;
      link->link = source;
    } else if (detail::stackHasRoom()) {
      link->fired(*source);
    } else {                                           // a callback that calls its own function, a million deep
      source->waiter = link;
      detail::turn.defer(source);
    }
    return Deferred<U>(link);
  }
  template <class F, class... A> static auto bindExtra(F f, A... extra) {
    if constexpr (std::is_void_v<T>) return [f = std::move(f), ... extra = std::move(extra)]() mutable { return std::invoke(f, std::move(extra)...); };
    else return [f = std::move(f), ... extra = std::move(extra)](T value) mutable { return std::invoke(f, std::move(value), std::move(extra)...); };
  }
  template <class F> static auto finallyThen(F& f, Outcome<T> outcome) {
    using R = std::remove_cvref_t<std::invoke_result_t<F&>>;
    if constexpr (detail::isDeferred<R>) {
      using V = typename R::value_type;
      return f().addBoth([kept = std::move(outcome)](Outcome<V> cleanedUp) mutable -> Outcome<T> {
        if (!cleanedUp) return std::move(cleanedUp.failure());
        return std::move(kept);
      });
    } else {
      f();
      return outcome;
    }
  }
  // Gives the consuming end away and keeps what else this handle holds: the firing end, or a pause.
  detail::Cell<T>* shareConsumer() {
    if (!cell_ || (cell_->flags & detail::CellBase::kTaken)) [[unlikely]] detail::throwAlreadyChained();
    cell_->flags |= detail::CellBase::kTaken;
    return cell_;
  }
  void drop() noexcept;

  detail::Cell<T>* cell_ = nullptr;
};

/// The firing end of a Deferred: fire it once. Dropped unfired it errbacks AbandonedError, so that nobody waits for ever. One pointer, move-only.
template <class T> class [[nodiscard("dropping a Trigger errbacks AbandonedError")]] Trigger {
 public:
  /// Empty.
  Trigger() noexcept = default;
  explicit Trigger(detail::Cell<T>* cell) noexcept : held_(reinterpret_cast<std::uintptr_t>(cell)) {}      // the library's own
  Trigger(Trigger&& other) noexcept : held_(std::exchange(other.held_, 0)) {}
  Trigger& operator=(Trigger&& other) noexcept {
    if (this != &other) {
      abandon();
      held_ = std::exchange(other.held_, 0);
    }
    return *this;
  }
  ~Trigger() { abandon(); }

  /// Fires with a value (a Failure fires the error side); the chain runs before this returns, see Deferred. Ignored once after a cancel() without canceller; AlreadyCalledError
  /// otherwise when it has fired, with where.
  template <class V = Stored<T>>
  void callback(V&& value, std::source_location at = std::source_location::current())
    requires(!std::is_void_v<T>)
  {
    static_assert(!detail::isDeferred<std::remove_cvref_t<V>> || detail::isDeferred<T>,
                  "fire with a value, not with a Deferred: to pass a Deferred's result on use chainTo(trigger)");
    if constexpr (std::is_same_v<std::remove_cvref_t<V>, Failure> && !std::is_same_v<T, Failure>) {
      errback(std::forward<V>(value), at);
    } else if (auto* cell = begin(at)) {
      if constexpr (std::is_nothrow_constructible_v<T, V&&>) {
        cell->setValue(std::forward<V>(value));
      } else {
        try {
          cell->setValue(std::forward<V>(value));
        } catch (...) {
          cell->setFailure(Failure());
        }
      }
      cell->releaseProducer();
      cell->fire();
    }
  }
  void callback(std::source_location at = std::source_location::current())
    requires std::is_void_v<T>
  {
    if (auto* cell = begin(at)) {
      cell->setValue();
      cell->releaseProducer();
      cell->fire();
    }
  }
  /// Fires with an error; in a catch block without an argument, with the exception being handled.
  void errback(Failure failure = Failure(), std::source_location at = std::source_location::current()) {
    if (auto* cell = begin(at)) {
      cell->setFailure(std::move(failure));
      cell->releaseProducer();
      cell->fire();
    }
  }
  void fire(Outcome<T> outcome, std::source_location at = std::source_location::current()) {
    if (!outcome) errback(std::move(outcome.failure()), at);
    else if constexpr (std::is_void_v<T>) callback(at);
    else callback(std::move(*outcome), at);
  }

  /// Unfired, and somebody still wants the result.
  bool active() const noexcept {
    const auto* cell = held();
    return cell && cell->pending() && (cell->ends & detail::CellBase::kConsumer);
  }
  /// Unfired, also when nobody wants the result any more: false once it was cancelled.
  bool pending() const noexcept {
    const auto* cell = held();
    return cell && cell->pending();
  }
  /// Holds the firing end (also of a Deferred that was cancelled meanwhile).
  explicit operator bool() const noexcept { return held() != nullptr; }

  static void abandon(detail::Cell<T>* cell) noexcept {          // the library's own
    if (cell->pending() && (cell->flags & detail::CellBase::kHasCanceller)) cell->dropCanceller();     // it may hold the Deferred: while this end is held
    cell->releaseProducer();
    if (!cell->ends) return cell->dispose();
    if (cell->called() || (cell->ends & detail::CellBase::kCanceller)) return;                         // or dropped by its canceller, which says what comes
    cell->setFailure(AbandonedError());
    cell->fire();
  }

 private:
  detail::Cell<T>* held() const noexcept { return held_ & 1 ? nullptr : reinterpret_cast<detail::Cell<T>*>(held_); }
  detail::Cell<T>* begin(std::source_location at) {              // null: cancelled meanwhile, the result is ignored
    auto* cell = held();
    if (!cell) detail::throwAlreadyCalled(held_);
    if (cell->called()) [[unlikely]] {
      if (!(cell->flags & detail::CellBase::kSuppressed)) detail::throwAlreadyCalled(cell->where());
      held_ = detail::firedMark(at);
      abandon(cell);
      return nullptr;
    }
    held_ = detail::firedMark(at);
    if (cell->flags & detail::CellBase::kHasCanceller) [[unlikely]] cell->dropCanceller();
    return cell;
  }
  void abandon() noexcept {
    if (auto* cell = held()) abandon(cell);
  }

  std::uintptr_t held_ = 0;                            // the cell; once fired, where that was, marked by an odd bit
};

/// A Deferred that has fired with `value`.
template <class T> inline Deferred<std::decay_t<T>> succeed(T&& value, std::source_location made = std::source_location::current()) {
  auto* cell = new detail::PlainSource<std::decay_t<T>>(made);
  cell->releaseProducer();
  Deferred<std::decay_t<T>> deferred(cell);
  cell->setValue(std::forward<T>(value));
  return deferred;
}
Deferred<void> succeed(std::source_location made = std::source_location::current());

/// A Deferred that has fired with an error: `return fail<Page>(NotFound(url));`
template <class T = void> Deferred<T> fail(Failure failure, std::source_location made = std::source_location::current()) {
  auto* cell = new detail::PlainSource<T>(made);
  cell->releaseProducer();
  cell->setFailure(std::move(failure));
  return Deferred<T>(cell);
}

/// Calls f and gives a Deferred of what comes of it: its Deferred as it is, a value, or the exception that it throws. Never throws itself.
template <class F, class... A> auto maybeDeferred(F&& f, A&&... arguments) noexcept {
  using R = std::remove_cvref_t<std::invoke_result_t<F&&, A&&...>>;
  using U = detail::FlatT<R>;
  try {
    if constexpr (detail::isDeferred<R>) return std::invoke(std::forward<F>(f), std::forward<A>(arguments)...);
    else if constexpr (std::is_void_v<R>) {
      std::invoke(std::forward<F>(f), std::forward<A>(arguments)...);
      return succeed();
    } else if constexpr (std::is_same_v<R, Failure>) return fail<void>(std::invoke(std::forward<F>(f), std::forward<A>(arguments)...));
    else if constexpr (detail::isOutcome<R>) {
      Deferred<U> deferred;
      deferred.takeTrigger().fire(std::invoke(std::forward<F>(f), std::forward<A>(arguments)...));
      return deferred;
    } else return succeed(std::invoke(std::forward<F>(f), std::forward<A>(arguments)...));
  } catch (...) {
    return fail<U>(Failure());
  }
}

/// A Deferred as it is, anything else as one that has fired.
template <class T> Deferred<T> ensureDeferred(Deferred<T> deferred) { return deferred; }
template <class T>
  requires(!detail::isDeferred<std::remove_cvref_t<T>>)
auto ensureDeferred(T&& value) { return succeed(std::forward<T>(value)); }

/// For addErrback: logs the failure and passes it on.
Failure logError(Failure failure);

/// What is done with errors that nobody handled, instead of logging them. For tests and for programs that want to stop. Null restores the log. Any thread.
using UnhandledErrorHandler = void (*)(const Failure& failure, std::source_location made);
void setUnhandledErrorHandler(UnhandledErrorHandler handler) noexcept;

// ---------------------------------------------------------------------------------------------------------------------------------------------------------

template <class T> void Deferred<T>::pause() {
  if (!cell_) throw AlreadyChainedError();
  if (cell_->pauses == UINT8_MAX) throw DeferError("Deferred::pause(): paused 255 times already");
  ++cell_->pauses;
  cell_->state |= detail::CellBase::kPaused;
  cell_->ends |= detail::CellBase::kPauser;
}

template <class T> void Deferred<T>::unpause() {
  if (!cell_ || !cell_->pauses) throw DeferError("Deferred::unpause(): it is not paused");
  if (--cell_->pauses) return;
  auto* cell = cell_;
  const bool given = (cell->flags & detail::CellBase::kTaken) && !(cell->flags & detail::CellBase::kBoth);
  cell->state &= static_cast<std::uint8_t>(~detail::CellBase::kPaused);
  cell->ends &= static_cast<std::uint8_t>(~detail::CellBase::kPauser);
  if (given) {
    cell->flags &= static_cast<std::uint8_t>(~detail::CellBase::kTaken);
    cell_ = nullptr;
  }
  if (cell->called()) cell->fire();
}

template <class T> void Deferred<T>::drop() noexcept {
  cell_->checkThread();
  if (cell_->pauses) {
    cell_->pauses = 1;
    unpause();
    if (!cell_) return;
  }
  auto* cell = std::exchange(cell_, nullptr);
  const bool both = cell->flags & detail::CellBase::kBoth;
  const bool taken = cell->flags & detail::CellBase::kTaken;
  cell->flags &= static_cast<std::uint8_t>(~(detail::CellBase::kBoth | detail::CellBase::kTaken));
  if (taken) {
    if (both) Trigger<T>::abandon(cell);
  } else {
    if (both) cell->releaseProducer();
    cell->dropConsumer();
  }
}

namespace detail {

template <class T, class F> struct OnTimeout {
  CellBase* handle(LinkResult<T>& link, Cell<T>& source) {
    if (timer.active()) timer.cancel();
    if (!timedOut) {
      {
        ConsumedCell consumed(source);
        link.setFrom(source);
      }
      return link.done();
    }
    Outcome<T> outcome = [&] {
      ConsumedCell consumed(source);
      return source.takeOutcome();
    }();
    return link.run(translate, std::move(outcome));
  }
  F translate;
  DelayedCall timer;
  bool timedOut = false;
};

}  // namespace detail

template <class T> Deferred<T> Deferred<T>::addTimeout(Delay delay, Clock& clock, std::source_location at) {
  const double seconds = std::chrono::duration<double>(delay.value()).count();
  return addTimeout(
      delay, clock,
      [seconds](Outcome<T> outcome) -> Outcome<T> {
        if (!outcome && outcome.failure().template check<CancelledError>()) return Failure(TimeoutError(seconds));
        return outcome;
      },
      at);
}

template <class T> template <class F> Deferred<T> Deferred<T>::addTimeout(Delay delay, Clock& clock, F onTimeoutCancel, std::source_location at) {
  static_assert(detail::fits<std::invoke_result_t<F&, Outcome<T>>, T>, "onTimeoutCancel(Outcome<T>) must return the next result of the chain");
  using Timed = detail::Link<T, T, detail::OnTimeout<T, F>>;
  detail::Cell<T>* source = takeConsumer();
  source->checkThread();
  auto* link = new Timed(detail::OnTimeout<T, F>{std::move(onTimeoutCancel), DelayedCall(), false}, at);
  Deferred timed(link);
  if (source->ready()) {
    link->step(*source);
    return timed;
  }
  source->waiter = link;
  link->link = source;
  link->handler.timer = clock.callLater(delay, [link] {
    link->handler.timedOut = true;
    detail::cancelCell(link->link);
  });
  return timed;
}

}  // namespace weft

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#pragma GCC diagnostic pop
#endif
