#include <weft/core/reactor.hpp>

#include <weft/core/failure.hpp>
#include <weft/core/internal/handler_memory.hpp>
#include <weft/core/internal/io_context.hpp>
#include <weft/core/log.hpp>
#include <weft/core/loop_link.hpp>
#include <weft/core/thread_pool.hpp>
#include <weft/core/type_name.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <array>
#include <csignal>
#include <ctime>
#include <deque>
#include <optional>

namespace weft {
namespace {

using detail::TimerNode;
using detail::TimerWheel;

const Logger kReactorLog("weft.core.reactor");

constinit thread_local Reactor* currentReactor = nullptr;

// Handlers that one turn takes from Asio while there is other work: keeps a flood of socket events from delaying timers and posts.
constexpr int kHandlersPerTurn = 128;

std::int64_t coarseTime() noexcept {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);        // 5 ns, where the exact clock takes 23
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Logs what kept the loop for too long.
class Watchdog {
 public:
  void limit(std::int64_t nanoseconds) noexcept { limit_ = nanoseconds; }
  void begin(const char* what) noexcept {
    if (limit_ > 0) mark(coarseTime(), [] { return nullptr; });
    what_ = what;
    calls_ = 0;
  }
  // The event so far is over, another one of the same kind begins. `type` says what it was, if it took too long to pass unnoticed.
  // In a long batch of short calls only every 16th is looked at.
  template <class Type> void next(Type type) noexcept {
    if (++calls_ >= kEachLooked && calls_ % 16 != 0) return;
    if (start_ != 0) mark(coarseTime(), type);
  }
  void end() noexcept {
    if (start_ != 0) mark(coarseTime(), [] { return nullptr; });
    start_ = 0;
  }

 private:
  template <class Type> void mark(std::int64_t now, Type type) noexcept {
    if (start_ != 0 && now - start_ > limit_) [[unlikely]] report(now - start_, type());
    start_ = now;
  }
  [[gnu::noinline]] void report(std::int64_t time, const std::type_info* type) const noexcept {
    if (!kReactorLog.enabled(LogLevel::Warning)) return;
    const double seconds = static_cast<double>(time) * 1e-9;
    if (type && calls_ >= kEachLooked) kReactorLog.warning("the loop was blocked for ", seconds, " s by ", what_, ": ", detail::typeName(*type), " or one of 15 before it", field("seconds", seconds));
    else if (type) kReactorLog.warning("the loop was blocked for ", seconds, " s by ", what_, ": ", detail::typeName(*type), field("seconds", seconds));
    else kReactorLog.warning("the loop was blocked for ", seconds, " s by ", what_, field("seconds", seconds));
  }

  static constexpr std::uint32_t kEachLooked = 64;

  std::int64_t limit_ = 100'000'000;
  std::uint32_t calls_ = 0;                            // of the current batch
  std::int64_t start_ = 0;                             // 0: nothing is going on
  const char* what_ = "";
};

}  // namespace

struct Reactor::Impl {
  explicit Impl(Reactor& reactor) : reactor(reactor), work(io.get_executor()), timer(io) {}

  struct Trigger {
    std::uint64_t id;
    UniqueFunction<void(ShutdownHold)> function;
  };
  using TriggerList = std::deque<Trigger>;
  TriggerList& triggers(SystemEvent event, Phase phase) { return lists[static_cast<std::size_t>(event)][static_cast<std::size_t>(phase)]; }

  // The Before phase of an event, while it waits for its holds.
  struct Holding final : detail::HeldPhase {
    explicit Holding(Impl& impl) : impl(&impl) {}
    void released() noexcept override {
      if (impl) impl->proceedDue = true;
    }
    Impl* impl;                                        // null: nobody waits any more
  };

  void turn(std::int64_t maxWait);
  bool runPosted();                                    // was there something to run?
  bool runTimers();
  void runSteps();
  void begin(SystemEvent event);
  void proceed();
  void runTriggers(SystemEvent event, Phase phase, const std::shared_ptr<Holding>& phaseHolds);
  bool stepDue() const noexcept { return proceedDue || shutdownDue || finishDue; }
  void poll();
  void sleep(std::int64_t due, std::int64_t maxWait);
  void armTimer(std::int64_t due);
  void dropHolding() noexcept {
    if (holding) holding->impl = nullptr;
    holding = nullptr;
  }
  void watchSignals();
  void gotSignal(int number);
  std::int64_t time() const noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - zero).count();
  }

  Reactor& reactor;
  const std::chrono::steady_clock::time_point zero = std::chrono::steady_clock::now();
  detail::HandlerMemory timerMemory;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer timer;
  std::int64_t armedFor = TimerWheel::kNever;          // when `timer` wakes us at the latest
  std::int64_t lastTime = 0;                           // of the last look at the timers
  Watchdog watchdog;

  bool running = false;                                // run() has begun
  bool inLoop = false;                                 // run() or iterate() is on the stack
  bool stopping = false;
  bool over = false;                                   // run() returns after this turn
  bool proceedDue = false;                             // the holds of a Before phase are gone
  bool shutdownDue = false;                            // stop() was called
  bool finishDue = false;                              // the thread pool has stopped
  std::uint64_t runs = 0;
  SystemEvent event = SystemEvent::Startup;            // the last one that was begun
  std::shared_ptr<Holding> holding;
  std::array<std::array<TriggerList, 3>, 2> lists;
  std::uint64_t lastTrigger = 0;

  std::optional<asio::signal_set> signals;
  UniqueFunction<void(int)> signalHandler;
  int lastSignal = 0;

  std::unique_ptr<ThreadPool> pool;
  std::size_t poolSize = 10;
};

// ---------------------------------------------------------------- the loop

void Reactor::Impl::turn(std::int64_t maxWait) {
  detail::LoopLink& link = detail::loopLink;
  link.budget = detail::LoopLink::kBudget;
  bool worked = runPosted();
  worked |= runTimers();
  if (link.pending) {
    worked = true;
    link.pending = false;
    link.budget = detail::LoopLink::kBudget;
    watchdog.begin("a turn of Deferreds");
    reactor.time_ = -1;
    link.resume();
  }
  if (stepDue()) {
    worked = true;
    runSteps();
  }
  reactor.time_ = -1;
  watchdog.end();
  if (over) return;
  try {
    const std::int64_t due = reactor.wheel_.nextDue();
    // run() sleeps in the very turn that did the work, which saves a poll; iterate() has then had its event.
    if (worked && maxWait != TimerWheel::kNever) maxWait = 0;
    bool busy = due <= lastTime || maxWait == 0 || link.pending || stepDue() || !reactor.mailbox_.empty();
    if (!busy && due < armedFor) busy = due <= (lastTime = time());
    if (busy) poll();
    else sleep(due, maxWait);
  } catch (...) {
    kReactorLog.failure(Failure(), "Unhandled error in an I/O handler");
  }
  reactor.mailbox_.awake();
  watchdog.end();
  reactor.time_ = -1;
}

bool Reactor::Impl::runPosted() {
  if (reactor.mailbox_.empty()) return false;
  Mailbox::Batch batch(reactor.mailbox_);
  watchdog.begin("a call from a thread");
  while (!batch.empty()) {
    const std::type_info& type = batch.type();
    try {
      batch.runNext();
    } catch (...) {
      kReactorLog.failure(Failure(), "Unhandled error in a call from a thread");
    }
    watchdog.next([&type] { return &type; });
  }
  reactor.time_ = -1;
  return true;
}

bool Reactor::Impl::runTimers() {
  TimerWheel& wheel = reactor.wheel_;
  if (wheel.nextDue() == TimerWheel::kNever) return false;
  lastTime = reactor.time_ = time();
  wheel.collect(lastTime);
  if (!wheel.hasReady()) return false;
  watchdog.begin("a timed call");
  while (TimerNode* const node = wheel.popReady()) {
    const auto act = node->act;
    try {
      runCall(*node);
    } catch (...) {
      kReactorLog.failure(Failure(), "Unhandled error in a timed call");
    }
    watchdog.next([act] {
      TimerNode any;
      return act(any, TimerNode::Action::Describe);
    });
  }
  reactor.time_ = -1;
  return true;
}

void Reactor::Impl::poll() {
  int handlers = 0;
  while (handlers < kHandlersPerTurn && io.poll_one() > 0) ++handlers;
  if (handlers == 0 && io.stopped()) io.restart();     // a poster's wake() that came late
}

void Reactor::Impl::sleep(std::int64_t due, std::int64_t maxWait) {
  if (maxWait != TimerWheel::kNever) due = std::min(due, reactor.now().count() + maxWait);
  if (due < armedFor) armTimer(due);
  if (!reactor.mailbox_.announceSleep()) return;
  // A poster that finds us asleep stops the io_context: unlike an eventfd of our own, that costs no reads here. run_one() then returns 0.
  if (io.run_one() == 0) io.restart();
}

// Only ever to an earlier time: waking too early costs one turn, and timers that keep being put off (time-outs) would cost a system call for each.
void Reactor::Impl::armTimer(std::int64_t due) {
  armedFor = due;
  timer.expires_at(zero + std::chrono::nanoseconds(due));
  timer.async_wait(timerMemory.keep([this](const asio::error_code& error) {
    if (!error) armedFor = TimerWheel::kNever;
  }));
}

// ---------------------------------------------------------------- system events

void Reactor::Impl::runSteps() {
  watchdog.begin("a system event's trigger");
  if (std::exchange(proceedDue, false)) proceed();
  if (std::exchange(shutdownDue, false)) begin(SystemEvent::Shutdown);
  if (std::exchange(finishDue, false)) {
    if (pool) pool->stop();                            // its last thread has called us: nothing to wait for
    runTriggers(SystemEvent::Shutdown, Phase::After, nullptr);
    over = true;
  }
}

void Reactor::Impl::begin(SystemEvent newEvent) {
  dropHolding();                                       // a startup that still waits gives way to the shutdown
  event = newEvent;
  holding = std::make_shared<Holding>(*this);
  const ShutdownHold own(holding);
  runTriggers(event, Phase::Before, holding);
}

void Reactor::Impl::proceed() {
  dropHolding();
  runTriggers(event, Phase::During, nullptr);
  if (event == SystemEvent::Startup) {
    runTriggers(event, Phase::After, nullptr);
  } else if (pool) {
    pool->stopThen([this, run = runs] {
      reactor.callFromThread([this, run] {
        if (run == runs) finishDue = true;
      });
    });
  } else {
    finishDue = true;
  }
}

void Reactor::Impl::runTriggers(SystemEvent of, Phase phase, const std::shared_ptr<Holding>& phaseHolds) {
  TriggerList& list = triggers(of, phase);
  while (!list.empty()) {
    Trigger trigger = std::move(list.front());
    list.pop_front();
    try {
      trigger.function(ShutdownHold(phaseHolds));
    } catch (...) {
      kReactorLog.failure(Failure(), "Unhandled error in a trigger of ", of == SystemEvent::Startup ? "startup" : "shutdown");
    }
  }
}

void Reactor::Impl::watchSignals() {
  signals->async_wait([this](const asio::error_code& error, int number) {
    if (error) return;
    detail::eventDispatched(reactor, "a signal handler");
    watchSignals();
    gotSignal(number);
  });
}

void Reactor::Impl::gotSignal(int number) {
  lastSignal = number;
  if (signalHandler) {
    try {
      signalHandler(number);
    } catch (...) {
      kReactorLog.failure(Failure(), "Unhandled error in the handler of signal ", number);
    }
  } else if (running && !stopping) {
    kReactorLog.info("received signal ", number, ": shutting down", field("signal", number));
    reactor.stop();
  }
}

// ---------------------------------------------------------------- the public face

Reactor::Reactor() : impl_(std::make_unique<Impl>(*this)) {}

Reactor::~Reactor() {
  impl_->pool.reset();                                 // its threads may still post
  time_ = readTime();
  dropCalls();
  while (!mailbox_.empty()) const Mailbox::Batch dropped(mailbox_);
  impl_->dropHolding();
  impl_.reset();
}

Reactor* Reactor::current() noexcept { return currentReactor; }

namespace {

// What is true of the thread while a reactor runs on it.
class InLoop {
 public:
  InLoop(Reactor& reactor, bool& inLoop) : inLoop_(inLoop) {
    if (inLoop) throw ReactorAlreadyRunning("this reactor is running already");
    if (currentReactor) throw ReactorAlreadyRunning("another reactor is running on this thread");
    inLoop_ = true;
    currentReactor = &reactor;
    detail::loopLink.looping = true;
    detail::loopLink.budget = detail::LoopLink::kBudget;
  }
  InLoop(const InLoop&) = delete;
  InLoop& operator=(const InLoop&) = delete;
  ~InLoop() {
    detail::loopLink.looping = false;
    detail::loopLink.budget = std::numeric_limits<int>::max();
    currentReactor = nullptr;
    inLoop_ = false;
  }

 private:
  bool& inLoop_;
};

void ignoreSigpipe() noexcept {
  struct sigaction action {};
  if (sigaction(SIGPIPE, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace

void Reactor::run(bool installSignalHandlers) {
  Impl& impl = *impl_;
  const InLoop inLoop(*this, impl.inLoop);
  struct End {
    Impl& impl;
    ~End() {
      impl.running = impl.stopping = impl.over = false;
      impl.proceedDue = impl.shutdownDue = impl.finishDue = false;
      impl.dropHolding();
      impl.signals.reset();
      impl.reactor.time_ = -1;
    }
  } const end{impl};

  impl.running = true;
  ++impl.runs;
  impl.lastSignal = 0;
  if (installSignalHandlers) {
    ignoreSigpipe();
    impl.signals.emplace(impl.io, SIGINT, SIGTERM);
    impl.watchSignals();
  }
  if (impl.pool) {
    if (impl.pool->stopping()) impl.pool->stop();      // a shutdown was cut short by crash()
    impl.pool->start();
  }
  impl.begin(SystemEvent::Startup);
  impl.runSteps();
  while (!impl.over) impl.turn(TimerWheel::kNever);
}

void Reactor::iterate(Delay delay) {
  Impl& impl = *impl_;
  const InLoop inLoop(*this, impl.inLoop);
  impl.turn(delay.value().count());
  impl.over = false;
}

void Reactor::stop() {
  if (!impl_->running) throw ReactorNotRunning("stop() of a reactor that is not running");
  if (impl_->stopping) throw ReactorNotRunning("stop() of a reactor that is stopping already");
  impl_->stopping = true;
  impl_->shutdownDue = true;
}

void Reactor::crash() noexcept {
  if (impl_->running) impl_->over = true;
}

bool Reactor::running() const noexcept { return impl_->running; }

void Reactor::callWhenRunning(UniqueFunction<void()> function) {
  if (!impl_->running) {
    addSystemEventTrigger(Phase::After, SystemEvent::Startup, std::move(function));
    return;
  }
  try {
    function();
  } catch (...) {
    kReactorLog.failure(Failure(), "Unhandled error in callWhenRunning");
  }
}

void Reactor::wake() noexcept {
  if (impl_) impl_->io.stop();
}

Reactor::SystemEventTrigger Reactor::addTrigger(Phase phase, SystemEvent event, UniqueFunction<void(ShutdownHold)> function) {
  const std::uint64_t id = ++impl_->lastTrigger;
  impl_->triggers(event, phase).push_back({id, std::move(function)});
  return SystemEventTrigger(id);
}

bool Reactor::removeSystemEventTrigger(SystemEventTrigger trigger) noexcept {
  for (auto& phases : impl_->lists) {
    for (Impl::TriggerList& list : phases) {
      for (auto at = list.begin(); at != list.end(); ++at) {
        if (at->id != trigger.id_) continue;
        const Impl::Trigger removed = std::move(*at);  // destroyed when the list is in order again
        list.erase(at);
        return true;
      }
    }
  }
  return false;
}

void Reactor::onSignal(UniqueFunction<void(int)> handler) { impl_->signalHandler = std::move(handler); }

int Reactor::lastSignal() const noexcept { return impl_->lastSignal; }

ThreadPool& Reactor::threadPool() {
  if (!impl_->pool) {
    impl_->pool = std::make_unique<ThreadPool>(0, impl_->poolSize, "reactor");
    if (impl_->running) impl_->pool->start();
  }
  return *impl_->pool;
}

void Reactor::suggestThreadPoolSize(std::size_t threads) {
  if (impl_->pool) impl_->pool->adjustPoolSize(0, threads);
  else ThreadPool(0, threads);                         // the same check
  impl_->poolSize = threads;
}

void Reactor::warnWhenBlockedFor(Delay limit) noexcept { impl_->watchdog.limit(limit.value().count()); }

std::int64_t Reactor::readTime() const noexcept {
  const std::int64_t time = impl_ ? impl_->time() : 0;
  if (impl_ && impl_->inLoop) time_ = time;
  return time;
}

// ---------------------------------------------------------------- for net

namespace detail {

struct IoContextAccess {
  static asio::io_context& ioContext(Reactor& reactor) noexcept { return reactor.impl_->io; }
  static void eventDispatched(Reactor& reactor, const char* what) noexcept {
    reactor.time_ = -1;
    reactor.mailbox_.awake();
    reactor.impl_->watchdog.begin(what);
  }
};

asio::io_context& ioContext(Reactor& reactor) noexcept { return IoContextAccess::ioContext(reactor); }
void eventDispatched(Reactor& reactor, const char* what) noexcept { IoContextAccess::eventDispatched(reactor, what); }

}  // namespace detail
}  // namespace weft
