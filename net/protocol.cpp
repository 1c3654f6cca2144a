#include <weft/net/protocol.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/transport.hpp>

#include <utility>

namespace weft::net {

namespace {
}

void Protocol::makeConnection(Transport& transport) {
  transport_ = &transport;
  connectionMade();
}

void Protocol::readConnectionLost() { transport_->loseConnection(); }

namespace detail {

void FactoryUse::stop() noexcept {
  const std::shared_ptr<Factory> factory = std::exchange(factory_, nullptr);
  if (!factory || --factory->ports_ != 0) return;
  try {
    factory->doStop();
  } catch (...) {
    kNetLog.failure(Failure(), "Factory::doStop() threw");
  }
}

std::shared_ptr<Protocol> FactoryUse::build(const Address& peer) noexcept {
  const std::shared_ptr<Factory> factory = factory_;   // it may stop its own port
  try {
    return factory ? factory->buildProtocol(peer) : nullptr;
  } catch (...) {
    kNetLog.failure(Failure(), "buildProtocol() threw; refusing the connection from ", peer);
    return nullptr;
  }
}

}  // namespace detail

}  // namespace weft::net
