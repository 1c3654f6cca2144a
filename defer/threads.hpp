// Crossing threads: work on a pool with a Deferred for its result, and calls into the reactor from outside.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/core/thread_pool.hpp>
#include <weft/defer/deferred.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace weft {

namespace detail {

// A job on its way to a pool's thread and back. Its Trigger is touched on the reactor's thread only: also a job that is dropped unrun goes home to tell.
template <class F, class R> class ThreadJob {
 public:
  ThreadJob(Reactor& reactor, F f, Trigger<R> trigger, std::shared_ptr<std::atomic<bool>> cancelled)
      : reactor_(&reactor), f_(std::move(f)), trigger_(std::move(trigger)), cancelled_(std::move(cancelled)) {}
  ThreadJob(ThreadJob&&) noexcept = default;
  ThreadJob& operator=(ThreadJob&&) = delete;
  ~ThreadJob() {
    if (trigger_) goHome(Failure(AbandonedError()));
  }
  void operator()() {
    if (cancelled_->load(std::memory_order_acquire)) return goHome(Failure(CancelledError()));
    std::optional<Outcome<R>> outcome;
    try {
      if constexpr (std::is_void_v<R>) {
        f_();
        outcome.emplace();
      } else {
        outcome.emplace(f_());
      }
    } catch (...) {
      outcome.emplace(Failure());
    }
    goHome(std::move(*outcome));
  }

 private:
  void goHome(Outcome<R> outcome) {
    reactor_->callFromThread([trigger = std::move(trigger_), cancelled = std::move(cancelled_), outcome = std::move(outcome)]() mutable {
      if (!cancelled->load(std::memory_order_relaxed)) trigger.fire(std::move(outcome));
    });
  }
  Reactor* reactor_;
  F f_;
  Trigger<R> trigger_;
  std::shared_ptr<std::atomic<bool>> cancelled_;
};

}  // namespace detail

/// Calls `f(arguments…)` on a thread of `pool` and fires, on the reactor's thread, with what it returned or threw. Call it on the reactor's thread. Cancelled before a thread has taken it, f never runs; after
/// that it cannot be stopped: the Deferred fails with CancelledError at once and what f returns is dropped. Fails with ThreadPoolFull, ThreadPoolStopped.
template <class F, class... A> auto deferToThreadPool(Reactor& reactor, ThreadPool& pool, F f, A... arguments) {
  using R = std::invoke_result_t<F&, A&...>;
  static_assert(!detail::isDeferred<R>, "a function that runs on a pool's thread cannot return a Deferred: Deferreds belong to the reactor's thread");
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  Deferred<R> result([cancelled] { cancelled->store(true, std::memory_order_release); });
  auto call = [f = std::move(f), ... arguments = std::move(arguments)]() mutable -> R { return std::invoke(f, arguments...); };
  try {
    pool.callInThread(detail::ThreadJob<decltype(call), R>(reactor, std::move(call), result.takeTrigger(), cancelled));
  } catch (...) {
    cancelled->store(true);
    return fail<R>(Failure());
  }
  return result;
}

/// The same on the reactor's own pool.
template <class F, class... A> auto deferToThread(Reactor& reactor, F f, A... arguments) {
  return deferToThreadPool(reactor, reactor.threadPool(), std::move(f), std::move(arguments)...);
}

namespace detail {

// Where a thread sleeps until the reactor's thread has an answer for it.
template <class R> class Answer {
 public:
  void give(Outcome<R> outcome) {
    const std::lock_guard lock(mutex_);
    outcome_.emplace(std::move(outcome));
    there_.notify_one();
  }
  Outcome<R> wait() {
    std::unique_lock lock(mutex_);
    there_.wait(lock, [this] { return outcome_.has_value(); });
    return std::move(*outcome_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable there_;
  std::optional<Outcome<R>> outcome_;
};

// Gives an answer also when the call is dropped with its reactor.
template <class F, class R> class AnsweredCall {
 public:
  AnsweredCall(F f, std::shared_ptr<Answer<R>> answer) : f_(std::move(f)), answer_(std::move(answer)) {}
  AnsweredCall(AnsweredCall&&) noexcept = default;
  AnsweredCall& operator=(AnsweredCall&&) = delete;
  ~AnsweredCall() {
    if (answer_) answer_->give(Failure(AbandonedError()));
  }
  void operator()() {
    const auto f = std::make_shared<F>(std::move(f_)); // a capturing coroutine needs it until its end
    maybeDeferred(*f).addBoth([f, answer = std::exchange(answer_, nullptr)](Outcome<R> outcome) { answer->give(std::move(outcome)); }).detach();
  }

 private:
  F f_;
  std::shared_ptr<Answer<R>> answer_;
};

void refuseBlockingOnReactorThread(const Reactor& reactor);

}  // namespace detail

/// Calls `f(arguments…)` on the reactor's thread and waits, blocking this one, for what it returns or for the Deferred that it returns; its error is thrown here. For threads of a pool. On the reactor's own
/// thread it would wait for itself for ever: DeferError. AbandonedError if the reactor is destroyed first.
template <class F, class... A> auto blockingCallFromThread(Reactor& reactor, F f, A... arguments) {
  detail::refuseBlockingOnReactorThread(reactor);
  auto call = [f = std::move(f), ... arguments = std::move(arguments)]() mutable { return std::invoke(f, std::move(arguments)...); };
  using R = detail::FlatT<std::invoke_result_t<decltype(call)&>>;
  auto answer = std::make_shared<detail::Answer<R>>();
  reactor.callFromThread(detail::AnsweredCall<decltype(call), R>(std::move(call), answer));
  Outcome<R> outcome = answer->wait();
  if constexpr (std::is_void_v<R>) outcome.value();
  else return std::move(outcome.value());
}

/// A Deferred's result as a std::future, for code that waits on another thread.
template <class T> std::future<T> asFuture(Deferred<T> deferred) {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  deferred.addBoth([promise = std::move(promise)](Outcome<T> outcome) mutable {
    if (!outcome) promise.set_exception(outcome.failure().exception());
    else if constexpr (std::is_void_v<T>) promise.set_value();
    else promise.set_value(std::move(*outcome));
  }).detach();
  return future;
}

/// A std::future's result as a Deferred: a thread of the reactor's pool waits for it. Cancelled, the Deferred fails at once; the thread waits on.
template <class T> Deferred<T> fromFuture(Reactor& reactor, std::future<T> future) {
  return deferToThread(reactor, [future = std::move(future)]() mutable { return future.get(); });
}

}  // namespace weft
