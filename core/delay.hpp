// Delay: how long from now.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace weft {

namespace detail {
[[noreturn]] void throwBadDelay(double seconds);      // std::invalid_argument that names the value
}

/// A span of time from now on, as every function here that waits takes it: a number of seconds (`0.5`, `3`) or any std::chrono duration (`500ms`).
/// Kept in nanoseconds, rounded to the nearest one. Throws std::invalid_argument when negative or NaN; whatever exceeds 146 years (infinity too) is 146 years.
class Delay {
 public:
  static constexpr std::int64_t kMaxNanoseconds = std::numeric_limits<std::int64_t>::max() / 2;

  template <class T>
    requires std::is_arithmetic_v<T>
  constexpr Delay(T seconds) : nanoseconds_(fromSeconds(seconds)) {}
  template <class Rep, class Period>
  constexpr Delay(std::chrono::duration<Rep, Period> duration) : nanoseconds_(fromDuration(duration)) {}

  constexpr std::chrono::nanoseconds value() const noexcept { return std::chrono::nanoseconds(nanoseconds_); }
  constexpr double seconds() const noexcept { return static_cast<double>(nanoseconds_) / 1e9; }
  constexpr bool operator==(const Delay&) const noexcept = default;
  constexpr auto operator<=>(const Delay&) const noexcept = default;

 private:
  template <class T> static constexpr std::int64_t fromSeconds(T seconds) {
    if constexpr (std::is_integral_v<T>) {
      if (std::cmp_less(seconds, 0)) detail::throwBadDelay(static_cast<double>(seconds));
      if (std::cmp_greater(seconds, kMaxNanoseconds / 1'000'000'000)) return kMaxNanoseconds;
      return static_cast<std::int64_t>(seconds) * 1'000'000'000;
    } else {
      const auto value = static_cast<double>(seconds);
      if (!(value >= 0)) detail::throwBadDelay(value);
      if (value >= static_cast<double>(kMaxNanoseconds) * 1e-9) return kMaxNanoseconds;
      return static_cast<std::int64_t>(value * 1e9 + 0.5);
    }
  }
  template <class Rep, class Period>
  static constexpr std::int64_t fromDuration(std::chrono::duration<Rep, Period> duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    if constexpr (std::is_floating_point_v<Rep>) {
      return fromSeconds(seconds);
    } else {
      if (duration < duration.zero()) detail::throwBadDelay(seconds);
      if (seconds >= static_cast<double>(kMaxNanoseconds) * 1e-9) return kMaxNanoseconds;
      return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
    }
  }

  std::int64_t nanoseconds_;
};

}  // namespace weft
