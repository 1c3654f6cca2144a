#include <weft/defer/deferred_semaphore.hpp>

#include <stdexcept>

namespace weft {

DeferredSemaphore::DeferredSemaphore(std::size_t tokens) : tokens_(tokens), limit_(tokens) {
  if (!tokens) throw std::invalid_argument("DeferredSemaphore: needs at least one token, got 0");
}

DeferredSemaphore::~DeferredSemaphore() {
  while (auto* cell = detail::takeWaiting<Permit>(waiters_)) {
    cell->setFailure(AbandonedError());
    cell->fire();
  }
}

Deferred<DeferredSemaphore::Permit> DeferredSemaphore::acquire(std::source_location made) {
  if (tokens_) {
    --tokens_;
    return succeed(Permit(this), made);
  }
  auto* cell = new detail::WaitCell<Permit>(made);
  waiters_.push(cell);
  return Deferred<Permit>(cell);
}

void DeferredSemaphore::giveBack() noexcept {
  if (auto* cell = detail::takeWaiting<Permit>(waiters_)) {
    cell->setValue(Permit(this));
    cell->fire();
  } else {
    ++tokens_;
  }
}

}  // namespace weft
