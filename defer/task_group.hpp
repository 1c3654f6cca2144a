// TaskGroup: a scope for work that runs at the same time.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_semaphore.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace weft {

/// Work that belongs together: the first error cancels the rest, and join() waits until all of it has ended. What Twisted lacks, and Trio calls a nursery.
///
///     Deferred<> mirror(std::vector<std::string> urls) {
///       TaskGroup group;
///       for (auto& url : urls) group.add(download(url));
///       co_await group.join();                           // throws the first error, when all have ended
///     }
///
/// Destroyed with tasks still running, it cancels them and lets them go; what they do after that is reported if it fails, as is a failure that join() never told. Prefer withTaskGroup(), which also waits.
class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  /// Takes the Deferred into the group; its value is dropped. After an error or cancel() it is cancelled at once.
  template <class T> void add(Deferred<T> task) { addCell(task.takeConsumer()); }
  /// Calls f (any callable, usually a coroutine) and adds what it returns. A capturing coroutine lambda must outlive its run: see inlineCallbacks.
  template <class F, class... A> void spawn(F&& f, A&&... arguments) { add(maybeDeferred(std::forward<F>(f), std::forward<A>(arguments)...)); }

  /// Fires when no task is left: with nothing, or with the first task's error. Errors of the others are reported if they are not CancelledErrors. Cancelling it cancels the tasks,
  /// and it fires when they have ended. One join() at a time.
  Deferred<> join(std::source_location made = std::source_location::current());
  /// Cancels every task.
  void cancel() noexcept;
  std::size_t size() const noexcept { return tasks_.count; }
  /// Has a task failed, and join() not told so yet? Then the others have been cancelled.
  bool failed() const noexcept { return failure_.has_value(); }

 private:
  struct Task;
  void addCell(detail::CellBase* cell);
  detail::CellBase* ended(Task& task) noexcept;
  bool cancelAll() noexcept;

  detail::WaitList tasks_;
  std::optional<Failure> failure_;
  Trigger<> joined_;
  bool cancelled_ = false;
  bool* gone_ = nullptr;                               // while cancelAll() runs: where it wants to be told that the group has gone
};

/// Runs `body(TaskGroup&)` and does not end before all that it added has ended: on success it waits for the tasks, on an error of the body or of a task it cancels them first.
/// Gives that first error.
template <class F>
  requires std::is_same_v<std::invoke_result_t<F&, TaskGroup&>, Deferred<>>
Deferred<> withTaskGroup(F body) {
  TaskGroup group;
  auto running = maybeDeferred(body, group);
  Outcome<> ended = co_await running.outcome();
  const bool taskFirst = group.failed();
  if (!ended) group.cancel();
  auto all = group.join();
  Outcome<> joined = co_await all.outcome();
  if (!ended && !joined) detail::reportUnhandled((taskFirst ? ended : joined).failure(), all.createdAt());       // that of the two which is not given
  if (taskFirst) joined.value();
  ended.value();
  joined.value();
}

/// Calls `f(item)` for every item, with at most `limit` running at once, and gives the results in order; the first error cancels the rest and is what it
/// fails with.
template <class Item, class F> auto mapConcurrently(std::vector<Item> items, std::size_t limit, F f) {
  using T = detail::FlatT<std::invoke_result_t<F&, Item&>>;
  return [](std::vector<Item> items, std::size_t limit, F f) -> Deferred<std::vector<Stored<T>>> {
    std::vector<std::optional<Stored<T>>> results(items.size());
    std::size_t next = 0;
    const auto worker = [&]() -> Deferred<> {
      while (next < items.size()) {
        const std::size_t mine = next++;
        auto running = maybeDeferred(f, items[mine]);
        if constexpr (std::is_void_v<T>) {
          co_await running;
          results[mine].emplace();
        } else {
          results[mine].emplace(co_await running);
        }
      }
    };
    const auto workers = [&](TaskGroup& group) -> Deferred<> {
      for (std::size_t i = 0; i < limit && i < items.size(); ++i) group.add(worker());
      co_return;
    };
    co_await withTaskGroup(workers);
    std::vector<Stored<T>> values;
    values.reserve(results.size());
    for (auto& result : results) values.push_back(std::move(*result));
    co_return values;
  }(std::move(items), limit ? limit : 1, std::move(f));
}

}  // namespace weft
