#include <weft/crawler/fingerprint.hpp>

#include <weft/crawler/canonical_url.hpp>

#include <bit>
#include <cstring>
#include <utility>

namespace weft::crawler {

namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t read64(const char* p) noexcept {
  std::uint64_t value;
  std::memcpy(&value, p, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

// Both halves of the product, folded: every bit of a and b reaches every bit of the result.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Odd, half of their bits set, from the digits of pi.
constexpr std::uint64_t kSecret[] = {0x243F6A8885A308D3, 0x13198A2E03707345, 0xA4093822299F31D1, 0x082EFA98EC4E6C89,
                                     0x452821E638D01377, 0xBE5466CF34E90C6D, 0xC0AC29B7C97C50DD, 0x3F84D5B5B5470917};

}  // namespace

Fingerprint hash128(std::string_view bytes, std::uint64_t seed) noexcept {
  std::uint64_t first = seed ^ kSecret[0], second = seed ^ kSecret[1];
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  while (left >= 16) {
    const std::uint64_t a = read64(p), b = read64(p + 8);
    first = fold(a ^ first ^ kSecret[2], b ^ kSecret[3]);
    second = fold(a ^ kSecret[4], b ^ second ^ kSecret[5]);
    p += 16;
    left -= 16;
  }
  char tail[16] = {};
  if (left) std::memcpy(tail, p, left);                // the length, folded in below, tells "a" from "a\0"
  const std::uint64_t a = read64(tail), b = read64(tail + 8);
  first = fold(a ^ first ^ kSecret[2], b ^ kSecret[6]);
  second = fold(a ^ kSecret[7], b ^ second ^ kSecret[5]);
  Fingerprint result;
  result.high = fold(first ^ bytes.size(), kSecret[3] ^ second);
  result.low = fold(second + kSecret[6], first ^ kSecret[7] ^ bytes.size());
  return result;
}

Fingerprint fingerprint(const http::Url& url) {
  if (isPlainlyCanonical(url)) [[likely]] return hash128(url.withoutFragment());
  return hash128(canonicalUrl(url));
}

Fingerprint fingerprint(const Request& request) {
  const Fingerprint plain = fingerprint(request.url);
  if (request.method() == "GET" && request.body().empty()) [[likely]] return plain;
  std::string text(request.method());
  text += ' ';
  text += request.body();
  return hash128(text, plain.high ^ fold(plain.low, kSecret[2]));
}

bool FingerprintSet::insert(Fingerprint fingerprint) {
  if (fingerprint == Fingerprint()) fingerprint.low = 1;
  Table& table = tables_[fingerprint.high >> (64 - kBits)];
  const auto held = lock(table);
  if (table.count >= table.limit) table.grow();
  const std::size_t place = table.find(fingerprint);
  if (table.places[place] == fingerprint) return false;
  table.places[place] = fingerprint;
  ++table.count;
  ++count_;
  return true;
}

std::unique_lock<std::mutex> FingerprintSet::lock(const Table& table) const { return shared_ ? std::unique_lock(table.mutex) : std::unique_lock<std::mutex>(); }

bool FingerprintSet::contains(Fingerprint fingerprint) const {
  if (fingerprint == Fingerprint()) fingerprint.low = 1;
  const Table& table = tables_[fingerprint.high >> (64 - kBits)];
  const auto held = lock(table);
  return table.count && table.places[table.find(fingerprint)] == fingerprint;
}

std::size_t FingerprintSet::bytes() const noexcept {
  std::size_t bytes = 0;
  for (const Table& table : tables_) bytes += table.capacity * sizeof(Fingerprint);
  return bytes;
}

std::size_t FingerprintSet::Table::home(Fingerprint fingerprint) const noexcept {
  return static_cast<std::size_t>((static_cast<Wide>(fingerprint.high << kBits) * capacity) >> 64);
}

std::size_t FingerprintSet::Table::find(Fingerprint fingerprint) const noexcept {
  std::size_t place = home(fingerprint);
  while (places[place] != Fingerprint() && places[place] != fingerprint)
    if (++place == capacity) place = 0;
  return place;
}

void FingerprintSet::Table::grow() {
  // Doubling is quick, and wastes half: beyond 1024 places (16 KiB) grow by a quarter, which keeps the table between 68 and 85 percent full.
  const std::size_t larger = capacity < 64 ? 64 : capacity < 1024 ? capacity * 2 : capacity + capacity / 4;
  const auto old = std::exchange(places, std::make_unique<Fingerprint[]>(larger));
  const std::size_t before = std::exchange(capacity, larger);
  limit = larger / 20 * 17;
  for (std::size_t i = 0; i < before; ++i)
    if (old[i] != Fingerprint()) places[find(old[i])] = old[i];
}

}  // namespace weft::crawler
