#include <weft/defer/task_group.hpp>

namespace weft {

struct TaskGroup::Task final : detail::Waiter, detail::WaitNode, detail::Pooled {
  Task(TaskGroup* group, detail::CellBase* cell) noexcept : group(group), cell(cell) {}
  detail::CellBase* fired(detail::CellBase&) noexcept override { return group->ended(*this); }
  TaskGroup* group;
  detail::CellBase* cell;
  bool asked = false;                                  // to end
};

TaskGroup::~TaskGroup() {
  while (tasks_.head) {
    auto* task = static_cast<Task*>(tasks_.head);
    task->unlink();
    detail::CellBase* cell = task->cell;
    delete task;
    cell->waiter = nullptr;
    const bool pending = cell->pending();
    if (pending) detail::cancelCell(cell);
    cell->dropConsumer();
  }
}

void TaskGroup::addCell(detail::CellBase* cell) {
  auto* task = new Task(this, cell);
  tasks_.push(task);
  if (cell->ready()) {
    if (detail::CellBase* next = ended(*task)) detail::turn.fire(next);
    return;
  }
  cell->waiter = task;
  if (cancelled_) detail::cancelCell(cell);
}

detail::CellBase* TaskGroup::ended(Task& task) noexcept {
  detail::CellBase* const cell = task.cell;
  task.unlink();
  delete &task;
  bool first = false;
  if (cell->failed()) {
    if (!failure_ && !cancelled_) {
      failure_ = std::move(*cell->heldFailure());
      first = true;
    } else {
      cell->report();
    }
  }
  cell->releaseConsumer();
  if (first) cancel();
  if (tasks_.head || !joined_) return nullptr;
  Trigger<> joined = std::move(joined_);
  if (failure_) joined.errback(std::move(*std::exchange(failure_, std::nullopt)));
  else joined.callback();
  return nullptr;
}

Deferred<> TaskGroup::join(std::source_location made) {
  if (joined_) return fail(DeferError("TaskGroup::join(): somebody is waiting for this group already"), made);
  if (!tasks_.head) {
    if (failure_) return fail(std::move(*std::exchange(failure_, std::nullopt)), made);
    return succeed(made);
  }
  Deferred<> joined([this] {
    cancel();
    return true;
  }, made);
  joined_ = joined.takeTrigger();
  return joined;
}

void TaskGroup::cancel() noexcept {
  cancelled_ = true;
  const detail::OpenTurn turn;                         // those that end at once leave the list after the loop
  for (detail::WaitNode* node = tasks_.head; node; node = node->next) {
    auto* task = static_cast<Task*>(node);
    if (!std::exchange(task->asked, true)) detail::cancelCell(task->cell);
  }
}

}  // namespace weft
