#include <weft/net/protocol.hpp>

#include <weft/net/transport.hpp>

namespace weft::net {

void Protocol::makeConnection(Transport& transport) {
  transport_ = &transport;
  connectionMade();
}

void Protocol::readConnectionLost() { transport_->loseConnection(); }

}  // namespace weft::net
