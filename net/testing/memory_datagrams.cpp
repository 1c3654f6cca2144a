#include <weft/net/testing/memory_datagrams.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace weft::net {

namespace {
constexpr std::size_t kMostHeld = 256 * 1024;          // bytes for a receiver that has paused

bool isAny(const Address& address) { return std::all_of(address.bytes().begin(), address.bytes().end(), [](std::uint8_t byte) { return byte == 0; }); }
bool isGroup(const Address& address) {
  return address.family() == Address::Family::IPv4 ? (address.bytes()[0] & 0xf0) == 0xe0 : address.family() == Address::Family::IPv6 && address.bytes()[0] == 0xff;
}
}  // namespace

struct MemoryDatagrams::State {
  State(Clock& clock, std::uint64_t seed) : clock(clock), seed(seed) {}
  std::uint64_t random() noexcept {
    std::uint64_t value = seed += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }
  double share() noexcept { return static_cast<double>(random() >> 11) / 9007199254740992.0; }
  Clock& clock;
  std::uint64_t seed;
  DatagramLink link;
  std::vector<std::weak_ptr<End>> ends;
  std::uint64_t sent = 0, lost = 0;
  std::uint16_t nextPort = 49152;
};

class MemoryDatagrams::End final : public DatagramTransport, public std::enable_shared_from_this<End> {
 public:
  End(std::shared_ptr<State> state, const Address& host, std::shared_ptr<DatagramProtocol> protocol)
      : state_(std::move(state)), host_(host), protocol_(std::move(protocol)) {}

  void start() {
    protocol_->setTransport(this);
    tell("startProtocol", [](DatagramProtocol& protocol) { protocol.startProtocol(); });
  }

  bool write(std::string_view data, const Address& to) override {
    if (stopped_) return false;
    State& state = *state_;
    if (data.size() > state.link.largest_) throw DatagramError("sending to", to, EMSGSIZE);
    ++state.sent;
    bool anybody = false;
    for (const auto& weak : std::vector(state.ends)) {
      const auto end = weak.lock();
      if (!end || !end->hears(to, *this)) continue;
      anybody = true;
      const int copies = state.share() < state.link.loss_ ? 0 : state.share() < state.link.duplicates_ ? 2 : 1;
      if (copies == 0) ++state.lost;
      for (int copy = 0; copy < copies; ++copy) send(end, data);
    }
    if (!anybody) {
      ++state.lost;
      if (peer_ == to && !isGroup(to))
        state.clock.callLater(state.link.latency_, [self = shared_from_this()] {
          if (!self->stopped_) self->tell("connectionRefused", [](DatagramProtocol& protocol) { protocol.connectionRefused(); });
        });
    }
    return true;
  }
  bool write(std::string_view data) override {
    if (!peer_) throw std::logic_error("DatagramTransport::write() without an address needs connect() first");
    return write(data, peer_);
  }
  void connect(const Address& peer) override { peer_ = peer; }
  Address getHost() const override { return stopped_ ? Address() : host_; }
  void pauseReading() override { paused_ = true; }
  void resumeReading() override {
    if (!std::exchange(paused_, false) || held_.empty()) return;
    state_->clock.callLater(0, [self = shared_from_this()] { self->deliverHeld(); });
  }
  Deferred<> stopListening() override {
    if (ended_) return succeed();
    Deferred<> deferred;
    waiters_.push_back(deferred.takeTrigger());
    if (!std::exchange(stopped_, true)) state_->clock.callLater(0, [self = shared_from_this()] { self->end(); });
    return deferred;
  }
  bool listening() const noexcept override { return !stopped_; }

  void setBroadcastAllowed(bool on) override { broadcast_ = on; }
  bool getBroadcastAllowed() const override { return broadcast_; }
  void joinGroup(const Address& group, const Address&) override {
    if (!isGroup(group)) throw DatagramError("joining", group, EINVAL);
    groups_.insert(group.withPort(0));
  }
  void leaveGroup(const Address& group, const Address&) override {
    if (groups_.erase(group.withPort(0)) == 0) throw DatagramError("leaving", group, EADDRNOTAVAIL);
  }
  void setTTL(int hops) override { hops_ = hops; }
  int getTTL() const override { return hops_; }
  void setLoopbackMode(bool on) override { loopback_ = on; }
  bool getLoopbackMode() const override { return loopback_; }
  void setOutgoingInterface(const Address&) override {}

  const Address& host() const noexcept { return host_; }
  void end() noexcept {
    if (std::exchange(ended_, true)) return;
    stopped_ = true;
    held_.clear();
    tell("stopProtocol", [](DatagramProtocol& protocol) { protocol.stopProtocol(); });
    protocol_->setTransport(nullptr);
    for (Trigger<>& waiter : std::exchange(waiters_, {})) waiter.callback();
  }

 private:
  struct Held {
    std::string data;
    Address from;
  };

  bool hears(const Address& to, const End& from) const {
    if (stopped_ || (peer_ && peer_ != from.host_)) return false;
    if (isGroup(to)) return to.port() == host_.port() && groups_.contains(to.withPort(0)) && (this != &from || loopback_);
    return to == host_ || (to.port() == host_.port() && to.family() == host_.family() && isAny(host_));
  }
  void send(const std::shared_ptr<End>& to, std::string_view data) {
    State& state = *state_;
    std::chrono::nanoseconds after = state.link.latency_.value();
    if (const auto most = static_cast<std::uint64_t>(state.link.jitter_.value().count()); most > 0)
      after += std::chrono::nanoseconds(static_cast<std::int64_t>(state.random() % (most + 1)));
    state.clock.callLater(after, [to, data = std::string(data), from = host_] { to->arrived(data, from); });
  }
  void arrived(const std::string& data, const Address& from) {
    if (stopped_) return;
    if (!paused_ && held_.empty()) return deliver(data, from);
    std::size_t size = data.size();
    for (const Held& held : held_) size += held.data.size();
    if (size > kMostHeld) ++state_->lost;
    else held_.push_back({data, from});
  }
  void deliverHeld() {
    while (!held_.empty() && !paused_ && !stopped_) {
      const Held first = std::move(held_.front());
      held_.pop_front();
      deliver(first.data, first.from);
    }
  }
  void deliver(std::string_view data, const Address& from) {
    tell("datagramReceived", [&](DatagramProtocol& protocol) { protocol.datagramReceived(data, from); });
  }
  template <class F> void tell(const char* what, F call) noexcept {
    const std::shared_ptr<DatagramProtocol> protocol = protocol_;
    try {
      call(*protocol);
    } catch (...) {
      kNetLog.failure(Failure(), what, " threw");
    }
  }

  std::shared_ptr<State> state_;
  Address host_;
  Address peer_;
  std::shared_ptr<DatagramProtocol> protocol_;
  std::deque<Held> held_;
  std::set<Address> groups_;
  std::vector<Trigger<>> waiters_;
  int hops_ = 1;
  bool broadcast_ = false;
  bool loopback_ = true;
  bool paused_ = false;
  bool stopped_ = false;
  bool ended_ = false;
};

MemoryDatagrams::MemoryDatagrams(Clock& clock, std::uint64_t seed) : state_(std::make_shared<State>(clock, seed)) {}

MemoryDatagrams::~MemoryDatagrams() {
  for (const auto& weak : std::exchange(state_->ends, {}))
    if (const auto end = weak.lock()) end->end();
}

void MemoryDatagrams::setLink(const DatagramLink& link) { state_->link = link; }
Clock& MemoryDatagrams::clock() noexcept { return state_->clock; }
std::uint64_t MemoryDatagrams::sent() const noexcept { return state_->sent; }
std::uint64_t MemoryDatagrams::lost() const noexcept { return state_->lost; }

DatagramPort MemoryDatagrams::listen(const Address& at, std::shared_ptr<DatagramProtocol> protocol, const DatagramOptions& options) {
  std::erase_if(state_->ends, [](const std::weak_ptr<End>& end) { return end.expired(); });
  const auto taken = [this](const Address& address) {
    return std::any_of(state_->ends.begin(), state_->ends.end(), [&](const std::weak_ptr<End>& weak) {
      const auto end = weak.lock();
      return end && end->listening() && end->host() == address;
    });
  };
  if (!at) throw CannotListenError(at, "this is no address");
  Address host = at;
  while (host.family() != Address::Family::Unix && host.port() == 0) {
    const Address next = host.withPort(state_->nextPort++);
    if (next.port() != 0 && !taken(next)) host = next;
  }
  if (!options.shareAddress() && taken(host)) throw CannotListenError(host, detail::systemErrorText(EADDRINUSE), EADDRINUSE);
  auto end = std::make_shared<End>(state_, host, std::move(protocol));
  state_->ends.push_back(end);
  end->start();
  return DatagramPort(std::move(end));
}

}  // namespace weft::net
