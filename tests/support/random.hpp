// Random: the same numbers for the same seed, on every machine.
#pragma once

#include <cstdint>

namespace weft::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 7919) {}
  std::uint64_t operator()(std::uint64_t below) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % below;
  }

 private:
  std::uint64_t state_;
};

}  // namespace weft::test
