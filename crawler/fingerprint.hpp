// Fingerprints: 128 bits that stand for a request, and a set of them.
#pragma once

#include <weft/crawler/request.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace weft::crawler {

/// Two requests with the same fingerprint are the same request. With 128 bits, a crawl of 10^9 URLs has a chance of 10^-21 to take two for one.
struct Fingerprint {
  std::uint64_t high = 0, low = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// The hash itself: two independent 64-bit lanes, each folding 64x64-bit multiplications over 16 bytes a step. The same on every machine, so that a job can be resumed
/// elsewhere. Not for secrets: who wants to can find two texts with one fingerprint.
Fingerprint hash128(std::string_view bytes, std::uint64_t seed = 0) noexcept;

/// Method, canonicalUrl() and body, so that ?a=1&b=2 and ?b=2&a=1 are one page.
Fingerprint fingerprint(const Request& request);
/// The same for a GET of `url`.
Fingerprint fingerprint(const http::Url& url);

/// A set of fingerprints in flat tables: 16 bytes each, between 18 and 24 with the room to grow once there are fifteen thousand. Adding or asking costs one cache miss.
///
/// The first bits of a fingerprint choose one of sixteen tables, so that growing never holds more than a sixteenth twice. Within its table its place is in proportion to its value: a
/// table is nearly sorted, and growing is one sequential pass.
class FingerprintSet {
 public:
  FingerprintSet() = default;
  /// False if it was there already.
  bool insert(Fingerprint fingerprint);
  bool contains(Fingerprint fingerprint) const;
  std::size_t size() const noexcept { return count_; }
  /// Of the tables.
  std::size_t bytes() const noexcept;
  /// From now on contains() may be called on any thread, while one thread adds: both take a lock of the table.
  void share() noexcept { shared_ = true; }

 private:
  static constexpr int kBits = 4;
  struct Table {
    std::size_t home(Fingerprint fingerprint) const noexcept;
    std::size_t find(Fingerprint fingerprint) const noexcept;        // its place, or the empty one where it belongs
    void grow();

    std::unique_ptr<Fingerprint[]> places;             // {0, 0} is an empty one
    std::size_t capacity = 0, count = 0, limit = 0;
    mutable std::mutex mutex;
  };
  std::unique_lock<std::mutex> lock(const Table& table) const;

  std::array<Table, std::size_t{1} << kBits> tables_;
  std::size_t count_ = 0;
  bool shared_ = false;
};

}  // namespace weft::crawler
