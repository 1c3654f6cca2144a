#include <weft/net/endpoint.hpp>

#include <weft/defer/testing.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <memory>

using namespace weft;
using namespace weft::net;

namespace {

class Nothing : public Protocol {
 public:
  void connectionMade() override { made = true; }
  void dataReceived(std::string_view) override {}
  bool made = false;
};

/// Connects at once to a transport that the test sees.
class RecordingEndpoint : public ClientEndpoint {
 public:
  using ClientEndpoint::connect;
  Deferred<std::shared_ptr<Transport>> connect() override { return succeed(std::shared_ptr<Transport>(transport)); }
  std::shared_ptr<StringTransport> transport = std::make_shared<StringTransport>();
};

}  // namespace

TEST_CASE("an endpoint's connection is handed to the protocol that the factory builds") {
  RecordingEndpoint endpoint;
  auto protocol = successResultOf(endpoint.connect(factoryOf<Nothing>()));
  CHECK(dynamic_cast<Nothing&>(*protocol).made);
  CHECK(endpoint.transport->protocol() == protocol);
}

TEST_CASE("an endpoint whose factory builds no protocol fails with NoProtocol") {
  RecordingEndpoint endpoint;
  auto connecting = endpoint.connect(factory([] { return std::shared_ptr<Protocol>(); }));
  CHECK(failureResultOf<NoProtocol>(std::move(connecting)).check<NoProtocol>());
}

TEST_CASE("connectProtocol hands an endpoint's connection to a protocol without a factory") {
  RecordingEndpoint endpoint;
  auto protocol = std::make_shared<Nothing>();
  CHECK(successResultOf(connectProtocol(endpoint, protocol)) == protocol);
  CHECK(protocol->made);
}
