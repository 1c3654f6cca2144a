// The firing ends of Deferreds, kept: a Deferred that goes with its firing end is abandoned.
#pragma once

#include <weft/defer/deferred.hpp>

#include <utility>
#include <vector>

namespace weft::test {

template <class T> [[nodiscard]] std::vector<Trigger<T>> takeTriggers(std::vector<Deferred<T>>& deferreds) {
  std::vector<Trigger<T>> triggers;
  for (Deferred<T>& deferred : deferreds) triggers.push_back(deferred.takeTrigger());
  return triggers;
}

/// Makes Deferreds and keeps their firing ends.
template <class T = void> class Pending {
 public:
  Deferred<T> make() { return keep(Deferred<T>()); }
  template <class C> Deferred<T> make(C canceller) { return keep(Deferred<T>(std::move(canceller))); }
  std::vector<Trigger<T>> triggers;

 private:
  Deferred<T> keep(Deferred<T> deferred) {
    triggers.push_back(deferred.takeTrigger());
    return deferred;
  }
};

}  // namespace weft::test
