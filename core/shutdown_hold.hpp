// ShutdownHold: "not yet", said by a before-trigger.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace weft {

namespace detail {
struct HeldPhase {
  virtual ~HeldPhase() = default;
  virtual void released() noexcept = 0;                // the last hold is gone
  std::size_t holds = 0;
};
}  // namespace detail

/// Given to a trigger of the Before phase: the event goes on to its During phase when every hold is gone. Keep it (move it into the callback that
/// ends the work) for as long as the work takes; dropping it is the signal. A trigger that takes none, or drops it at once, holds up nothing.
/// Belongs to the reactor's thread; may outlive the reactor.
class ShutdownHold {
 public:
  ShutdownHold() noexcept = default;
  explicit ShutdownHold(std::shared_ptr<detail::HeldPhase> phase) noexcept : phase_(std::move(phase)) {
    if (phase_) ++phase_->holds;
  }
  ShutdownHold(ShutdownHold&& other) noexcept = default;
  ShutdownHold& operator=(ShutdownHold&& other) noexcept {
    if (this != &other) {
      release();
      phase_ = std::move(other.phase_);
    }
    return *this;
  }
  ~ShutdownHold() { release(); }

  /// The same as dropping it.
  void release() noexcept {
    if (const auto phase = std::exchange(phase_, nullptr))
      if (--phase->holds == 0) phase->released();
  }

 private:
  std::shared_ptr<detail::HeldPhase> phase_;
};

}  // namespace weft
