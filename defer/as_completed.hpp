// asCompleted: each result as it comes.
#pragma once

#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred_queue.hpp>

#include <memory>
#include <vector>

namespace weft {

/// An input of asCompleted that has come in.
template <class T> class Arrived {
 public:
  Arrived(std::size_t index, Outcome<T> outcome) : index(index), outcome(std::move(outcome)) {}
  /// Its value; throws what it failed with.
  Stored<T>& value() { return outcome.value(); }
  std::size_t index;                                   // its place among the inputs
  Outcome<T> outcome;
};

namespace detail {

// The inputs that are still out: cancelled when the generator goes first. What they deliver to outlives it.
template <class T> class Arrivals {
 public:
  Arrivals(Arrivals&&) noexcept = default;
  explicit Arrivals(std::vector<Deferred<T>> inputs) : queue_(std::make_shared<DeferredQueue<Arrived<T>>>()) {
    waits_.reserve(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i)
      waits_.push_back(inputs[i].addBoth([queue = queue_, i](Outcome<T> outcome) { queue->put(Arrived<T>(i, std::move(outcome))); }));
  }
  ~Arrivals() {
    for (Deferred<>& wait : waits_) wait.cancel();
  }
  Deferred<Arrived<T>> next() { return queue_->get(); }
  std::size_t count() const noexcept { return waits_.size(); }

 private:
  std::shared_ptr<DeferredQueue<Arrived<T>>> queue_;
  std::vector<Deferred<>> waits_;
};

template <class T> AsyncGenerator<Arrived<T>> yieldArrivals(Arrivals<T> arrivals) {
  for (std::size_t i = 0; i < arrivals.count(); ++i) {
    Arrived<T> arrived = co_await arrivals.next();
    co_yield std::move(arrived);
  }
}

}  // namespace detail

/// Yields every input as it arrives, whatever the order they were asked in, failures among them; what arrives before it is asked waits. Dropped early, it cancels
/// those that are still out.
///
///     auto replies = asCompleted(std::move(requests));
///     while (auto reply = co_await replies.next()) use(reply->index, reply->value());
template <class T> AsyncGenerator<Arrived<T>> asCompleted(std::vector<Deferred<T>> inputs) {
  return detail::yieldArrivals(detail::Arrivals<T>(std::move(inputs)));
}

}  // namespace weft
