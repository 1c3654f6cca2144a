// ThrottlingFactory: how many bytes per second a server's connections may use together.
#pragma once

#include <weft/net/policies/connection_limits.hpp>
#include <weft/net/policies/protocol_wrapper.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>

namespace weft::net {

namespace detail {
class TokenBucket;
}

/// What ThrottlingFactory allows. `ThrottleLimits().connections(100).readRate(1e6).writeRate(1e6)`.
class ThrottleLimits {
 public:
  ThrottleLimits() = default;
  /// At a time; one more is refused. No limit at first.
  ThrottleLimits& connections(std::size_t most) {
    connections_ = most;
    return *this;
  }
  /// Bytes per second of all connections together. 0: no limit, as at first. Throws std::invalid_argument when negative or not a number.
  ThrottleLimits& readRate(double bytesPerSecond);
  ThrottleLimits& writeRate(double bytesPerSecond);
  /// How many bytes may go at once after a time of rest. A tenth of a second's worth at first. So in any time t no more than burst + rate * t bytes go.
  ThrottleLimits& burst(std::size_t bytes) {
    burst_ = bytes;
    return *this;
  }

  std::size_t connections() const noexcept { return connections_; }
  double readRate() const noexcept { return readRate_; }
  double writeRate() const noexcept { return writeRate_; }
  std::optional<std::size_t> burst() const noexcept { return burst_; }

 private:
  std::size_t connections_ = std::numeric_limits<std::size_t>::max();
  double readRate_ = 0;
  double writeRate_ = 0;
  std::optional<std::size_t> burst_;
};

/// Limits connections, and the rate at which they deliver to their protocols and take from them: by token buckets, so that nothing overshoots, whatever the size of a read or a
/// write. Connections that wait are served in turn. What has to wait to go out is buffered as in any transport: drained(), producers and the write limit work. What
/// has come and has to wait is one read's worth at most; then the peer has to.
class ThrottlingFactory : public WrappingFactory {
 public:
  ThrottlingFactory(std::shared_ptr<Factory> wrapped, const ThrottleLimits& limits);
  std::size_t connections() const noexcept;

 protected:
  std::shared_ptr<Protocol> wrap(std::shared_ptr<Protocol> protocol, const Address& peer) override;

 private:
  std::shared_ptr<detail::TokenBucket> reading_, writing_;
};

}  // namespace weft::net
