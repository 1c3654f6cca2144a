// SharedDeferred: one result for many.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/defer/deferred_queue.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace weft {

/// Lets any number of consumers have a Deferred's result: each get() gives a Deferred of its own, with a copy of the value or the failure. Copies of the SharedDeferred
/// share it. For what many wait for at once: a look-up in DNS, a robots.txt, a cache being filled.
///
///     SharedDeferred<Address> address(resolver.lookup(name));
///     auto a = address.get(), b = address.get();
///
/// Cancelling one of them hurts no other; when the last one that waits is cancelled, the source is. A failure that at least one
/// consumer got is theirs to handle; one that nobody got is reported when the last SharedDeferred goes. Without any that waits, that also cancels the source.
template <class T> class SharedDeferred {
 public:
  explicit SharedDeferred(Deferred<T> source) : state_(std::make_shared<State>()) {
    state_->made = source.createdAt();
    state_->source = source.addBoth([weak = std::weak_ptr<State>(state_)](Outcome<T> outcome) -> Outcome<> {
      const auto state = weak.lock();
      if (!state) {                                    // nobody shares it any more
        if (!outcome) return std::move(outcome.failure());
        return Unit{};
      }
      state->settle(std::move(outcome));
      return Unit{};
    });
  }

  /// Fires with the result; at once, if it is there.
  Deferred<T> get(std::source_location made = std::source_location::current()) {
    if (state_->outcome) {
      if (!*state_->outcome) {
        state_->told = true;
        return fail<T>(state_->outcome->failure(), made);
      }
      if constexpr (std::is_void_v<T>) return succeed(made);
      else return succeed(T(**state_->outcome), made);
    }
    auto* cell = new Wait(state_, made);
    state_->waiters.push(cell);
    return Deferred<T>(cell);
  }
  bool called() const noexcept { return state_->outcome.has_value(); }

 private:
  struct State;
  struct Wait final : detail::Cell<T>, detail::WaitNode, detail::Pooled {
    Wait(std::shared_ptr<State> state, std::source_location made) : state(std::move(state)), made(made) {}
    void dispose() noexcept override { delete this; }
    std::source_location where() const noexcept override { return made; }
    detail::CellBase* cancelStep() noexcept override {
      if (!this->pending()) return nullptr;
      const auto keep = state;
      this->unlink();
      this->releaseProducer();
      this->setFailure(CancelledError());
      this->fire();
      keep->cancelIfUnwanted();
      return nullptr;
    }
    std::shared_ptr<State> state;
    std::source_location made;
  };
  struct State {
    ~State() {
      source.cancel();
      if (outcome && !*outcome && !told) detail::reportUnhandled(outcome->failure(), made);
    }
    void settle(Outcome<T>&& result) {
      outcome.emplace(std::move(result));
      while (waiters.head) {
        auto* cell = static_cast<Wait*>(waiters.head);
        cell->unlink();
        cell->releaseProducer();
        if (!cell->ends) {
          cell->dispose();
          continue;
        }
        if (*outcome) {
          try {
            cell->setValue(Stored<T>(**outcome));
          } catch (...) {
            cell->setFailure(Failure());
          }
        } else {
          told = true;
          cell->setFailure(Failure(outcome->failure()));
        }
        cell->fire();
      }
    }
    void cancelIfUnwanted() {
      for (detail::WaitNode* node = waiters.head; node; node = node->next)
        if (static_cast<Wait*>(node)->ends & detail::CellBase::kConsumer) return;
      if (!outcome) source.cancel();
    }
    Deferred<> source{nullptr};
    std::optional<Outcome<T>> outcome;
    std::source_location made;
    bool told = false;                                 // somebody got the failure
    detail::WaitList waiters;
  };
  std::shared_ptr<State> state_;
};

}  // namespace weft
