// DeferredSemaphore and DeferredLock: at most n, and at most one, at a time.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_queue.hpp>

#include <cstddef>
#include <utility>

namespace weft {

/// Hands out a limited number of permits, first come first served.
///
///     DeferredSemaphore connections(8);
///     Deferred<> fetch() {
///       auto permit = co_await connections.acquire();      // given back at the end of the scope, also on an exception
///       …
///     }
///
/// A permit that is given back goes straight to the oldest who waits (whose callbacks run before release() returns, or after the running callback). A permit whose
/// Deferred was dropped or cancelled is not lost. A million may wait: hand-over neither recurses nor starves the reactor. The semaphore must outlive its permits.
class DeferredSemaphore {
 public:
  /// One of the places. Gives it back when it is destroyed, or earlier by release().
  class [[nodiscard]] Permit {
   public:
    Permit() noexcept = default;
    Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      if (this != &other) {
        release();
        semaphore_ = std::exchange(other.semaphore_, nullptr);
      }
      return *this;
    }
    ~Permit() { release(); }
    void release() noexcept {
      if (auto* semaphore = std::exchange(semaphore_, nullptr)) semaphore->giveBack();
    }
    explicit operator bool() const noexcept { return semaphore_ != nullptr; }

   private:
    friend DeferredSemaphore;
    explicit Permit(DeferredSemaphore* semaphore) noexcept : semaphore_(semaphore) {}
    DeferredSemaphore* semaphore_ = nullptr;
  };

  /// Throws std::invalid_argument for 0.
  explicit DeferredSemaphore(std::size_t tokens);
  DeferredSemaphore(const DeferredSemaphore&) = delete;
  DeferredSemaphore& operator=(const DeferredSemaphore&) = delete;
  /// Those who wait fail with AbandonedError.
  ~DeferredSemaphore();

  /// A permit, when there is one. Cancelled while it waits: CancelledError, and out of the queue. Cancelled when granted: no effect.
  Deferred<Permit> acquire(std::source_location made = std::source_location::current());

  /// Calls f with a permit held, until the Deferred that it returns has fired; gives what f gives. Cancelled while it waits, f never runs; cancelled while f runs, f's Deferred
  /// is cancelled. The arguments are kept until then.
  template <class F, class... A> auto run(F f, A... arguments) -> Deferred<detail::FlatT<std::invoke_result_t<F&, A...>>> {
    Permit permit = co_await acquire();
    auto running = maybeDeferred(f, std::move(arguments)...);
    co_return co_await running;
  }

  /// Permits that are free, and permits in all.
  std::size_t tokens() const noexcept { return tokens_; }
  std::size_t limit() const noexcept { return limit_; }
  std::size_t waiting() const noexcept { return waiters_.count; }

 private:
  void giveBack() noexcept;

  std::size_t tokens_, limit_;
  detail::WaitList waiters_;
};

/// One at a time: a DeferredSemaphore of one.
class DeferredLock {
 public:
  using Permit = DeferredSemaphore::Permit;
  Deferred<Permit> acquire(std::source_location made = std::source_location::current()) { return semaphore_.acquire(made); }
  template <class F, class... A> auto run(F f, A... arguments) { return semaphore_.run(std::move(f), std::move(arguments)...); }
  bool locked() const noexcept { return semaphore_.tokens() == 0; }
  std::size_t waiting() const noexcept { return semaphore_.waiting(); }

 private:
  DeferredSemaphore semaphore_{1};
};

}  // namespace weft
