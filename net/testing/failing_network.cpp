#include <weft/net/testing/failing_network.hpp>

#include <weft/net/error.hpp>
#include <weft/net/policies/protocol_wrapper.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace weft::net {

namespace detail {

struct FailurePlan {
  std::uint64_t which;
  std::uint64_t operations = 0;
  std::string failed;

  bool fails(const char* operation) {
    if (operations++ != which) return false;
    failed = std::string(operation) + " (#" + std::to_string(which) + ")";
    return true;
  }
};

namespace {

class FailingConnection final : public ProtocolWrapper {
 public:
  FailingConnection(std::shared_ptr<Protocol> protocol, std::shared_ptr<FailurePlan> plan) : ProtocolWrapper(std::move(protocol)), plan_(std::move(plan)) {}

  void dataReceived(std::string_view data) override {
    if (!broke("read", ECONNRESET)) ProtocolWrapper::dataReceived(data);
  }
  void readConnectionLost() override {
    if (!broke("read of the end", ECONNRESET)) ProtocolWrapper::readConnectionLost();
  }
  void write(std::string_view data) override {
    if (!broke("write", EPIPE)) ProtocolWrapper::write(data);
  }
  void writeOwned(std::string data) override {
    if (!broke("write", EPIPE)) ProtocolWrapper::writeOwned(std::move(data));
  }
  using ProtocolWrapper::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override {
    if (!broke("write", EPIPE)) ProtocolWrapper::writeSequence(parts);
  }
  void loseConnection() override {
    if (!connected() || !broke("close", EPIPE)) ProtocolWrapper::loseConnection();
  }
  void loseWriteConnection() override {
    if (!broke("close of the writing side", EPIPE)) ProtocolWrapper::loseWriteConnection();
  }

 private:
  bool broke(const char* operation, int error) {
    if (!hasTransport() || !plan_->fails(operation)) return false;
    ProtocolWrapper::abortConnection(ConnectionLost(std::string("injected into a ") + operation, error));
    return true;
  }
  std::shared_ptr<FailurePlan> plan_;
};

class FailingFactory final : public WrappingFactory {
 public:
  FailingFactory(std::shared_ptr<Factory> wrapped, std::shared_ptr<FailurePlan> plan) : WrappingFactory(std::move(wrapped)), plan_(std::move(plan)) {}

 protected:
  std::shared_ptr<Protocol> wrap(std::shared_ptr<Protocol> protocol, const Address&) override {
    return std::make_shared<FailingConnection>(std::move(protocol), plan_);
  }

 private:
  std::shared_ptr<FailurePlan> plan_;
};

}  // namespace
}  // namespace detail

FailingNetwork::FailingNetwork(Network& network, std::uint64_t which)
    : network_(network), plan_(std::make_shared<detail::FailurePlan>(detail::FailurePlan{which, 0, {}})) {}
FailingNetwork::~FailingNetwork() = default;

std::uint64_t FailingNetwork::operations() const noexcept { return plan_->operations; }
const std::string& FailingNetwork::failed() const noexcept { return plan_->failed; }

Deferred<std::shared_ptr<Transport>> FailingNetwork::connect(std::string host, std::uint16_t port, const ConnectOptions& options) {
  if (plan_->fails("connect")) return fail<std::shared_ptr<Transport>>(ConnectionRefused(host, port, "injected: connection refused", ECONNREFUSED));
  return network_.connect(std::move(host), port, options).addCallback([plan = plan_](std::shared_ptr<Transport> below) -> std::shared_ptr<Transport> {
    auto connection = std::make_shared<detail::FailingConnection>(nullptr, plan);
    connection->wrapTransport(std::move(below));
    return connection;
  });
}

std::unique_ptr<Port> FailingNetwork::listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options) {
  if (plan_->fails("listen")) throw CannotListenError(options.interface(), port, "injected: address in use", EADDRINUSE);
  return network_.listen(port, std::make_shared<detail::FailingFactory>(std::move(factory), plan_), options);
}

Deferred<std::vector<Address>> FailingNetwork::resolve(std::string host, std::uint16_t port) {
  if (plan_->fails("resolve")) return fail<std::vector<Address>>(DNSLookupError(host, port, "injected: no such name"));
  return network_.resolve(std::move(host), port);
}

namespace {

[[noreturn]] void notSurvived(const std::string& failed, const std::string& what) {
  throw FailureNotSurvived("failEveryOperation: with " + (failed.empty() ? std::string("no failure") : "a failing " + failed) + " the program " + what);
}

FailureRun runOnce(const std::function<Deferred<>(Network&)>& program, const FailureRuns& how, std::uint64_t which) {
  ManualClock clock;
  MemoryNetwork memory(clock, which);
  memory.setLink(how.link());
  FailingNetwork network(memory, which);
  std::string error;
  {
    Deferred<> running = maybeDeferred([&] { return program(network); });
    for (std::chrono::nanoseconds end = clock.now() + how.patience().value(); !running.called() && clock.now() < end && !clock.getDelayedCalls().empty();)
      clock.play(std::max(clock.getDelayedCalls().front().time - clock.now(), std::chrono::nanoseconds(0)));
    if (!running.called()) {
      const std::string waits = running.describe();
      running.cancel();
      running.detach();
      notSurvived(network.failed(), "hangs:\n" + waits);
    }
    const Outcome<> outcome = running.result();
    if (!outcome) {
      error = std::string(outcome.failure().typeName()) + ": " + std::string(outcome.failure().what());
      if (!outcome.failure().check<weft::Error>()) notSurvived(network.failed(), "ends with an error of no type of its own: " + error);
      if (network.failed().empty()) notSurvived("", "fails: " + error);
    }
  }
  clock.playAll(how.patience());
  if (memory.openConnections() > 0) notSurvived(network.failed(), "leaves " + std::to_string(memory.openConnections()) + " connections open");
  if (const auto calls = clock.getDelayedCalls(); !calls.empty()) notSurvived(network.failed(), "leaves a call pending: " + calls.front().function);
  return FailureRun(network.failed(), error);
}

}  // namespace

std::vector<FailureRun> failEveryOperation(const std::function<Deferred<>(Network&)>& program, const FailureRuns& how) {
  std::vector<FailureRun> runs;
  for (std::uint64_t which = 0; which < how.most(); ++which) {
    FailureRun run = runOnce(program, how, which);
    if (run.failed.empty()) return runs;
    runs.push_back(std::move(run));
  }
  throw FailureNotSurvived("failEveryOperation: the program has not come to its end after " + std::to_string(how.most()) + " runs; see FailureRuns::most()");
}

}  // namespace weft::net
