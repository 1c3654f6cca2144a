#include <weft/net/policies/traffic_logging.hpp>

#include <string>
#include <utility>

namespace weft::net {

namespace {

class LoggedConnection final : public ProtocolWrapper {
 public:
  LoggedConnection(std::shared_ptr<Protocol> protocol, const Logger& log, std::size_t most) : ProtocolWrapper(std::move(protocol)), log_(log), most_(most) {}

  void makeConnection(Transport& transport) override {
    log_.debug(transport.getPeer(), " connected");
    ProtocolWrapper::makeConnection(transport);
  }
  void dataReceived(std::string_view data) override {
    show("received", data);
    ProtocolWrapper::dataReceived(data);
  }
  void readConnectionLost() override {
    log_.debug(getPeer(), " ended its side");
    ProtocolWrapper::readConnectionLost();
  }
  void connectionLost(const Failure& reason) override {
    log_.debug(getPeer(), " lost: ", reason);
    ProtocolWrapper::connectionLost(reason);
  }
  void write(std::string_view data) override {
    show("sent", data);
    ProtocolWrapper::write(data);
  }
  void writeOwned(std::string data) override {
    show("sent", data);
    ProtocolWrapper::writeOwned(std::move(data));
  }
  using ProtocolWrapper::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override {
    for (const std::string_view part : parts) show("sent", part);
    ProtocolWrapper::writeSequence(parts);
  }

 private:
  void show(const char* what, std::string_view data) const {
    log_.debug(getPeer(), " ", what, " ", data.size(), " bytes: ", data.substr(0, most_), data.size() > most_ ? "…" : "");
  }
  const Logger log_;
  const std::size_t most_;
};

}  // namespace

std::shared_ptr<Protocol> TrafficLoggingFactory::wrap(std::shared_ptr<Protocol> protocol, const Address&) {
  return std::make_shared<LoggedConnection>(std::move(protocol), log_, most_);
}

}  // namespace weft::net
