#include <weft/http/websocket/internal/mask.hpp>

#include <weft/net/digest.hpp>

#include <array>
#include <cstring>
#include <string>

namespace weft::http::detail {

std::uint32_t newMaskKey() {
  // Many at once: a call of OpenSSL's generator costs as much as a small message.
  constexpr std::size_t kKeys = 256;
  static thread_local std::array<std::uint32_t, kKeys> keys;
  static thread_local std::size_t left = 0;
  if (left == 0) {
    const std::string bytes = net::randomBytes(sizeof keys);
    std::memcpy(keys.data(), bytes.data(), sizeof keys);
    left = kKeys;
  }
  return keys[--left];
}

std::uint32_t applyMask(char* data, std::size_t size, std::uint32_t key) noexcept {
  std::array<char, 8> pattern;
  std::memcpy(pattern.data(), &key, 4);
  std::memcpy(pattern.data() + 4, &key, 4);
  std::uint64_t wide;
  std::memcpy(&wide, pattern.data(), 8);
  for (; size >= 32; data += 32, size -= 32) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), data, 32);
    for (std::uint64_t& word : words) word ^= wide;
    std::memcpy(data, words.data(), 32);
  }
  for (; size >= 8; data += 8, size -= 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    word ^= wide;
    std::memcpy(data, &word, 8);
  }
  for (std::size_t at = 0; at < size; ++at) data[at] = static_cast<char>(data[at] ^ pattern[at]);
  std::memcpy(&key, pattern.data() + size % 4, 4);
  return key;
}

}  // namespace weft::http::detail
