// An exception on its way into a generator, to the yield where that stands.
#pragma once

#include <exception>
#include <utility>

namespace weft::detail {

/// Set by who throws into a generator right before it resumes it; the yield takes it at once. One per thread, and not a member of each generator: a yield that has
/// nothing to look up keeps nothing in the frame, which saves a store and a load for each value (m_gen: see docs/performance.md).
inline constinit thread_local std::exception_ptr* thrownInto = nullptr;

[[noreturn, gnu::noinline]] inline void raiseThrownInto() { std::rethrow_exception(std::move(*std::exchange(thrownInto, nullptr))); }

}  // namespace weft::detail
