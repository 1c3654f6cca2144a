// How often this program has asked the heap.
#pragma once

#include <cstdint>

namespace weft::test {

/// Calls of `operator new` on this thread so far (with the thread sanitizer, all blocks of the heap). A program that wants it lists support/allocations.cpp among its sources.
std::uint64_t allocations() noexcept;

}  // namespace weft::test
