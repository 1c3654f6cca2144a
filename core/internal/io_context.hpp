// The reactor's inside, for the .cpp files of core and net. Not for users: includes Asio.
#pragma once

#include <weft/core/reactor.hpp>

#include <asio/io_context.hpp>

namespace weft::detail {

/// What the reactor runs. Start operations on it from the reactor's thread, or before it runs.
asio::io_context& ioContext(Reactor& reactor) noexcept;

/// Every handler that net gives to Asio says this first: the cached time is read anew when it is next asked for, and the watchdog begins a new event.
/// About 6 ns.
void eventDispatched(Reactor& reactor) noexcept;

}  // namespace weft::detail
