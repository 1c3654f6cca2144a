#include <weft/net/testing/connected_pair.hpp>

#include <weft/net/error.hpp>

#include <utility>

namespace weft::net {

ConnectedPair::ConnectedPair(std::shared_ptr<Protocol> client, std::shared_ptr<Protocol> server, const MemoryLink& link) {
  network_.setLink(link);
  const auto port = network_.listen(1, factory([server] { return server; }));
  network_.connect("localhost", 1)
      .addCallback([this, client = std::move(client)](std::shared_ptr<Transport> transport) mutable {
        client_ = std::move(transport);
        client_->setProtocol(std::move(client));
      })
      .detach();
  while (!server->hasTransport()) clock_.advance(clock_.getDelayedCalls().front().time - clock_.now());
  server_ = server->transport().shared_from_this();
}

bool ConnectedPair::pump() {
  const auto calls = clock_.getDelayedCalls();
  if (calls.empty() || calls.front().time > clock_.now()) return false;
  clock_.advance(0);
  return true;
}

int ConnectedPair::flush() {
  for (int steps = 0; steps < 100'000; ++steps)
    if (!pump()) return steps;
  throw Error("ConnectedPair::flush(): still busy after 100,000 steps");
}

}  // namespace weft::net
