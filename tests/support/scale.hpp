// How large the large tests are: smaller by a constant where each step costs more time and memory.
#pragma once

#include <cstddef>

namespace weft::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEFT_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define WEFT_TEST_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define WEFT_TEST_THREAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_TEST_THREAD_SANITIZED 1
#endif
#endif

#if defined(WEFT_TEST_SANITIZED)
inline constexpr std::size_t kScale = 20;
#elif defined(__OPTIMIZE__)
inline constexpr std::size_t kScale = 1;
#else
inline constexpr std::size_t kScale = 5;
#endif
/// How many of `all` seeds a simulation runs with. It has one thread, in which the thread sanitizer finds nothing.
constexpr std::size_t seeds(std::size_t all) {
#if defined(WEFT_TEST_THREAD_SANITIZED)
  return all / 20;
#elif defined(WEFT_TEST_SANITIZED)
  return all / 4;
#else
  return all;
#endif
}

inline constexpr std::size_t kMillion = 1'000'000 / kScale;
inline constexpr std::size_t kTenMillion = 10'000'000 / kScale;

}  // namespace weft::test
