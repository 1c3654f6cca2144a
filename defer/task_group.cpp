#include <weft/defer/task_group.hpp>

namespace weft {

struct TaskGroup::Task final : detail::Waiter, detail::WaitNode, detail::Pooled {
  Task(TaskGroup* group, detail::CellBase* cell) noexcept : group(group), cell(cell) {}
  detail::CellBase* fired(detail::CellBase&) noexcept override {
    if (group) return group->ended(*this);
    if (cell->failed()) cell->report();                // the group has gone
    cell->releaseConsumer();
    delete this;
    return nullptr;
  }
  TaskGroup* group;
  detail::CellBase* cell;
  bool asked = false;                                  // to end
};

TaskGroup::~TaskGroup() {
  if (gone_) *gone_ = true;
  while (tasks_.head) {
    auto* task = static_cast<Task*>(tasks_.head);
    task->unlink();
    task->group = nullptr;                             // it stays until its Deferred has fired, which may be this instant
    if (!task->asked) detail::cancelCell(task->cell);
  }
  if (failure_) detail::reportUnhandled(*failure_, {});
}

void TaskGroup::addCell(detail::CellBase* cell) {
  const detail::OpenTurn turn;                         // callbacks run when the group is in order again: they may destroy it
  auto* task = new Task(this, cell);
  tasks_.push(task);
  if (cell->ready()) {
    if (detail::CellBase* next = ended(*task)) detail::turn.fire(next);
    return;
  }
  cell->waiter = task;
  if (std::exchange(task->asked, cancelled_)) return;
  if (cancelled_) detail::cancelCell(cell);
}

detail::CellBase* TaskGroup::ended(Task& task) noexcept {
  detail::CellBase* const cell = task.cell;
  task.unlink();
  delete &task;
  bool alive = true;
  if (cell->failed()) {
    if (!failure_ && !cancelled_) {
      failure_ = std::move(*cell->heldFailure());
      alive = cancelAll();
    } else {
      cell->report();
    }
  }
  if (alive && !tasks_.head && joined_) {              // a turn is open: its callbacks run later
    Trigger<> joined = std::move(joined_);
    if (failure_) joined.errback(std::move(*std::exchange(failure_, std::nullopt)));
    else joined.callback();
  }
  cell->releaseConsumer();                             // last, as it may destroy what it likes, this group too
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

void TaskGroup::cancel() noexcept { cancelAll(); }

// False: a canceller has destroyed the group.
bool TaskGroup::cancelAll() noexcept {
  cancelled_ = true;
  const detail::OpenTurn turn;                         // those that end at once leave the list after the loop
  bool gone = false;
  bool* const outer = std::exchange(gone_, &gone);
  for (detail::WaitNode* node = tasks_.head; node; node = node->next) {
    auto* task = static_cast<Task*>(node);
    if (std::exchange(task->asked, true)) continue;
    detail::cancelCell(task->cell);
    if (!gone) continue;
    if (outer) *outer = true;
    return false;
  }
  gone_ = outer;
  return true;
}

}  // namespace weft
