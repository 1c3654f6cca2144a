// ProcessEndpoint: a program that is started for each connection.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/process.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::net {

/// Each connection is a new child process: what is written goes to its standard input, and what it prints comes back. See processTransport() for the end of either. Errors of
/// connect(): SpawnError. The reactor must outlive it, but need not outlive its connections.
///
///     ProcessEndpoint shell(reactor, "ssh", {"backup.example", "receive"});
///     Stream stream(co_await shell.connect());
class ProcessEndpoint final : public ClientEndpoint {
 public:
  /// `options` as for processTransport(): the child's standard error is ours unless they say otherwise.
  ProcessEndpoint(Reactor& reactor, std::string executable, std::vector<std::string> arguments = {},
                  ProcessOptions options = ProcessOptions().descriptor(2, ChildDescriptor::given(2)))
      : reactor_(reactor), executable_(std::move(executable)), arguments_(std::move(arguments)), options_(std::move(options)) {}
  using ClientEndpoint::connect;
  Deferred<std::shared_ptr<Transport>> connect() override {
    return maybeDeferred([&] { return processTransport(reactor_, executable_, arguments_, options_); });
  }

 private:
  Reactor& reactor_;
  std::string executable_;
  std::vector<std::string> arguments_;
  ProcessOptions options_;
};

}  // namespace weft::net
