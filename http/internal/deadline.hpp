// When a limit of time ends, on a Clock whose times are nanoseconds.
#pragma once

#include <weft/core/clock.hpp>

#include <chrono>

namespace weft::http::detail {

inline constexpr auto kNever = std::chrono::nanoseconds::max();

/// A delay that is too long for the clock ends never.
inline std::chrono::nanoseconds later(std::chrono::nanoseconds from, Delay delay) noexcept {
  return delay.value() > kNever - from ? kNever : from + delay.value();
}

}  // namespace weft::http::detail
