// MemoryDatagrams: datagrams without a network, for tests and simulations.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/net/datagram.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace weft::net {

/// What happens to datagrams in memory on their way.
class DatagramLink {
 public:
  DatagramLink() = default;
  /// How long each travels. 0 at first.
  DatagramLink& latency(Delay delay) {
    latency_ = delay;
    return *this;
  }
  /// Up to so much more for each, at random: so they overtake each other.
  DatagramLink& jitter(Delay delay) {
    jitter_ = delay;
    return *this;
  }
  /// The share of those that never arrive, and of those that arrive twice. 0 to 1.
  DatagramLink& loss(double share) {
    loss_ = share;
    return *this;
  }
  DatagramLink& duplicates(double share) {
    duplicates_ = share;
    return *this;
  }
  /// The largest that can be sent. 65507 bytes, as of UDP, at first.
  DatagramLink& largest(std::size_t bytes) {
    largest_ = bytes;
    return *this;
  }

 private:
  friend class MemoryDatagrams;
  Delay latency_ = 0;
  Delay jitter_ = 0;
  double loss_ = 0;
  double duplicates_ = 0;
  std::size_t largest_ = 65'507;
};

/// Datagrams in memory, in the time of a Clock: the same calls with the same seed give the same losses, in the same order, at the same times. A port that listens on
/// 0.0.0.0 is reached at any IPv4 address. A multicast group reaches all who have joined it on that port.
///
///     ManualClock clock;
///     MemoryDatagrams network(clock, 42);
///     network.setLink(DatagramLink().latency(0.05).loss(0.1));
///
/// What comes while a receiver has paused is kept, up to 256 KiB each, then lost. The clock must outlive it; ports may be held longer.
class MemoryDatagrams final : public DatagramNetwork {
 public:
  explicit MemoryDatagrams(Clock& clock, std::uint64_t seed = 0);
  ~MemoryDatagrams() override;

  /// For what is sent from now on.
  void setLink(const DatagramLink& link);
  DatagramPort listen(const Address& at, std::shared_ptr<DatagramProtocol> protocol, const DatagramOptions& options = {}) override;
  Clock& clock() noexcept override;

  std::uint64_t sent() const noexcept;
  std::uint64_t lost() const noexcept;

 private:
  struct State;
  class End;
  std::shared_ptr<State> state_;
};

}  // namespace weft::net
