#include <weft/defer/cooperator.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

namespace weft {

struct Cooperator::Round : std::enable_shared_from_this<Round> {
  Round(Clock& clock, BeginSlice beginSlice) : clock(clock), beginSlice(std::move(beginSlice)) {}

  void add(std::shared_ptr<CooperativeTask::State> task) {
    tasks.push_back(std::move(task));
    schedule();
  }
  void remove(const CooperativeTask::State* task) {
    const auto found = std::find_if(tasks.begin(), tasks.end(), [task](const auto& other) { return other.get() == task; });
    if (found == tasks.end()) return;
    const auto index = static_cast<std::size_t>(found - tasks.begin());
    tasks.erase(found);
    if (index < position) --position;
    if (tasks.empty() && slice.active()) slice.cancel();
  }
  void schedule() {
    if (!running || stopped || tasks.empty() || slice.active() || inSlice) return;
    slice = clock.callLater(0, [self = shared_from_this()] { self->run(); });
  }
  void run();

  Clock& clock;
  BeginSlice beginSlice;
  std::vector<std::shared_ptr<CooperativeTask::State>> tasks;   // those that may go on, in the order of their turns
  std::size_t position = 0;
  bool running = false, stopped = false, inSlice = false;
  DelayedCall slice;
};

struct CooperativeTask::State : std::enable_shared_from_this<State> {
  State(std::shared_ptr<Cooperator::Round> round, std::shared_ptr<CooperativeSteps> steps) : round(std::move(round)), steps(std::move(steps)) {}

  void step() {
    const auto keep = steps;                           // a step may stop its own task
    Deferred<>* yielded = nullptr;
    try {
      yielded = steps->next();
    } catch (...) {
      if (end == End::None) complete(Failure(), End::Failed);
      return;
    }
    if (end != End::None) return;
    if (!yielded) return complete(std::nullopt, End::Done);
    if (!*yielded) return;                             // nullptr: go on
    pause();
    yielded->addBoth([self = shared_from_this()](Outcome<> outcome) {
      if (self->end != End::None) return;
      if (outcome) self->unpause();
      else self->complete(std::move(outcome.failure()), End::Failed);
    }).detach();
  }
  void pause() {
    if (pauses++ == 0) round->remove(this);
  }
  void unpause() {
    if (--pauses > 0) return;
    if (round->stopped) complete(Failure(SchedulerStopped()), End::Failed);
    else round->add(shared_from_this());
  }
  enum class End { None, Done, Stopped, Failed };
  void complete(std::optional<Failure> failure, End how) {
    end = how;
    result = std::move(failure);
    const auto keep = shared_from_this();
    round->remove(this);
    steps = nullptr;
    for (auto& waiter : std::exchange(waiters, {})) {
      if (result) waiter.errback(*result);
      else waiter.callback();
    }
  }
  void check() const {
    if (end == End::Done) throw TaskDone();
    if (end == End::Stopped) throw TaskStopped();
    if (end == End::Failed) throw TaskFailed(*result);
  }

  std::shared_ptr<Cooperator::Round> round;
  std::shared_ptr<CooperativeSteps> steps;
  int pauses = 0;
  End end = End::None;
  std::optional<Failure> result;
  std::vector<Trigger<>> waiters;
};

void Cooperator::Round::run() {
  inSlice = true;
  SliceEnds over = beginSlice();
  while (!tasks.empty()) {
    if (position >= tasks.size()) position = 0;
    const auto task = tasks[position++];
    task->step();
    if (over()) break;
  }
  inSlice = false;
  schedule();
}

Deferred<> CooperativeTask::whenDone() {
  if (state_->end != State::End::None) return state_->result ? fail(*state_->result) : succeed();
  Deferred<> done;
  state_->waiters.push_back(done.takeTrigger());
  return done;
}

void CooperativeTask::pause() {
  state_->check();
  state_->pause();
}

void CooperativeTask::resume() {
  state_->check();
  if (!state_->pauses) throw NotPaused();
  state_->unpause();
}

void CooperativeTask::stop() {
  state_->check();
  state_->complete(Failure(TaskStopped()), State::End::Stopped);
}

Cooperator::Cooperator(Clock& clock, bool started)
    : Cooperator(clock,
                 [] {
                   const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
                   return SliceEnds([until] { return std::chrono::steady_clock::now() >= until; });
                 },
                 started) {}

Cooperator::Cooperator(Clock& clock, BeginSlice beginSlice, bool started) : round_(std::make_shared<Round>(clock, std::move(beginSlice))) {
  if (started) start();
}

Cooperator::~Cooperator() {
  if (!round_->stopped) stop();
}

CooperativeTask Cooperator::cooperate(std::shared_ptr<CooperativeSteps> steps) {
  CooperativeTask task(std::make_shared<CooperativeTask::State>(round_, std::move(steps)));
  if (round_->stopped) task.state_->complete(Failure(SchedulerStopped()), CooperativeTask::State::End::Failed);
  else round_->add(task.state_);
  return task;
}

void Cooperator::start() {
  round_->stopped = false;
  round_->running = true;
  round_->schedule();
}

void Cooperator::stop() {
  round_->stopped = true;
  round_->running = false;
  if (round_->slice.active()) round_->slice.cancel();
  const auto keep = round_;
  while (!keep->tasks.empty()) keep->tasks.front()->complete(Failure(SchedulerStopped()), CooperativeTask::State::End::Failed);
}

bool Cooperator::running() const noexcept { return round_->running; }

}  // namespace weft
