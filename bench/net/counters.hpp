// What a server process does, counted where the measuring process can read it.
#pragma once

#include <atomic>

namespace bench {

/// System calls that servers make per message, and calls of operator new. Lies in memory that a forked server shares with its parent.
struct Counters {
  std::atomic<long> calls;
  std::atomic<long> allocations;

  /// Zeros, in memory that processes forked from now on share with this one.
  static Counters& shared();
  /// From now on this process counts in `counters`.
  static void countIn(Counters& counters) noexcept;
};

}  // namespace bench
