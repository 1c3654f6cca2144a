// Reading a Deferred in a test, without a reactor.
#pragma once

#include <weft/defer/deferred.hpp>

#include <string>
#include <utility>

namespace weft {

/// A Deferred was not in the state that a test expected.
class UnexpectedResult : public DeferError {
 public:
  using DeferError::DeferError;
};

/// The value of a Deferred that has fired with one. Throws UnexpectedResult, with what it waits for or the failure's traceback.
template <class T> Stored<T> successResultOf(Deferred<T>& deferred) {
  if (!deferred.called()) throw UnexpectedResult("successResultOf: no result yet\n" + deferred.describe());
  Outcome<T> outcome = deferred.result();
  if (!outcome) throw UnexpectedResult("successResultOf: failed with " + outcome.failure().getTraceback());
  return std::move(*outcome);
}
template <class T> Stored<T> successResultOf(Deferred<T>&& deferred) { return successResultOf(deferred); }

/// The failure of a Deferred that has failed, with one of these errors if some are named. Throws UnexpectedResult.
template <class... E, class T> Failure failureResultOf(Deferred<T>& deferred) {
  if (!deferred.called()) throw UnexpectedResult("failureResultOf: no result yet\n" + deferred.describe());
  Outcome<T> outcome = deferred.result();
  if (outcome) throw UnexpectedResult("failureResultOf: it succeeded");
  if constexpr (sizeof...(E) > 0) {
    if (!outcome.failure().template check<E...>()) throw UnexpectedResult("failureResultOf: another error: " + outcome.failure().getTraceback());
  }
  return std::move(outcome.failure());
}
template <class... E, class T> Failure failureResultOf(Deferred<T>&& deferred) { return failureResultOf<E...>(deferred); }

/// Throws UnexpectedResult if it has fired.
template <class T> void assertNoResult(Deferred<T>& deferred) {
  if (deferred.called()) throw UnexpectedResult("assertNoResult: it has fired; made at " + std::string(deferred.createdAt().file_name()));
}

}  // namespace weft
