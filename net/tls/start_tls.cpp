#include <weft/net/tls/start_tls.hpp>

#include <weft/net/tls/internal/tls_connection.hpp>

#include <utility>

namespace weft::net {

Deferred<std::shared_ptr<Transport>> startTLS(std::shared_ptr<Transport> transport, const TlsClientConnectionOptions& options) {
  return detail::TlsConnection::startClient(std::move(transport), options);
}

Deferred<std::shared_ptr<Transport>> startTLS(std::shared_ptr<Transport> transport, const TlsServerContext& context) {
  return detail::TlsConnection::startServer(std::move(transport), context.shared(), std::make_shared<detail::TlsCarrier>());
}

}  // namespace weft::net
