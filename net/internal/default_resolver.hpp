// The resolver that the networks of a reactor share. For the .cpp files of net.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/names/resolver.hpp>

#include <memory>

namespace weft::net::detail {

/// A MachineResolver, made when first asked for; ends with the reactor, and its look-ups with it.
std::shared_ptr<Resolver> defaultResolver(Reactor& reactor);

}  // namespace weft::net::detail
