#include <weft/net/tls/endpoint.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/tls/internal/tls_connection.hpp>
#include <weft/net/tls/start_tls.hpp>

#include <utility>

namespace weft::net {

namespace {

class TlsClientEndpoint final : public ClientEndpoint {
 public:
  TlsClientEndpoint(TlsClientConnectionOptions options, std::shared_ptr<ClientEndpoint> inner) : options_(std::move(options)), inner_(std::move(inner)) {}
  using ClientEndpoint::connect;
  Deferred<std::shared_ptr<Transport>> connect() override {
    return inner_->connect().addCallback([options = options_](std::shared_ptr<Transport> transport) { return startTLS(std::move(transport), options); });
  }

 private:
  TlsClientConnectionOptions options_;
  std::shared_ptr<ClientEndpoint> inner_;
};

class TlsServerEndpoint final : public ServerEndpoint {
 public:
  TlsServerEndpoint(TlsServerContext context, std::shared_ptr<ServerEndpoint> inner) : context_(std::move(context)), inner_(std::move(inner)) {}
  Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory> factory) override {
    return inner_->listen(std::make_shared<TlsFactory>(context_, std::move(factory)));
  }

 private:
  TlsServerContext context_;
  std::shared_ptr<ServerEndpoint> inner_;
};

}  // namespace

std::shared_ptr<ClientEndpoint> wrapClientTLS(TlsClientConnectionOptions options, std::shared_ptr<ClientEndpoint> endpoint) {
  return std::make_shared<TlsClientEndpoint>(std::move(options), std::move(endpoint));
}

std::shared_ptr<ServerEndpoint> wrapServerTLS(TlsServerContext context, std::shared_ptr<ServerEndpoint> endpoint) {
  return std::make_shared<TlsServerEndpoint>(std::move(context), std::move(endpoint));
}

// What handshakes need that are still under way when the factory and its port are gone.
struct TlsFactory::Shared {
  /// An accepted connection: becomes the protocol of the transport below.
  class Accepted final : public detail::TlsCarrier, public std::enable_shared_from_this<Accepted> {
   public:
    explicit Accepted(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    void connectionMade() override {
      const std::shared_ptr<Shared> shared = std::move(shared_);
      if (!shared) return;                             // the carrier tells its end once more
      ++shared->handshakes;
      detail::TlsConnection::startServer(transport().shared_from_this(), shared->context.shared(), shared_from_this())
          .addBoth([shared, peer = transport().getPeer()](const Outcome<std::shared_ptr<Transport>>& outcome) {
            --shared->handshakes;
            if (outcome) shared->serve(**outcome);
            else kTlsLog.info("no TLS with ", peer, ": ", outcome.failure());
          })
          .detach();
    }

   private:
    std::shared_ptr<Shared> shared_;
  };

  Shared(TlsServerContext context, std::shared_ptr<Factory> inner) : context(std::move(context)), inner(std::move(inner)) {}

  void serve(Transport& transport) noexcept {
    try {
      if (std::shared_ptr<Protocol> protocol = inner->buildProtocol(transport.getPeer())) transport.setProtocol(std::move(protocol));
      else transport.loseConnection();
    } catch (...) {
      kTlsLog.failure(Failure(), "buildProtocol() threw; refusing the connection from ", transport.getPeer());
      transport.abortConnection();
    }
  }

  TlsServerContext context;
  std::shared_ptr<Factory> inner;
  std::optional<detail::FactoryUse> use;
  std::size_t handshakes = 0;
};

TlsFactory::TlsFactory(TlsServerContext context, std::shared_ptr<Factory> inner)
    : shared_(std::make_shared<Shared>(std::move(context), std::move(inner))) {}
TlsFactory::~TlsFactory() = default;

std::shared_ptr<Protocol> TlsFactory::buildProtocol(const Address&) { return std::make_shared<Shared::Accepted>(shared_); }
void TlsFactory::doStart() { shared_->use.emplace(shared_->inner); }
void TlsFactory::doStop() { shared_->use.reset(); }
std::size_t TlsFactory::handshakes() const noexcept { return shared_->handshakes; }

}  // namespace weft::net
