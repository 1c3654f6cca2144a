// Reactor: the loop that runs everything of one thread.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/error.hpp>
#include <weft/core/mailbox.hpp>
#include <weft/core/shutdown_hold.hpp>
#include <weft/core/unique_function.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft {

class ThreadPool;

/// run() or iterate() of a reactor that is running, or on a thread where another one is.
class ReactorAlreadyRunning : public CoreError {
 public:
  using CoreError::CoreError;
};

/// stop() of a reactor that is not running, or has been told to stop already.
class ReactorNotRunning : public CoreError {
 public:
  using CoreError::CoreError;
};

enum class SystemEvent : std::uint8_t { Startup, Shutdown };
enum class Phase : std::uint8_t { Before, During, After };

namespace detail {
struct IoContextAccess;
}

/// The event loop: timed calls, calls from other threads, sockets (through floor net), signals, start and end.
///
/// There is no global reactor. A program makes as many as it wants; at any time at most one runs on a thread, and everything that belongs to a reactor is used on
/// the thread that runs it, or before it runs. From other threads only callFromThread() and wake() may be called, and the reactor must outlive those calls.
///
///     Reactor reactor;
///     reactor.callLater(1, [&] { reactor.stop(); });
///     reactor.run();
///
/// An exception that leaves a timed call, a posted call, a trigger or callWhenRunning's function is logged as critical, and everything else goes on.
/// A turn of the loop is: the calls that other threads posted, the timed calls that are due, then sockets. Each of the three gets a batch: what is added meanwhile
/// waits for the next turn. So callLater(0) and functions that post themselves cannot starve the sockets.
class Reactor : public Clock {
 public:
  Reactor();
  ~Reactor() override;

  /// The reactor that runs on this thread, or null.
  static Reactor* current() noexcept;

  /// Runs until stop() or crash(). Can be called again afterwards. With `installSignalHandlers`, SIGINT and SIGTERM stop it (see onSignal()) while it runs, and
  /// SIGPIPE is ignored from then on. Of several reactors in a process only one should install them. Throws ReactorAlreadyRunning.
  void run(bool installSignalHandlers = true);
  /// Fires the Shutdown event from the loop, then lets run() return. Throws ReactorNotRunning, also when it has been called before.
  void stop();
  /// Lets run() return after the current turn, without the Shutdown event. No effect when not running.
  void crash() noexcept;
  /// One turn of the loop, waiting at most `delay` for something to do. Without the Startup and Shutdown events. Throws ReactorAlreadyRunning.
  void iterate(Delay delay = 0);
  /// From the Startup event until run() returns.
  bool running() const noexcept;

  /// Calls `function` when the reactor runs: at once if it does, otherwise when run() has fired the Startup event, in the order of these calls.
  void callWhenRunning(UniqueFunction<void()> function);

  /// Calls `function` on the reactor's thread, in the next turn of the loop. May be called on any thread, at any time in the reactor's life; calls from one thread
  /// run in their order. Costs about 20 ns; a system call only if the loop sleeps. If the reactor is destroyed first, `function` is destroyed with it.
  template <class F>
    requires std::invocable<std::decay_t<F>&>
  void callFromThread(F&& function) {
    if (mailbox_.post(std::forward<F>(function))) wake();
  }
  /// Ends the loop's sleep, on any thread.
  void wake() noexcept;
  /// What addSystemEventTrigger() gives, for removeSystemEventTrigger().
  class SystemEventTrigger {
   public:
    SystemEventTrigger() = default;

   private:
    friend Reactor;
    explicit SystemEventTrigger(std::uint64_t id) : id_(id) {}
    std::uint64_t id_ = 0;
  };

  /// Calls `function` once, when `event` reaches `phase`; triggers of a phase run in the order in which they were added. A trigger of the Before phase may take
  /// a ShutdownHold: the During phase waits until all holds are gone, while the loop goes on. Triggers may be added while the event is going on.
  template <class F>
    requires(std::invocable<std::decay_t<F>&> || std::invocable<std::decay_t<F>&, ShutdownHold>)
  SystemEventTrigger addSystemEventTrigger(Phase phase, SystemEvent event, F&& function) {
    if constexpr (std::invocable<std::decay_t<F>&, ShutdownHold>) {
      return addTrigger(phase, event, UniqueFunction<void(ShutdownHold)>(std::forward<F>(function)));
    } else {
      return addTrigger(phase, event, [f = std::decay_t<F>(std::forward<F>(function))](ShutdownHold) mutable { f(); });
    }
  }
  /// False if it has run or was removed already.
  bool removeSystemEventTrigger(SystemEventTrigger trigger) noexcept;

  /// What a SIGINT or SIGTERM does instead of stop(): `handler` gets each one, the second and third too, in the loop. Without a handler the first signal
  /// stops the reactor and further ones are ignored while it shuts down. An empty function restores that.
  void onSignal(UniqueFunction<void(int signal)> handler);
  /// The last signal since run() began, or 0: for a program that wants to end by the signal that stopped it.
  int lastSignal() const noexcept;

  /// A pool for blocking work, made when first asked for; it starts with the reactor, and the reactor's shutdown waits for its jobs (While it waits the loop
  /// goes on, so a job may wait for the reactor). At most 10 threads unless suggested otherwise.
  ThreadPool& threadPool();
  /// The pool's largest number of threads. Throws std::invalid_argument for 0.
  void suggestThreadPoolSize(std::size_t threads);

  /// A call or handler that takes longer than this is logged as a warning with its time and, where it is known, the callable's type. 100 ms unless set; 0 turns
  /// it off. Costs one look at the kernel's coarse clock per event, so it is exact to about 4 ms.
  void warnWhenBlockedFor(Delay limit) noexcept;

 protected:
  std::int64_t readTime() const noexcept override;

 private:
  friend detail::IoContextAccess;
  struct Impl;

  SystemEventTrigger addTrigger(Phase phase, SystemEvent event, UniqueFunction<void(ShutdownHold)> function);

  Mailbox mailbox_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft
