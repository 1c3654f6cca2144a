// StandardIOEndpoint: the program's own input and output as a server's only connection.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/standard_io.hpp>

#include <memory>
#include <utility>

namespace weft::net {

/// listen() builds one protocol, for the empty Address, and gives it this process's standard input and output (see standardIO()): a server for inetd, or for a terminal. Its port
/// is none: it has no address, and stopping it changes nothing for that connection. Errors of listen(): NoProtocol, and what buildProtocol and standardIO() throw. May be asked
/// for once. The reactor must outlive it.
class StandardIOEndpoint final : public ServerEndpoint {
 public:
  /// Other descriptors for a program whose conversation was given to it elsewhere.
  explicit StandardIOEndpoint(Reactor& reactor, int input = 0, int output = 1) noexcept : reactor_(reactor), input_(input), output_(output) {}
  Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory> factory) override {
    return maybeDeferred([&]() -> std::unique_ptr<Port> {
      auto port = std::make_unique<Connected>(factory);
      std::shared_ptr<Protocol> protocol = factory->buildProtocol(Address());
      if (!protocol) throw NoProtocol();
      standardIO(reactor_, input_, output_)->setProtocol(std::move(protocol));
      return port;
    });
  }

 private:
  // Nobody else will come.
  class Connected final : public Port {
   public:
    explicit Connected(std::shared_ptr<Factory> factory) : use_(std::move(factory)) {}
    Address getHost() const override { return {}; }
    Deferred<> stopListening() override {
      use_.stop();
      return succeed();
    }

   private:
    detail::FactoryUse use_;
  };

  Reactor& reactor_;
  int input_;
  int output_;
};

}  // namespace weft::net
