// AsyncGenerator<T>: a coroutine that both awaits and yields.
#pragma once

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
  // As a cell: "fired" means that the body stands at a yield, or has ended, and next() may take what is there.
 public:
  AsyncGenerator get_return_object() noexcept { return AsyncGenerator(this); }
  struct Begin {
    promise_type* promise;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const { promise->throwInjected(); }
  };
  Begin initial_suspend() noexcept { return {this}; }
  void throwInjected() {
    if (injected_) [[unlikely]] std::rethrow_exception(std::exchange(injected_, nullptr));
  }

  /// The yielded value stays where it is, in the body's frame, until the next resume.
  struct Yield {
    explicit Yield(promise_type* promise) noexcept : promise(promise) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept { promise->stop(); }
    void await_resume() const { promise->throwInjected(); }
    promise_type* promise;
  };
  struct YieldCopy : Yield {
    template <class V> YieldCopy(promise_type* promise, V&& from) : Yield(promise), value(std::forward<V>(from)) {}
    void await_suspend(std::coroutine_handle<> body) noexcept {
      this->promise->value_ = std::addressof(value);
      Yield::await_suspend(body);
    }
    T value;
  };
  Yield yield_value(T&& value) noexcept
    requires(!detail::DestroyedTwice<T>)
  {
    value_ = std::addressof(value);
    return Yield(this);
  }
  template <class V = T>
    requires std::convertible_to<V&&, T>
  YieldCopy yield_value(V&& value) {
    static_assert(!detail::DestroyedTwice<V&&>,
                  "g++ 12 destroys a temporary of an aggregate type twice in a co_yield: give it a name first, then `co_yield name;`");
    return YieldCopy(this, std::forward<V>(value));
  }
  void return_void() const noexcept {}
  void unhandled_exception() {
    Failure failure;
    if (failure.check<detail::AsyncGeneratorExit>()) return;
    failure.passedThrough(this->at);
    error_.emplace(std::move(failure));
  }
  struct End {
    explicit End(promise_type* promise) noexcept : promise(promise) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {
      promise->over_ = true;
      promise->stop();
    }
    void await_resume() const noexcept {}
    promise_type* promise;
  };
  End final_suspend() noexcept { return End(this); }

  // ---- the consumer's side
  bool begun() const noexcept { return begun_; }
  bool over() const noexcept { return over_; }
  void inject(std::exception_ptr error) {
    if (!this->ready() && begun()) detail::throwBusyGenerator();
    injected_ = std::move(error);
  }
  void finishEarly() noexcept { over_ = true; }

  /// Runs the body until it stops or waits.
  void advance() {
    begin();
    enter();
  }
  bool advanceWhenLoopHasPolled() {                    // the budget is spent
    if (!loopLinkLooping()) return false;
    begin();
    detail::Start::startFromTurn(*this);
    return true;
  }
  /// A cancel() of the consumer that has yet to find a wait: takes it over, and gives it back where the body did not wait either.
  void setCancelled(detail::CellBase& consumer) noexcept { cancelled_ = &consumer; }
  detail::CellBase* takeCancelled() noexcept {
    if (!cancelled_) [[likely]] return nullptr;
    return std::exchange(cancelled_, nullptr);
  }
  void requestCancel(detail::CellBase& from) noexcept { moveRequest(from, *this); }
  void returnRequest(detail::CellBase& to) noexcept { moveRequest(*this, to); }
  std::optional<T> take() {
    // Cancelled while the body stood in the turn, and then it did not wait: back to the consumer, which always is a coroutine.
    if ((this->flags & detail::CellBase::kCancelRequested) && this->waiter) [[unlikely]] returnRequest(static_cast<detail::CellBase&>(*this->waiter));
    this->waiter = nullptr;
    if (error_) {
      const Failure failure = std::move(*error_);
      error_.reset();
      failure.rethrow();
    }
    if (over()) return std::nullopt;
    return std::optional<T>(std::move(*value_));
  }
  void abandon() noexcept {
    this->waiter = nullptr;
    if (running_) {
      abandoned_ = true;
    } else if (!this->ready() && begun() && !over()) {  // waiting for something
      abandoned_ = true;
      detail::cancelCell(this);
    } else {
      destroy();
    }
  }

  // ---- as a waiter and a cell
  detail::CellBase* fired(detail::CellBase&) noexcept override {
    this->link = nullptr;
    enter();
    return std::exchange(detail::turn.next, nullptr);
  }
  detail::CellBase* cancelStep() noexcept override {
    if (!this->pending()) return nullptr;
    if (this->link && this->link->pending()) return this->link;
    this->flags |= detail::CellBase::kCancelRequested;
    return nullptr;
  }
  void dispose() noexcept override {}                  // the AsyncGenerator owns it
  std::source_location where() const noexcept override { return this->at; }

 private:
  static bool loopLinkLooping() noexcept {
    if (detail::loopLink.looping) return true;
    detail::loopLink.budget = std::numeric_limits<int>::max();
    return false;
  }
  std::coroutine_handle<promise_type> handle() noexcept { return std::coroutine_handle<promise_type>::from_promise(*this); }
  void enter() noexcept {
    if (!over_) {
      this->context.exchange();
      running_ = true;
      handle().resume();
      running_ = false;
    }
    if (abandoned_ && this->ready()) [[unlikely]] {
      detail::turn.next = nullptr;
      destroy();
    }
  }
  void destroy() noexcept {
    if (error_) detail::reportUnhandled(*error_, this->at);
    this->context.leaveBy([this] { handle().destroy(); });
  }
  void begin() {
    if (!this->ready() && begun()) detail::throwBusyGenerator();
    this->state = 0;
    value_ = nullptr;
    begun_ = true;
  }
  static void moveRequest(detail::CellBase& from, detail::CellBase& to) noexcept {
    to.flags |= from.flags & detail::CellBase::kCancelRequested;
    from.flags &= static_cast<std::uint8_t>(~detail::CellBase::kCancelRequested);
  }
  void stop() noexcept {
    this->context.exchange();
    this->state = detail::CellBase::kValue;
    if (this->waiter) detail::turn.next = this;
  }

  // Bytes of their own, not bits of `flags`: setting a bit waits for the last one to be set, 1 ns each.
  bool begun_ = false, over_ = false, running_ = false, abandoned_ = false;
  T* value_ = nullptr;
  detail::CellBase* cancelled_ = nullptr;             // the consumer, between its await's beginning and the first look at the body
  std::exception_ptr injected_;
  std::optional<Failure> error_;
};

template <class T> class AsyncGenerator<T>::Next {
 public:
  using weftAwaiter = void;
  explicit Next(promise_type* promise) noexcept : promise_(promise) {}
  bool await_ready() {
    detail::CellBase* const cancelled = promise_->takeCancelled();
    if (promise_->over()) return true;
    if (cancelled) [[unlikely]] promise_->requestCancel(*cancelled);
    if (--detail::loopLink.budget <= 0 && promise_->advanceWhenLoopHasPolled()) return false;
    promise_->advance();
    if (!promise_->ready()) return false;
    if (cancelled) [[unlikely]] promise_->returnRequest(*cancelled);
    return true;
  }
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
