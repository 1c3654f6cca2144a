// A hash of names that a page cannot aim at: its seed differs from run to run.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weft::html::internal {

constexpr std::uint64_t mixed(std::uint64_t x) noexcept {  // the finisher of splitmix64
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

inline std::uint64_t hashSeed() noexcept {
  static const std::uint64_t seed =
      mixed(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
            reinterpret_cast<std::uintptr_t>(&hashSeed));
  return seed;
}

inline std::uint64_t hashOf(std::string_view text) noexcept {
  std::uint64_t hash = hashSeed() ^ text.size();
  while (text.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), 8);
    hash = mixed(hash ^ word);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  return mixed(hash ^ word);
}

}  // namespace weft::html::internal
