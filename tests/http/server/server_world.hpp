// A Site on a network in memory, and clients whose every byte is the test's.
#pragma once

#include "http/peers.hpp"

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/network.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::test::server {

using namespace weft::http;
using weft::net::MemoryNetwork;

// What a client sees of one connection.
class Client final : public net::Protocol {
 public:
  void dataReceived(std::string_view data) override { received.append(data); }
  void readConnectionLost() override {
    ended = true;
    transport().loseConnection();
  }
  void connectionLost(const Failure& reason) override {
    lost = true;
    clean = reason.check<net::ConnectionDone>();
  }
  std::string received;
  bool ended = false;
  bool lost = false;
  bool clean = false;
};

struct World {
  explicit World(Handler handler, SiteOptions options = SiteOptions())
      : World(std::make_shared<Site>(std::move(handler), std::move(options))) {}
  explicit World(std::shared_ptr<Site> site) : site(std::move(site)) {
    network.addHost("a");
    port = network.listen(80, this->site);
  }
  void run(double seconds = 0.01) { clock.play(seconds); }
  std::shared_ptr<Client> connect() {
    auto connecting = net::connectProtocol(network, "a", 80, std::make_shared<Client>());
    run();
    return successResultOf(connecting);
  }
  // What comes back for these bytes, without the Date.
  std::string exchange(std::string_view bytes, double seconds = 0.01) {
    auto client = connect();
    client->transport().write(bytes);
    run(seconds);
    std::string text = client->received;
    for (const char* field : {"Date: ", "Server: "})
      for (std::size_t at; (at = text.find(field)) != std::string::npos;) text.erase(at, text.find("\r\n", at) + 2 - at);
    return text;
  }

  ManualClock clock;
  MemoryNetwork network{clock, 1};
  std::shared_ptr<Site> site;
  std::unique_ptr<net::Port> port;
};

inline int statusOf(std::string_view answer) { return answer.size() < 12 ? 0 : std::stoi(std::string(answer.substr(9, 3))); }

struct Silence {
  LogSink old = setLogSink([](const LogRecord&) {});
  ~Silence() { setLogSink(old); }
};

}  // namespace weft::test::server
