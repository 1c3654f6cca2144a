#include <weft/net/datagram.hpp>

#include <cerrno>
#include <deque>
#include <optional>

namespace weft::net {

DatagramError::DatagramError(std::string_view doing, const Address& address, int systemError)
    : Error(std::string(doing) + ' ' + address.toString() + ": " + detail::systemErrorText(systemError)), address(address), systemError(systemError) {}

class DatagramSocket::Queue final : public DatagramProtocol {
 public:
  Queue(std::size_t mostDatagrams, std::size_t mostBytes) : mostDatagrams_(mostDatagrams), mostBytes_(mostBytes) {}

  void datagramReceived(std::string_view data, const Address& from) override {
    if (waiting_.active()) return std::exchange(waiting_, {}).callback(Datagram(std::string(data), from));
    if (held_.size() >= mostDatagrams_ || bytes_ + data.size() > mostBytes_) {
      ++dropped;
      return;
    }
    bytes_ += data.size();
    held_.emplace_back(std::string(data), from);
  }
  void connectionRefused() override {
    if (waiting_.active()) std::exchange(waiting_, {}).errback(refusal());
    else refused_ = true;
  }
  void stopProtocol() override { stop(); }
  void stop() {
    stopped_ = true;
    if (waiting_.active()) std::exchange(waiting_, {}).errback(ConnectionAborted("its DatagramSocket was closed"));
  }

  Deferred<Datagram> next() {
    if (waiting_.active()) return fail<Datagram>(AlreadyReading());
    if (!held_.empty()) {
      Datagram first = std::move(held_.front());
      held_.pop_front();
      bytes_ -= first.data.size();
      return succeed(std::move(first));
    }
    if (stopped_) return fail<Datagram>(ConnectionAborted("its DatagramSocket was closed"));
    if (std::exchange(refused_, false)) return fail<Datagram>(refusal());
    Deferred<Datagram> deferred;
    waiting_ = deferred.takeTrigger();
    return deferred;
  }
  Address peer;                                        // that connect() was given
  std::uint64_t dropped = 0;

 private:
  Failure refusal() const { return ConnectionRefused(peer, detail::systemErrorText(ECONNREFUSED), ECONNREFUSED); }

  std::deque<Datagram> held_;
  std::size_t bytes_ = 0;
  std::size_t mostDatagrams_, mostBytes_;
  Trigger<Datagram> waiting_;
  bool refused_ = false;
  bool stopped_ = false;
};

DatagramSocket::DatagramSocket(DatagramNetwork& network, const Address& at, const DatagramOptions& options, std::size_t mostDatagrams, std::size_t mostBytes)
    : queue_(std::make_shared<Queue>(mostDatagrams, mostBytes)), port_(network.listen(at, queue_, options)) {}

DatagramSocket::DatagramSocket(DatagramSocket&&) noexcept = default;
DatagramSocket::~DatagramSocket() {
  if (queue_) queue_->stop();
}

Deferred<Datagram> DatagramSocket::receive() { return queue_->next(); }
void DatagramSocket::connect(const Address& peer) {
  queue_->peer = peer;
  port_->connect(peer);
}
std::uint64_t DatagramSocket::dropped() const noexcept { return queue_->dropped; }

}  // namespace weft::net
