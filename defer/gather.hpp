// Waiting for many: gatherResults, DeferredList, race.
#pragma once

#include <weft/defer/deferred.hpp>

#include <cstddef>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace weft {

/// One of several failed; the others go on running. From gatherResults, and DeferredList with fireOnOneErrback.
class FirstError : public DeferError {
 public:
  FirstError(std::size_t index, Failure failure);
  std::size_t index;                                   // which of the inputs
  Failure subFailure;                                  // what it failed with
};

/// All of them failed, from race and DeferredList with fireOnOneCallback. Also when there was none at all (Twisted never fires then; we do not hang).
class FailureGroup : public DeferError {
 public:
  explicit FailureGroup(std::vector<Failure> failures);
  std::vector<Failure> failures;                       // in the order of the inputs
};

/// An input's position and its value.
template <class T> struct Indexed {
  Indexed(std::size_t index, Stored<T> value) : index(index), value(std::move(value)) {}
  std::size_t index;
  Stored<T> value;
};

/// Says that a DeferredList fires with the first result that comes.
struct FireOnOneCallback { explicit FireOnOneCallback() = default; };
/// Says that a DeferredList fails with the first failure that comes.
struct FireOnOneErrback { explicit FireOnOneErrback() = default; };
inline constexpr FireOnOneCallback fireOnOneCallback{};
inline constexpr FireOnOneErrback fireOnOneErrback{};

namespace detail {

// The inputs stay in their own cells until all are in: nothing is stored twice. `Self` says what a failure means, and how the result is made.
template <class R, class Self> class GatherCell : public Cell<R>, public Pooled {
 public:
  struct Slot final : Waiter {
    CellBase* fired(CellBase&) noexcept override { return gather->inputFired(index); }
    GatherCell* gather = nullptr;
    CellBase* cell = nullptr;
    std::size_t index = 0;
  };

  explicit GatherCell(std::source_location made) noexcept : made_(made) {}
  std::source_location where() const noexcept override { return made_; }

  void add(Slot& slot, std::size_t index, CellBase* cell) noexcept {
    slot.gather = this;
    slot.index = index;
    slot.cell = cell;
    if (!cell->ready()) {
      cell->waiter = &slot;
      ++waiting_;
    } else {
      early_ = self().took(index) || early_;
    }
  }
  /// All inputs are added.
  void start() noexcept { oneLess(); }

  CellBase* inputFired(std::size_t index) noexcept {
    early_ = self().took(index) || early_;
    return oneLess();
  }
  /// The result is clear although not all inputs are in.
  bool failWith(Failure failure) noexcept {
    this->setFailure(std::move(failure));
    return true;
  }
  CellBase* cancelStep() noexcept override {
    if (!this->pending()) return nullptr;
    ++waiting_;                                        // stay alive while inputs fire
    cancelInputs();
    if (CellBase* cell = oneLess()) turn.fire(cell);
    return nullptr;
  }
  void cancelInputs() noexcept {
    for (std::size_t i = 0; i < self().count(); ++i) {
      CellBase* cell = self().slot(i).cell;
      if (cell && cell->pending()) cancelCell(cell);
    }
  }

 protected:
  ~GatherCell() = default;

 private:
  Self& self() noexcept { return static_cast<Self&>(*this); }
  CellBase* oneLess() noexcept {
    if (--waiting_ > 0) return std::exchange(early_, false) ? this->finish() : nullptr;
    bool fires = std::exchange(early_, false);
    if (this->pending()) {
      try {
        self().collect();
      } catch (...) {
        this->setFailure(Failure());
      }
      fires = true;
    }
    for (std::size_t i = 0; i < self().count(); ++i) self().slot(i).cell->releaseConsumer();
    this->releaseProducer();
    if (fires) return this->finish();
    if (!this->ends) this->dispose();
    return nullptr;
  }

  std::source_location made_;
  std::size_t waiting_ = 1;                            // inputs to come, and one for start()
  bool early_ = false;                                 // the result was set and its consumer has not been told
};

// One that was given away counts as failed.
template <class T> Cell<T>* inputOf(Deferred<T>& input) {
  try {
    return input.takeConsumer();
  } catch (...) {
    return fail<T>(Failure()).takeConsumer();
  }
}

// A vector of inputs, by what their ends mean.
template <class T, class R, class Self> class GatherMany : public GatherCell<R, Self> {
 public:
  using Slot = typename GatherCell<R, Self>::Slot;
  using value_type = R;
  GatherMany(std::size_t count, bool consumeErrors, std::source_location made)
      : GatherCell<R, Self>(made), count_(count), slots_(new Slot[count]), consumeErrors_(consumeErrors) {}
  void addAll(std::vector<Deferred<T>> inputs) {
    for (std::size_t i = 0; i < count_; ++i) this->add(slots_[i], i, inputOf(inputs[i]));
  }
  std::size_t count() const noexcept { return count_; }
  Slot& slot(std::size_t i) noexcept { return slots_[i]; }
  Cell<T>& input(std::size_t i) noexcept { return static_cast<Cell<T>&>(*slots_[i].cell); }

 protected:
  ~GatherMany() = default;
  std::size_t count_;
  std::unique_ptr<Slot[]> slots_;
  bool consumeErrors_;
};

template <class T> class GatherResults final : public GatherMany<T, std::vector<Stored<T>>, GatherResults<T>> {
 public:
  using GatherMany<T, std::vector<Stored<T>>, GatherResults<T>>::GatherMany;
  void dispose() noexcept override { delete this; }
  bool took(std::size_t i) noexcept {
    if (!this->input(i).failed()) return false;
    if (this->pending()) return this->failWith(FirstError(i, this->input(i).failure()));
    if (!this->consumeErrors_) this->input(i).report();
    return false;
  }
  void collect() {
    std::vector<Stored<T>> results;
    results.reserve(this->count_);
    for (std::size_t i = 0; i < this->count_; ++i) results.push_back(std::move(this->input(i).value()));
    this->setValue(std::move(results));
  }
};

template <class T, bool kFirstErrorFires> class GatherOutcomes final : public GatherMany<T, std::vector<Outcome<T>>, GatherOutcomes<T, kFirstErrorFires>> {
 public:
  using GatherMany<T, std::vector<Outcome<T>>, GatherOutcomes<T, kFirstErrorFires>>::GatherMany;
  void dispose() noexcept override { delete this; }
  bool took(std::size_t i) noexcept {
    if (!this->input(i).failed()) return false;
    if (kFirstErrorFires && this->pending()) return this->failWith(FirstError(i, this->input(i).failure()));
    if (this->called() && !this->consumeErrors_) this->input(i).report();    // too late to be told in the list
    return false;
  }
  void collect() {
    std::vector<Outcome<T>> outcomes;
    outcomes.reserve(this->count_);
    for (std::size_t i = 0; i < this->count_; ++i) outcomes.push_back(this->input(i).takeOutcome());
    this->setValue(std::move(outcomes));
  }
};

template <class T, bool kCancelLosers> class GatherFirst final : public GatherMany<T, Indexed<T>, GatherFirst<T, kCancelLosers>> {
 public:
  using GatherMany<T, Indexed<T>, GatherFirst<T, kCancelLosers>>::GatherMany;
  void dispose() noexcept override { delete this; }
  bool took(std::size_t i) noexcept {
    if (this->called()) {
      if (this->input(i).failed() && !this->consumeErrors_) this->input(i).report();
      return false;
    }
    if (this->input(i).failed()) return false;
    try {
      this->setValue(i, std::move(this->input(i).value()));
    } catch (...) {
      this->setFailure(Failure());
    }
    if (kCancelLosers) this->cancelInputs();
    return true;
  }
  void addAll(std::vector<Deferred<T>> inputs) {
    GatherMany<T, Indexed<T>, GatherFirst<T, kCancelLosers>>::addAll(std::move(inputs));
    if (kCancelLosers && this->called()) this->cancelInputs();     // won by one that had fired: those added after it are not cancelled yet
  }
  void collect() {
    std::vector<Failure> failures;
    failures.reserve(this->count_);
    for (std::size_t i = 0; i < this->count_; ++i) failures.push_back(std::move(this->input(i).failure()));
    this->setFailure(FailureGroup(std::move(failures)));
  }
};

template <class... Ts> class GatherTuple final : public GatherCell<std::tuple<Stored<Ts>...>, GatherTuple<Ts...>> {
 public:
  using Base = GatherCell<std::tuple<Stored<Ts>...>, GatherTuple<Ts...>>;
  explicit GatherTuple(Deferred<Ts>&&... inputs) : Base(std::source_location()) {
    std::size_t i = 0;
    ((this->add(slots_[i], i, inputOf(inputs)), ++i), ...);
  }
  void dispose() noexcept override { delete this; }
  std::size_t count() const noexcept { return sizeof...(Ts); }
  typename Base::Slot& slot(std::size_t i) noexcept { return slots_[i]; }
  bool took(std::size_t i) noexcept {
    if (!slots_[i].cell->failed()) return false;
    if (this->pending()) return this->failWith(FirstError(i, failureOf(i, std::index_sequence_for<Ts...>())));
    slots_[i].cell->report();
    return false;
  }
  void collect() { collect(std::index_sequence_for<Ts...>()); }

 private:
  template <std::size_t I> auto& input() noexcept { return static_cast<Cell<std::tuple_element_t<I, std::tuple<Ts...>>>&>(*slots_[I].cell); }
  template <std::size_t... I> Failure failureOf(std::size_t i, std::index_sequence<I...>) noexcept {
    const Failure* failure = nullptr;
    ((I == i ? void(failure = &input<I>().failure()) : void()), ...);
    return *failure;
  }
  template <std::size_t... I> void collect(std::index_sequence<I...>) { this->setValue(std::move(input<I>().value())...); }

  typename Base::Slot slots_[sizeof...(Ts)];
};

template <class G, class T> auto gatherMany(std::vector<Deferred<T>> inputs, bool consumeErrors, std::source_location made) {
  auto* gather = new G(inputs.size(), consumeErrors, made);
  Deferred<typename G::value_type> deferred(gather);
  gather->addAll(std::move(inputs));
  gather->start();
  return deferred;
}

}  // namespace detail

/// Fires with all values, in the order given, when the last is there; or, at once, with FirstError when one fails (the others go on running; their later errors are
/// reported unless `consumeErrors`). Inputs that have fired count at once, one whose result was given away counts as failed with AlreadyChainedError; an empty list fires at once. cancel() cancels every input.
template <class T>
Deferred<std::vector<Stored<T>>> gatherResults(std::vector<Deferred<T>> inputs, bool consumeErrors = false,
                                               std::source_location made = std::source_location::current()) {
  return detail::gatherMany<detail::GatherResults<T>>(std::move(inputs), consumeErrors, made);
}
/// The same for Deferreds of different types; void gives a Unit: `auto [page, robots] = co_await gatherResults(get(a), get(b));`
template <class... Ts>
  requires(sizeof...(Ts) > 0)
Deferred<std::tuple<Stored<Ts>...>> gatherResults(Deferred<Ts>... inputs) {
  auto* gather = new detail::GatherTuple<Ts...>(std::move(inputs)...);
  Deferred<std::tuple<Stored<Ts>...>> deferred(gather);
  gather->start();
  return deferred;
}

/// Fires with an Outcome for each input, in the order given, when the last is there; never fails. (A failure in the list counts as handled.)
template <class T>
Deferred<std::vector<Outcome<T>>> DeferredList(std::vector<Deferred<T>> inputs, std::source_location made = std::source_location::current()) {
  return detail::gatherMany<detail::GatherOutcomes<T, false>>(std::move(inputs), false, made);
}
/// Fires at once with FirstError when one fails; the others go on running.
template <class T>
Deferred<std::vector<Outcome<T>>> DeferredList(std::vector<Deferred<T>> inputs, FireOnOneErrback, bool consumeErrors = false,
                                               std::source_location made = std::source_location::current()) {
  return detail::gatherMany<detail::GatherOutcomes<T, true>>(std::move(inputs), consumeErrors, made);
}
/// Fires with the first value and its index; the others go on running. All failed: FailureGroup.
template <class T>
Deferred<Indexed<T>> DeferredList(std::vector<Deferred<T>> inputs, FireOnOneCallback, bool consumeErrors = false,
                                  std::source_location made = std::source_location::current()) {
  return detail::gatherMany<detail::GatherFirst<T, false>>(std::move(inputs), consumeErrors, made);
}

/// Fires with the first value and its index, and cancels the others, whose late results and errors are ignored. All failed: FailureGroup. cancel() cancels all.
template <class T> Deferred<Indexed<T>> race(std::vector<Deferred<T>> inputs, std::source_location made = std::source_location::current()) {
  return detail::gatherMany<detail::GatherFirst<T, true>>(std::move(inputs), true, made);
}

}  // namespace weft
