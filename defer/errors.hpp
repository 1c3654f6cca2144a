// The errors of floor defer.
#pragma once

#include <weft/core/error.hpp>

#include <source_location>

namespace weft {

/// The root of defer's errors.
class DeferError : public Error {
 public:
  using Error::Error;
};

/// The result of a Deferred that was cancelled. It is never reported as unhandled: who cancels, and then lets go, has handled it.
class CancelledError : public DeferError {
 public:
  CancelledError() : DeferError("cancelled") {}
};

/// The result of a Deferred whose Trigger was dropped before it fired: nobody can fire it any more.
class AbandonedError : public DeferError {
 public:
  AbandonedError() : DeferError("the Trigger was dropped before it fired") {}
};

/// A second callback() or errback().
class AlreadyCalledError : public DeferError {
 public:
  /// `made`, `fired`: where, as far as it is known.
  AlreadyCalledError(std::source_location made, std::source_location fired);
};

/// A second consumer for one result: a Deferred gives its result away once. Use SharedDeferred where several need it.
class AlreadyChainedError : public DeferError {
 public:
  AlreadyChainedError() : DeferError("this Deferred's result has already been given away (chained, awaited or moved); use SharedDeferred to share one") {}
};

/// A callback that returned the very Deferred it belongs to, or one that waits for it: it would wait for itself for ever.
class SelfChainedError : public DeferError {
 public:
  explicit SelfChainedError(std::source_location callback);
};

/// result() before there is one.
class NoResultError : public DeferError {
 public:
  explicit NoResultError(std::source_location made);
};

/// addTimeout() ran out.
class TimeoutError : public DeferError {
 public:
  explicit TimeoutError(double seconds);
  double seconds;
};

}  // namespace weft
