// ThreadPool: threads for work that blocks.
#pragma once

#include <weft/core/error.hpp>
#include <weft/core/outcome.hpp>
#include <weft/core/unique_function.hpp>

#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

/// callInThread() of a pool that is stopping or was stopped.
class ThreadPoolStopped : public CoreError {
 public:
  explicit ThreadPoolStopped(const std::string& name)
      : CoreError("the thread pool \"" + name + "\" was stopped and takes no more work until start()") {}
};

/// callInThread() while as much work as the pool's queue holds is waiting.
class ThreadPoolFull : public CoreError {
 public:
  ThreadPoolFull(const std::string& name, std::size_t limit)
      : CoreError("the queue of the thread pool \"" + name + "\" is full: " + std::to_string(limit) + " calls wait for a thread"),
        limit(limit) {}
  std::size_t limit;
};

/// Runs calls on up to `max` threads, in the order in which they were given. Threads are made when work waits and none is idle; they stay until stop().
///
/// Work that is given before start() is kept. What a call throws is logged as critical; a call gives a result only through what it does itself. Any thread may call
/// anything here, except that a pool's own threads must not stop() it. Most users take the reactor's pool, by deferToThread() of floor defer.
class ThreadPool {
 public:
  static constexpr std::size_t kQueueLimit = 100'000;

  /// Throws std::invalid_argument unless min <= max and max > 0.
  explicit ThreadPool(std::size_t min = 0, std::size_t max = 10, std::string_view name = "weft");
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  /// stop().
  ~ThreadPool();

  /// Starts `min` threads, and more if work waits already. No effect if started. May be called again after stop().
  void start();
  /// Takes no more work, lets the threads finish all that was given, and waits for them. Work that was given to a pool that never started is dropped.
  void stop();
  /// Like stop(), but returns at once: `stopped` is called on the last thread as it ends (or here if there is none). The destructor or stop() then waits only for
  /// that thread's last steps.
  void stopThen(UniqueFunction<void()> stopped);

  /// Calls `function` on one of the threads. Throws ThreadPoolStopped, ThreadPoolFull.
  void callInThread(UniqueFunction<void()> function);
  /// Calls all of them on one thread, one after the other, whether or not one throws. Counts as one call.
  void callMultipleInThread(std::vector<UniqueFunction<void()>> functions);
  /// Calls `function`, then `onResult(Outcome)` with what it returned or threw, both on the same thread of the pool.
  template <class R, class F>
    requires std::invocable<std::decay_t<F>&>
  void callInThreadWithCallback(R&& onResult, F&& function) {
    using Result = std::invoke_result_t<std::decay_t<F>&>;
    static_assert(std::invocable<std::decay_t<R>&, Outcome<Result>>, "onResult takes an Outcome of what the function returns");
    callInThread([onResult = std::decay_t<R>(std::forward<R>(onResult)), function = std::decay_t<F>(std::forward<F>(function))]() mutable {
      onResult(attempt<Result>(function));
    });
  }

  /// Throws std::invalid_argument as the constructor. Fewer threads: the surplus ends when it has nothing to do.
  void adjustPoolSize(std::size_t min, std::size_t max);
  /// How many calls may wait for a thread.
  void setQueueLimit(std::size_t limit);

  /// From stop() or stopThen() until the last thread has ended.
  bool stopping() const;
  std::size_t min() const;
  std::size_t max() const;
  std::size_t threads() const;                         // alive
  std::size_t working() const;                         // of them, running a call
  std::size_t waiting() const;                         // calls in the queue

 private:
  enum class State { New, Started, Stopping, Stopped };

  template <class Result, class F> static Outcome<Result> attempt(F& function) {
    try {
      if constexpr (std::is_void_v<Result>) {
        function();
        return Outcome<void>();
      } else {
        return Outcome<Result>(function());
      }
    } catch (...) {
      return Outcome<Result>(Failure());
    }
  }
  void work();
  void grow();                                         // with the lock

  const std::string name_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable ended_;
  std::deque<UniqueFunction<void()>> queue_;
  std::vector<std::thread> ending_;                    // threads that are over but for being joined
  std::vector<std::thread> live_;
  UniqueFunction<void()> stopped_;
  State state_ = State::New;
  std::size_t min_;
  std::size_t max_;
  std::size_t queueLimit_ = kQueueLimit;
  std::size_t working_ = 0;
  std::size_t named_ = 0;
};

}  // namespace weft
