#include <weft/net/policies/traffic_logging.hpp>

#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::net;

TEST_CASE("traffic is logged both ways, escaped and cut") {      // I7
  class Echo : public Protocol {
    void dataReceived(std::string_view data) override {
      transport().write(data);
      transport().writeSequence({"a", "b"});
      transport().writeOwned("c");
    }
  };
  LogCapture log;
  StringTransport transport;
  TrafficLoggingFactory logging(factoryOf<Echo>(), 8);
  transport.setProtocol(logging.buildProtocol({}));
  transport.receive("GET / \r\n\x1b[2J and more");
  transport.receiveEnd();
  transport.lose();
  std::vector<std::string> lines;
  for (const LogCapture::Entry& entry : log.entries()) {
    CHECK(entry.name == "weft.net.traffic");
    CHECK(entry.level == LogLevel::Debug);
    lines.push_back(entry.message);
  }
  const std::string peer = "127.0.0.1:54321 ";
  CHECK(lines == std::vector<std::string>{peer + "connected", peer + "received 21 bytes: GET / \\r\\n…", peer + "sent 21 bytes: GET / \\r\\n…",
                                          peer + "sent 1 bytes: a", peer + "sent 1 bytes: b", peer + "sent 1 bytes: c", peer + "ended its side",
                                          peer + "lost: the connection was closed cleanly"});
  CHECK(transport.value() == "GET / \r\n\x1b[2J and moreabc");
}
