// Cooperator: long work in small steps, beside everything else.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/generator.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/defer/deferred.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace weft {

/// The root of what a finished CooperativeTask says when it is asked to go on.
class TaskFinished : public DeferError {
 public:
  using DeferError::DeferError;
};
/// Its generator is done.
class TaskDone : public TaskFinished {
 public:
  TaskDone() : TaskFinished("this CooperativeTask has ended: its generator is done") {}
};
/// It was stopped.
class TaskStopped : public TaskFinished {
 public:
  TaskStopped() : TaskFinished("this CooperativeTask was stopped") {}
};
/// Its generator failed.
class TaskFailed : public TaskFinished {
 public:
  explicit TaskFailed(const Failure& failure) : TaskFinished(std::string("this CooperativeTask has failed: ") + failure.what()) {}
};
/// What the tasks of a Cooperator fail with when it is stopped.
class SchedulerStopped : public DeferError {
 public:
  SchedulerStopped() : DeferError("the Cooperator was stopped") {}
};
/// CooperativeTask::resume() was called more often than pause().
class NotPaused : public DeferError {
 public:
  NotPaused() : DeferError("CooperativeTask::resume(): it is not paused") {}
};

/// The steps of a task: `co_yield nullptr;` ends a step, `co_yield deferred;` waits for it before the next one.
using CooperativeSteps = Generator<Deferred<>>;

/// One generator in a Cooperator's care. A handle; copies mean the same task.
class CooperativeTask {
 public:
  /// A fresh Deferred each time: fires when the generator ends, fails with its error, TaskStopped or SchedulerStopped.
  Deferred<> whenDone();
  /// No steps until resume() was called as often. Throws TaskFinished.
  void pause();
  /// Throws NotPaused, TaskFinished.
  void resume();
  /// No more steps; the generator is destroyed. Throws TaskFinished.
  void stop();

 private:
  friend class Cooperator;
  struct State;
  explicit CooperativeTask(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Runs the steps of its tasks in turn, a slice of time in each turn of the reactor, so that long work starves nobody. The same generator cooperated several times (by shared_ptr) is a pool of that
/// many workers: each takes the next step when its last one's Deferred has fired.
///
///     Cooperator cooperator(clock);
///     Deferred<> done = cooperator.coiterate(indexAll(files));
class Cooperator {
 public:
  /// Says when a slice is over: asked after each step.
  using SliceEnds = UniqueFunction<bool()>;
  /// Begins a slice.
  using BeginSlice = UniqueFunction<SliceEnds()>;

  /// Slices of 10 ms of real time, the next one in the next turn of `clock`.
  explicit Cooperator(Clock& clock, bool started = true);
  Cooperator(Clock& clock, BeginSlice beginSlice, bool started = true);
  Cooperator(const Cooperator&) = delete;
  Cooperator& operator=(const Cooperator&) = delete;
  /// As stop().
  ~Cooperator();

  /// Takes a task into the round. After stop() it fails with SchedulerStopped at once.
  CooperativeTask cooperate(CooperativeSteps steps) { return cooperate(std::make_shared<CooperativeSteps>(std::move(steps))); }
  CooperativeTask cooperate(std::shared_ptr<CooperativeSteps> steps);
  /// The same, when only its end is of interest.
  Deferred<> coiterate(CooperativeSteps steps) { return cooperate(std::move(steps)).whenDone(); }

  void start();
  /// Every task fails with SchedulerStopped.
  void stop();
  bool running() const noexcept;

 private:
  friend class CooperativeTask;
  struct Round;
  std::shared_ptr<Round> round_;
};

}  // namespace weft
