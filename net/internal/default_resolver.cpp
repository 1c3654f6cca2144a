#include <weft/net/internal/default_resolver.hpp>

#include <weft/core/internal/io_context.hpp>
#include <weft/net/internal/socket_loop.hpp>
#include <weft/net/names/machine_resolver.hpp>

#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>

namespace weft::net::detail {

namespace {

/// Ends before the SocketLoop, as that was there first.
class DefaultResolver final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;
  explicit DefaultResolver(asio::execution_context& context) : service(context) {}
  std::shared_ptr<Resolver> resolver;

 private:
  void shutdown() override { resolver.reset(); }
};

asio::execution_context::id DefaultResolver::id;

}  // namespace

std::shared_ptr<Resolver> defaultResolver(Reactor& reactor) {
  SocketLoop::of(reactor);
  auto& kept = asio::use_service<DefaultResolver>(weft::detail::ioContext(reactor));
  if (!kept.resolver) kept.resolver = std::make_shared<MachineResolver>(reactor);
  return kept.resolver;
}

}  // namespace weft::net::detail
