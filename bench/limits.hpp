// Limits: the least code in C++20 that does the work of a case and keeps its meaning. No library; each is what a library is measured against.
//
// Their memory comes from the heap, one block for each thing that the case makes; a library that recycles its blocks may be faster than its limit.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace limit {

// ---- a chain of callbacks: one block that holds the result (int or error) and the callbacks, the first four of them in place

class ChainBlock;

struct Callback {
  static constexpr std::size_t kCaptured = 24;
  void (*call)(ChainBlock& chain, void* function);
  alignas(8) std::byte function[kCaptured];
};

class ChainBlock {
 public:
  struct Result {
    int value = 0;
    std::exception_ptr error;
  };

  void addHolder() noexcept { ++holders_; }
  void drop() {
    if (--holders_ == 0) delete this;
  }
  bool finished() const noexcept { return fired_ && next_ == count_ && !waiting_; }

  template <class F> void add(F function, void (*call)(ChainBlock&, void*)) {
    static_assert(sizeof(F) <= Callback::kCaptured && std::is_trivially_copyable_v<F>);
    if (count_ == room_) grow();
    Callback& callback = at(count_++);
    new (callback.function) F(function);
    callback.call = call;
    if (fired_) run();
  }
  void fire(int value) {
    fired_ = true;
    result.value = value;
    run();
  }
  void fire(std::exception_ptr error) {
    fired_ = true;
    result.error = std::move(error);
    run();
  }
  /// Holds this chain until `inner` has finished, and then takes its result.
  void waitFor(ChainBlock& inner) noexcept {
    waiting_ = true;
    addHolder();
    inner.waiter_ = this;
  }

  Result result;

 private:
  static constexpr unsigned kInPlace = 4;

  Callback& at(unsigned index) noexcept { return index < kInPlace ? inPlace_[index] : more_[index - kInPlace]; }
  void grow() {
    const unsigned room = room_ * 4;
    std::unique_ptr<Callback[]> more(new Callback[room - kInPlace]);
    for (unsigned i = kInPlace; i < count_; ++i) more[i - kInPlace] = more_[i - kInPlace];
    more_ = std::move(more);
    room_ = room;
  }
  void run() {
    if (running_) return;
    running_ = true;
    while (next_ < count_ && !waiting_) {
      Callback& callback = at(next_++);
      callback.call(*this, callback.function);
    }
    running_ = false;
    if (!waiter_ || waiting_) return;
    ChainBlock* outer = std::exchange(waiter_, nullptr);
    outer->result = result;
    outer->waiting_ = false;
    outer->run();
    outer->drop();
  }

  int holders_ = 1;
  bool fired_ = false, running_ = false, waiting_ = false;
  unsigned count_ = 0, next_ = 0, room_ = kInPlace;
  ChainBlock* waiter_ = nullptr;
  Callback inPlace_[kInPlace];
  std::unique_ptr<Callback[]> more_;
};

class Chain {
 public:
  Chain() : block_(new ChainBlock) {}
  explicit Chain(ChainBlock* block) noexcept : block_(block) { block_->addHolder(); }
  Chain(const Chain& other) noexcept : Chain(other.block_) {}
  Chain(Chain&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  ~Chain() {
    if (block_) block_->drop();
  }
  ChainBlock* block() const noexcept { return block_; }

  /// `function(int)` gives an int or a Chain.
  template <class F> Chain& onValue(F function) {
    block_->add(function, [](ChainBlock& chain, void* stored) {
      if (chain.result.error) return;
      try {
        F& f = *static_cast<F*>(stored);
        if constexpr (std::is_same_v<decltype(f(0)), int>) {
          chain.result.value = f(chain.result.value);
        } else {
          const Chain inner = f(chain.result.value);
          if (inner.block_->finished()) chain.result = inner.block_->result;
          else chain.waitFor(*inner.block_);
        }
      } catch (...) {
        chain.result.error = std::current_exception();
      }
    });
    return *this;
  }
  /// `function(std::exception_ptr)` gives an int.
  template <class F> Chain& onError(F function) {
    block_->add(function, [](ChainBlock& chain, void* stored) {
      if (!chain.result.error) return;
      const std::exception_ptr error = std::exchange(chain.result.error, nullptr);
      chain.result.value = (*static_cast<F*>(stored))(error);
    });
    return *this;
  }
  void fire(int value) { block_->fire(value); }
  void fire(std::exception_ptr error) { block_->fire(std::move(error)); }

 private:
  ChainBlock* block_;
};
inline Chain fired(int value) {
  Chain chain;
  chain.fire(value);
  return chain;
}

// ---- a coroutine: lazy, its awaiter goes on by symmetric transfer

template <class T> class Task {
 public:
  struct promise_type {
    Task get_return_object() noexcept { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct GoOn {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept { return self.promise().awaiter; }
      void await_resume() noexcept {}
    };
    GoOn final_suspend() noexcept { return {}; }
    void return_value(T result) noexcept { value = result; }
    void unhandled_exception() noexcept { error = std::current_exception(); }

    std::coroutine_handle<> awaiter = std::noop_coroutine();
    std::exception_ptr error;
    T value{};
  };
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ~Task() {
    if (handle_) handle_.destroy();
  }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().awaiter = awaiter;
    return handle_;
  }
  [[gnu::always_inline]] T await_resume() {          // a function of its own would cost 500 ns where it throws
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    return handle_.promise().value;
  }
  void start() { handle_.resume(); }
  T run() {
    start();
    return await_resume();
  }

 private:
  Handle handle_;
};

/// Set already.
struct ReadyEvent {
  explicit ReadyEvent(int value) noexcept : value(value) {}
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  int await_resume() const noexcept { return value; }
  int value;
};
/// One waiter, used again and again.
class Event {
 public:
  bool await_ready() const noexcept { return set_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  int await_resume() noexcept {
    set_ = false;
    return value_;
  }
  void fire(int value) {
    value_ = value;
    if (waiter_) std::exchange(waiter_, {}).resume();
    else set_ = true;
  }

 private:
  std::coroutine_handle<> waiter_;
  int value_ = 0;
  bool set_ = false;
};
/// A coroutine that waits for a chain.
class AwaitChain {
 public:
  explicit AwaitChain(Chain chain) noexcept : chain_(std::move(chain)) {}
  bool await_ready() const noexcept { return chain_.block()->finished(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    chain_.block()->add(waiter.address(), [](ChainBlock&, void* stored) { std::coroutine_handle<>::from_address(*static_cast<void**>(stored)).resume(); });
  }
  int await_resume() {
    if (chain_.block()->result.error) std::rethrow_exception(chain_.block()->result.error);
    return chain_.block()->result.value;
  }

 private:
  Chain chain_;
};

// ---- a queue: a ring of fixed size, waiting coroutines linked through their frames

class Queue {
 public:
  explicit Queue(std::size_t powerOfTwo) : ring_(powerOfTwo) {}

  class Get {
   public:
    explicit Get(Queue& queue) noexcept : queue_(queue) {}
    bool await_ready() noexcept {
      if (queue_.count_ == 0) return false;
      value_ = queue_.ring_[queue_.first_];
      queue_.first_ = (queue_.first_ + 1) & (queue_.ring_.size() - 1);
      --queue_.count_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      waiter_ = waiter;
      (queue_.newest_ ? queue_.newest_->next_ : queue_.oldest_) = this;
      queue_.newest_ = this;
    }
    int await_resume() const noexcept { return value_; }

   private:
    friend Queue;
    Queue& queue_;
    Get* next_ = nullptr;
    std::coroutine_handle<> waiter_;
    int value_ = 0;
  };
  Get get() noexcept { return Get(*this); }

  void put(int value) {
    if (Get* get = oldest_) {
      oldest_ = get->next_;
      if (!oldest_) newest_ = nullptr;
      get->value_ = value;
      get->waiter_.resume();
      return;
    }
    if (count_ == ring_.size()) std::abort();
    ring_[(first_ + count_++) & (ring_.size() - 1)] = value;
  }

 private:
  std::vector<int> ring_;
  std::size_t first_ = 0, count_ = 0;
  Get* oldest_ = nullptr;
  Get* newest_ = nullptr;
};

// ---- generators

/// Values one by one, no nesting.
class Generator {
 public:
  struct promise_type {
    Generator get_return_object() noexcept { return Generator(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(const int& value) noexcept {
      current = &value;
      return {};
    }
    void return_void() noexcept {}
    void unhandled_exception() { throw; }
    const int* current = nullptr;
  };
  explicit Generator(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  Generator(const Generator&) = delete;
  ~Generator() { handle_.destroy(); }
  const int* next() {
    handle_.resume();
    return handle_.done() ? nullptr : handle_.promise().current;
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

/// With generators that yield all of another one: the outermost keeps the innermost, so a value costs one resume at any depth.
class NestedGenerator {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;
  struct promise_type {
    NestedGenerator get_return_object() noexcept {
      innermost = Handle::from_promise(*this);
      return NestedGenerator(innermost);
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct ToParent {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(Handle self) noexcept {
        promise_type& promise = self.promise();
        promise.outermost->current = nullptr;
        if (!promise.parent) return std::noop_coroutine();
        promise.outermost->innermost = Handle::from_promise(*promise.parent);
        return promise.outermost->innermost;
      }
      void await_resume() noexcept {}
    };
    ToParent final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(const int& value) noexcept {
      outermost->current = &value;
      return {};
    }
    struct AllOf {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(Handle self) noexcept {
        promise_type& promise = self.promise();
        inner.promise().parent = &promise;
        inner.promise().outermost = promise.outermost;
        return promise.outermost->innermost = inner;
      }
      void await_resume() const {
        if (inner.promise().error) std::rethrow_exception(inner.promise().error);
      }
      Handle inner;
    };
    AllOf yield_value(const NestedGenerator& inner) noexcept { return AllOf{inner.handle_}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { error = std::current_exception(); }

    promise_type* outermost = this;
    promise_type* parent = nullptr;
    Handle innermost;
    const int* current = nullptr;
    std::exception_ptr error;
  };
  explicit NestedGenerator(Handle handle) noexcept : handle_(handle) {}
  NestedGenerator(const NestedGenerator&) = delete;
  ~NestedGenerator() { handle_.destroy(); }
  const int* next() {
    handle_.promise().innermost.resume();
    return handle_.promise().current;
  }

 private:
  Handle handle_;
};

/// The consumer awaits each value, the producer might await between them; both ways by symmetric transfer.
class AsyncGenerator {
 public:
  struct promise_type {
    AsyncGenerator get_return_object() noexcept { return AsyncGenerator(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct ToConsumer {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept { return self.promise().consumer; }
      void await_resume() noexcept {}
    };
    ToConsumer yield_value(const int& value) noexcept {
      current = &value;
      return {};
    }
    ToConsumer final_suspend() noexcept {
      current = nullptr;
      return {};
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
    const int* current = nullptr;
    std::coroutine_handle<> consumer;
  };
  using Handle = std::coroutine_handle<promise_type>;
  explicit AsyncGenerator(Handle handle) noexcept : handle_(handle) {}
  AsyncGenerator(const AsyncGenerator&) = delete;
  ~AsyncGenerator() { handle_.destroy(); }

  struct Next {
    explicit Next(Handle producer) noexcept : producer(producer) {}
    bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> consumer) noexcept {
      producer.promise().consumer = consumer;
      return producer;
    }
    const int* await_resume() noexcept { return producer.promise().current; }
    Handle producer;
  };
  Next next() noexcept { return Next(handle_); }

 private:
  Handle handle_;
};

}  // namespace limit
