// AsyncGenerator<T>: a coroutine that both awaits and yields.
#pragma once

#include <weft/core/thrown_into.hpp>
#include <weft/defer/deferred.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace weft {

namespace detail {
// Thrown at the co_yield by close(); a body may catch it to clean up, and then ends.
struct AsyncGeneratorExit {};
[[noreturn]] void throwBusyGenerator();
}

/// Values one by one, with awaits in between.
///
///     AsyncGenerator<Page> pages(Agent& agent, std::string url) {
///       while (!url.empty()) {
///         Page page = co_await fetch(agent, url);
///         url = page.next();
///         co_yield std::move(page);
///       }
///     }
///     auto all = pages(agent, start);
///     while (auto page = co_await all.next()) use(*page);
///
/// It is lazy: the body runs from one co_yield to the next, when next() is awaited. Whoever holds it must not let go while an await of its next() is under way.
/// Dropping it early destroys the body where it yields (destructors run); while it waits for something, that is cancelled first. A body whose clean-up has to await is
/// ended with close(). An exception of the body comes out of next(); after it, and after the end, next() gives nullopt.
template <class T> class [[nodiscard]] AsyncGenerator {
 public:
  class promise_type;
  using value_type = T;

  AsyncGenerator(AsyncGenerator&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)) {}
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    if (this != &other) {
      if (promise_) promise_->abandon();
      promise_ = std::exchange(other.promise_, nullptr);
    }
    return *this;
  }
  ~AsyncGenerator() {
    if (promise_) promise_->abandon();
  }

  class Next;
  /// `co_await` gives std::optional<T>: the next value, or nullopt after the last. One await at a time: a second one throws DeferError. Cancelling the coroutine that awaits it cancels what the body
  /// waits for.
  Next next() noexcept { return Next(promise_); }
  /// The same as a Deferred, for callbacks and combinators. The generator must outlive it.
  Deferred<std::optional<T>> nextDeferred() { co_return co_await next(); }
  /// Throws `failure` inside the body, at the co_yield where it stands (or at its start), and gives what it yields next. After the end it fails
  /// with `failure`.
  Deferred<std::optional<T>> throwInto(Failure failure) {
    if (promise_->over()) return fail<std::optional<T>>(std::move(failure));
    promise_->inject(failure.exception());
    return nextDeferred();
  }
  /// Ends the body: GeneratorExit is thrown at the co_yield where it stands, and what it awaits to clean up is waited for. Not begun or ended already: nothing happens.
  /// Fails if the body yields again, or with the error that it ends with.
  Deferred<> close() {
    if (!promise_->begun() || promise_->over()) {
      promise_->finishEarly();
      return succeed();
    }
    promise_->inject(std::make_exception_ptr(detail::AsyncGeneratorExit()));
    return nextDeferred().addCallback([](std::optional<T> more) {
      if (more) throw DeferError("AsyncGenerator::close(): the body went on to yield");
    });
  }
  /// Has the body ended?
  bool done() const noexcept { return promise_->over(); }

 private:
  explicit AsyncGenerator(promise_type* promise) noexcept : promise_(promise) {}
  promise_type* promise_;
};

namespace detail {

// g++ 12 destroys a braced aggregate inside a co_yield twice, silently.
template <class V> concept DestroyedTwice =
    !std::is_lvalue_reference_v<V> && std::is_class_v<std::remove_cvref_t<V>> && std::is_aggregate_v<std::remove_cvref_t<V>> &&
    !std::is_trivially_destructible_v<std::remove_cvref_t<V>>;

}  // namespace detail

template <class T> class AsyncGenerator<T>::promise_type final : public detail::CellBase, public detail::Awaits<promise_type>, public detail::Pooled {
  // As a cell: it is pending while a consumer is suspended for it.
 public:
  AsyncGenerator get_return_object() noexcept { return AsyncGenerator(this); }
  /// Where the body stands until next() is called: at its beginning and at each yield.
  struct Stop {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<promise_type>) const noexcept {}
    void await_resume() const {
      if (detail::thrownInto) [[unlikely]] detail::raiseThrownInto();
    }
  };
  Stop initial_suspend() noexcept { return {}; }
  /// The yielded value stays where it is, in the body's frame, until the next resume.
  struct Yield : Stop {
    void await_suspend(std::coroutine_handle<promise_type> body) const noexcept { body.promise().stop(); }
  };
  struct YieldCopy : Stop {
    template <class V> YieldCopy(std::in_place_t, V&& from) : value(std::forward<V>(from)) {}
    void await_suspend(std::coroutine_handle<promise_type> body) noexcept {
      body.promise().value_ = std::addressof(value);
      body.promise().stop();
    }
    T value;
  };
  Yield yield_value(T&& value) noexcept
    requires(!detail::DestroyedTwice<T>)
  {
    value_ = std::addressof(value);
    return {};
  }
  template <class V = T>
    requires std::convertible_to<V&&, T>
  YieldCopy yield_value(V&& value) {
    static_assert(!detail::DestroyedTwice<V&&>,
                  "g++ 12 destroys a temporary of an aggregate type twice in a co_yield: give it a name first, then `co_yield name;`");
    return YieldCopy(std::in_place, std::forward<V>(value));
  }
  void return_void() const noexcept {}
  void unhandled_exception() {
    Failure failure;
    if (failure.check<detail::AsyncGeneratorExit>()) return;
    failure.passedThrough(this->at);
    error_ = std::move(failure);
  }
  struct End {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<promise_type> body) const noexcept { body.promise().end(); }
    void await_resume() const noexcept {}
  };
  End final_suspend() noexcept { return {}; }

  // ---- the consumer's side
  bool begun() const noexcept { return stage_ != kFresh; }
  bool over() const noexcept { return over_; }
  void finishEarly() noexcept {
    over_ = true;
    stage_ = kStopped;
  }
  void inject(std::exception_ptr error) {
    if (busy()) detail::throwBusyGenerator();
    injected_ = std::move(error);
    if (begun()) stage_ = kStopped;
  }
  /// A cancel() of the consumer that has yet to find a wait: the body takes it over in start(), and gives it back where it did not wait either.
  void setCancelled(detail::CellBase& consumer) noexcept {
    cancelled_ = &consumer;
    if (stage_ == kYielded) stage_ = kStopped;
  }
  /// Runs the body. True: it has come to a yield, or to its end.
  bool start() {
    if (--detail::loopLink.budget <= 0 || stage_ != kYielded) [[unlikely]] return startSlowly();
    run();
    return stage_ == kYielded || stopped();
  }
  std::optional<T> take() {
    // The optional is made in this one place: g++ 12 keeps it in registers then. Else it is copied by an 8-byte load that waits for the stores before it: 4 ns.
    if (stage_ != kYielded && !takeSlowly()) return std::nullopt;
    return std::optional<T>(std::move(*value_));
  }
  void abandon() noexcept {
    this->waiter = nullptr;
    if (stage_ != kRunning && stage_ != kWaiting) return destroy();
    abandoned_ = true;
    nextStop_ = kStopped;
    if (stage_ == kWaiting) detail::cancelCell(this);
  }

  // ---- as a waiter and a cell
  detail::CellBase* fired(detail::CellBase&) noexcept override {
    this->link = nullptr;
    if (injected_) [[unlikely]] detail::thrownInto = &injected_;
    run();
    stopped();
    return std::exchange(detail::turn.next, nullptr);
  }
  detail::CellBase* cancelStep() noexcept override {
    if (stage_ != kRunning && stage_ != kWaiting) return nullptr;
    if (this->link && this->link->pending()) return this->link;
    this->flags |= detail::CellBase::kCancelRequested;
    return nullptr;
  }
  void dispose() noexcept override {}                  // the AsyncGenerator owns it
  std::source_location where() const noexcept override { return this->at; }

 private:
  // Where the body stands. At kStopped, as at kYielded, it stands at a yield, or has ended, and there is more to do than to go on to the next value. So that a plain next()
  // looks at this byte alone (with a flag for each of those things: 125 instructions a value instead of 84).
  enum Stage : std::uint8_t { kFresh, kRunning, kWaiting, kYielded, kStopped };

  bool busy() const noexcept { return stage_ == kRunning || stage_ == kWaiting || this->waiter; }
  std::coroutine_handle<promise_type> handle() noexcept { return std::coroutine_handle<promise_type>::from_promise(*this); }
  void run() noexcept {
    stage_ = kRunning;
    this->context.exchange();
    handle().resume();
  }
  void stop() noexcept {
    this->context.exchange();
    stage_ = nextStop_;
    if (stage_ != kYielded) [[unlikely]] handOver();
  }
  void end() noexcept {
    over_ = true;
    nextStop_ = kStopped;
    stop();
  }
  void handOver() noexcept {
    this->state = detail::CellBase::kValue;
    if (this->waiter) detail::turn.next = this;
  }
  [[gnu::noinline]] bool startSlowly() {
    detail::CellBase* const cancelled = std::exchange(cancelled_, nullptr);
    if (over()) return true;
    if (busy()) detail::throwBusyGenerator();
    if (cancelled) moveRequest(*cancelled, *this);
    if (detail::loopLink.budget <= 0) {
      if (detail::loopLink.looping) {                  // the loop polls first
        wait();
        detail::Start::startFromTurn(*this);
        return false;
      }
      detail::loopLink.budget = std::numeric_limits<int>::max();
    }
    if (injected_) detail::thrownInto = &injected_;
    run();
    if (!stopped()) return false;
    if (cancelled) moveRequest(*this, *cancelled);
    return true;
  }
  /// After run(). False: the body waits for something, and the consumer will wait for the body.
  bool stopped() noexcept {
    if (stage_ == kRunning) {
      wait();
      return false;
    }
    if (abandoned_) [[unlikely]] {
      detail::turn.next = nullptr;
      destroy();
    }
    return true;
  }
  void wait() noexcept {
    stage_ = kWaiting;
    nextStop_ = kStopped;
    this->state = 0;
  }
  /// Is there a value?
  [[gnu::noinline]] bool takeSlowly() {
    // Cancelled while the body stood in the turn, and then it did not wait: back to the consumer, which always is a coroutine.
    if ((this->flags & detail::CellBase::kCancelRequested) && this->waiter) moveRequest(*this, static_cast<detail::CellBase&>(*this->waiter));
    this->waiter = nullptr;
    if (error_.exception()) std::exchange(error_, Failure(nullptr)).rethrow();
    if (over()) return false;
    stage_ = nextStop_ = kYielded;
    return true;
  }
  void destroy() noexcept {
    if (error_.exception()) detail::reportUnhandled(error_, this->at);
    this->context.leaveBy([this] { handle().destroy(); });
  }
  static void moveRequest(detail::CellBase& from, detail::CellBase& to) noexcept {
    to.flags |= from.flags & detail::CellBase::kCancelRequested;
    from.flags &= static_cast<std::uint8_t>(~detail::CellBase::kCancelRequested);
  }

  Stage stage_ = kFresh;
  Stage nextStop_ = kYielded;                          // what stage_ becomes at the next yield
  bool over_ = false, abandoned_ = false;
  T* value_ = nullptr;
  detail::CellBase* cancelled_ = nullptr;             // the consumer, between its await's beginning and the first look at the body
  std::exception_ptr injected_;
  Failure error_{nullptr};
};
/// What next() gives, to be awaited at once: the next value, or nullopt at the end.
template <class T> class AsyncGenerator<T>::Next {
 public:
  using weftAwaiter = void;
  explicit Next(promise_type* promise) noexcept : promise_(promise) {}
  bool await_ready() { return promise_->start(); }
  /// The consumer was cancelled while it ran: what the body waits for next is cancelled.
  void cancelRequestedBy(detail::CellBase& consumer) noexcept { promise_->setCancelled(consumer); }
  template <class P> bool await_suspend(std::coroutine_handle<P> consumer) {
    return consumer.promise().waitFor(*promise_, consumer.promise());
  }
  std::optional<T> await_resume() { return promise_->take(); }

 private:
  promise_type* promise_;                              // nothing else: g++ 12 copies awaiters, and a second word would be copied by a stalling 16-byte load (6 ns)
};

}  // namespace weft
