// MemoryNetwork: connections without a network, for tests and simulations.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/net/network.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::net {

namespace detail {
class MemoryPipe;
}

/// How a connection in memory behaves, and how it fails. Bytes are counted per direction, from the start of the connection.
class MemoryLink {
 public:
  enum class Direction : std::uint8_t { ToServer, ToClient };

  MemoryLink() = default;
  /// How long a byte travels. Connecting takes twice that. 0 at first.
  MemoryLink& latency(Delay delay) {
    latency_ = delay;
    return *this;
  }
  /// Up to so much more, at random, for each write; the order stays.
  MemoryLink& jitter(Delay delay) {
    jitter_ = delay;
    return *this;
  }
  /// In each direction. 0: no limit.
  MemoryLink& bandwidth(double bytesPerSecond) {
    bandwidth_ = bytesPerSecond;
    return *this;
  }
  /// Data arrives in pieces of `least` to `most` bytes, at random. At first: as it was written, up to 64 KiB.
  MemoryLink& chunks(std::size_t least, std::size_t most) {
    leastChunk_ = least ? least : 1;
    mostChunk_ = most < leastChunk_ ? leastChunk_ : most;
    return *this;
  }
  /// How many bytes may be on their way, or waiting for a reader who pauses, before the sender has to buffer. 64 KiB at first.
  MemoryLink& window(std::size_t bytes) {
    window_ = bytes ? bytes : 1;
    return *this;
  }
  /// After so many bytes have arrived there, both ends lose the connection: ConnectionLost, reset by peer.
  MemoryLink& resetAfter(std::size_t bytes, Direction direction = Direction::ToClient) { return fault(Fault::Reset, bytes, direction); }
  /// After so many bytes the receiver sees the end of the data, and the rest never comes.
  MemoryLink& truncateAfter(std::size_t bytes, Direction direction = Direction::ToClient) { return fault(Fault::Truncate, bytes, direction); }
  /// After so many bytes nothing more arrives, and nobody is told.
  MemoryLink& stallAfter(std::size_t bytes, Direction direction = Direction::ToClient) { return fault(Fault::Stall, bytes, direction); }
  /// Nobody listens, whoever does: ConnectionRefused.
  MemoryLink& refused() {
    answer_ = Answer::Refuse;
    return *this;
  }
  /// Attempts to connect are never answered.
  MemoryLink& silent() {
    answer_ = Answer::None;
    return *this;
  }

 private:
  friend class MemoryNetwork;
  friend detail::MemoryPipe;
  enum class Fault : std::uint8_t { None, Reset, Truncate, Stall };
  enum class Answer : std::uint8_t { Accept, Refuse, None };
  struct Planned {
    Fault fault = Fault::None;
    std::size_t after = 0;
  };
  MemoryLink& fault(Fault fault, std::size_t bytes, Direction direction) {
    planned_[static_cast<int>(direction)] = {fault, bytes};
    return *this;
  }

  Delay latency_ = 0;
  Delay jitter_ = 0;
  double bandwidth_ = 0;
  std::size_t leastChunk_ = 64 * 1024;
  std::size_t mostChunk_ = 64 * 1024;
  std::size_t window_ = 64 * 1024;
  Planned planned_[2];
  Answer answer_ = Answer::Accept;
};

/// A network in memory, in the time of a Clock (with a ManualClock it does nothing until the test advances it). The same calls with the same seed happen in the same
/// order, at the same times, with the same pieces.
///
///     ManualClock clock;
///     MemoryNetwork network(clock, 42);
///     network.addHost("example.com");
///     auto port = network.listen(80, site);
///     network.setLink(MemoryLink().latency(0.05).chunks(1, 100));
///     auto client = network.connect("example.com", 80);
///     clock.play(1);
///
/// Destroyed, it aborts the connections that are left. The clock must outlive it. Ports and transports may be held longer.
class MemoryNetwork final : public Network {
 public:
  explicit MemoryNetwork(Clock& clock, std::uint64_t seed = 0);
  ~MemoryNetwork() override;

  /// Makes a name known, with an address of its own (10.0.0.1, 10.0.0.2, …) or with this one. Known from the start: "localhost". Numeric addresses need no name. A port
  /// without an interface listens on all of them.
  Address addHost(std::string name);
  void addHost(std::string name, const Address& address);
  /// Looking this name up fails from now on.
  void removeHost(const std::string& name);

  /// How connections made from now on behave: all; those to this name; or as a function says, which is asked first (number counts the attempts to connect, from 0).
  void setLink(const MemoryLink& link);
  void setLink(std::string name, const MemoryLink& link);
  using LinkChoice = std::function<std::optional<MemoryLink>(const std::string& host, std::uint16_t port, std::uint64_t number)>;
  void setLinks(LinkChoice choose);

  // ---- bad days

  /// Nothing gets from one host (a name, or a numeric address; clients come from 10.255.0.1 unless they bind to another) to the other, or, without the second, to anybody. What was
  /// on its way, and what is sent meanwhile, arrives after repair(); connecting ends with ConnectTimeout. Throws std::invalid_argument for an unknown name.
  void partition(const std::string& host, const std::string& other = "");
  void repair(const std::string& host, const std::string& other = "");
  /// Repairs everything.
  void repair();
  /// That host's machine dies without a word: nothing arrives on its connections any more, either way, and their other ends are not told (half-open). New connections to
  /// it are as before: combine it with partition().
  void vanish(const std::string& host);
  /// Does something at a given time, and notes it in the log under this name. Not done if the network is destroyed before.
  void at(Delay delay, std::string name, std::function<void()> action);

  // ---- what has happened

  /// From now on every event is noted: attempts, pieces of data with a hash of their content, ends, resets, faults, what was planned with at(). Up to `most` lines.
  void logEvents(std::size_t most = 100'000);
  /// One line each: "0.050000000 #3 to client: 17 bytes 2868248295". The same program with the same seed gives the same lines.
  const std::vector<std::string>& log() const noexcept;

  /// How many connections there are, and have been asked for.
  std::size_t openConnections() const noexcept;
  std::uint64_t attempts() const noexcept;

  Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& options = {}) override;
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options = {}) override;
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) override;
  Clock& clock() noexcept override;

 private:
  struct State;
  struct Listening;
  class MemoryPort;
  Address hostNamed(const std::string& name) const;
  std::shared_ptr<State> state_;
};

}  // namespace weft::net
