// AccumulatingProtocol: keeps what a connection does, for a test to look at.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

/// Everything that was received, that the connection was made, and why it ended.
class AccumulatingProtocol : public Protocol {
 public:
  void connectionMade() override {
    made = true;
    for (Trigger<>& waiter : std::exchange(whenMade_, {})) waiter.callback();
  }
  void dataReceived(std::string_view bytes) override { data += bytes; }
  void readConnectionLost() override {
    readEnded = true;
    Protocol::readConnectionLost();
  }
  void connectionLost(const Failure& reason) override {
    ++losses;
    lost = reason;
    for (Trigger<>& waiter : std::exchange(whenLost_, {})) waiter.callback();
  }

  /// Fires when the connection has been made; when it has ended, however.
  Deferred<> whenMade() { return made ? succeed() : wait(whenMade_); }
  Deferred<> whenLost() { return lost ? succeed() : wait(whenLost_); }

  std::string data;
  bool made = false;
  bool readEnded = false;
  int losses = 0;                                      // one, if all is well
  std::optional<Failure> lost;

 private:
  static Deferred<> wait(std::vector<Trigger<>>& waiters) {
    Deferred<> deferred;
    waiters.push_back(deferred.takeTrigger());
    return deferred;
  }
  std::vector<Trigger<>> whenMade_, whenLost_;
};

/// Fires when all of them have lost their connections.
inline Deferred<> waitUntilAllDisconnected(std::vector<std::shared_ptr<AccumulatingProtocol>> protocols) {
  for (const auto& protocol : protocols) co_await protocol->whenLost();
}

}  // namespace weft::net
