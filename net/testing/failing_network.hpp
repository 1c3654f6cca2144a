// FailingNetwork, failEveryOperation: every error path runs, none by luck.
#pragma once

#include <weft/core/manual_clock.hpp>
#include <weft/net/network.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weft::net {

namespace detail {
struct FailurePlan;
}

/// Another network, whose operations are counted, and one of which fails. Operations are: resolve, connect and listen; and of each connection, at both ends: a write, a read (before
/// the bytes are delivered), and a close. A failing read, write or close breaks the connection: ConnectionLost here, a reset at the other end. The other network must outlive it
/// and what it has made.
class FailingNetwork final : public Network {
 public:
  static constexpr std::uint64_t kNever = UINT64_MAX;
  /// `which` operation is to fail, from 0 on.
  explicit FailingNetwork(Network& network, std::uint64_t which = kNever);
  ~FailingNetwork() override;

  std::uint64_t operations() const noexcept;
  /// What failed: "write 3 (#17)"; empty as long as nothing has.
  const std::string& failed() const noexcept;

  Deferred<std::shared_ptr<Transport>> connect(std::string host, std::uint16_t port, const ConnectOptions& options = {}) override;
  std::unique_ptr<Port> listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options = {}) override;
  Deferred<std::vector<Address>> resolve(std::string host, std::uint16_t port) override;
  Clock& clock() noexcept override { return network_.clock(); }

 private:
  Network& network_;
  std::shared_ptr<detail::FailurePlan> plan_;
};

/// failEveryOperation() found a program that does not survive.
class FailureNotSurvived : public Error {
 public:
  using Error::Error;
};

/// How failEveryOperation() runs a program.
class FailureRuns {
 public:
  FailureRuns() = default;
  /// A run that takes longer, in virtual time, hangs. An hour at first.
  FailureRuns& patience(Delay delay) {
    patience_ = delay;
    return *this;
  }
  /// What connections are like. Without latency at first.
  FailureRuns& link(const MemoryLink& link) {
    link_ = link;
    return *this;
  }
  /// More runs than that are a program without an end. 10,000 at first.
  FailureRuns& most(std::uint64_t runs) {
    most_ = runs;
    return *this;
  }
  Delay patience() const noexcept { return patience_; }
  const MemoryLink& link() const noexcept { return link_; }
  std::uint64_t most() const noexcept { return most_; }

 private:
  Delay patience_ = 3600;
  MemoryLink link_;
  std::uint64_t most_ = 10'000;
};

/// One run: which operation failed, and how the program ended ("" where it succeeded nevertheless).
class FailureRun {
 public:
  FailureRun(std::string failed, std::string error) : failed(std::move(failed)), error(std::move(error)) {}
  std::string failed;
  std::string error;
};

/// Runs `program` again and again, each time on a new network in memory, and fails its first operation, its second, and so on, until it ends without a failure. Each run must end,
/// in success or with an error derived from weft::Error, and leave neither a connection nor a pending call behind. Else throws FailureNotSurvived, which names the
/// operation. Gives the runs, without the last. Hosts "localhost" and numeric addresses are known.
///
///     failEveryOperation([](Network& network) -> Deferred<> {
///       auto port = network.listen(7, factoryOf<Echo>());
///       Stream stream(co_await network.connect("localhost", 7));
///       …
///     });
std::vector<FailureRun> failEveryOperation(const std::function<Deferred<>(Network&)>& program, const FailureRuns& how = {});

}  // namespace weft::net
