// The reactor's inside, for the .cpp files of core and net. Not for users: includes Asio.
#pragma once

#include <weft/core/reactor.hpp>

#include <asio/io_context.hpp>

namespace weft::detail {

/// What the reactor runs. Start operations on it from the reactor's thread, or before it runs.
asio::io_context& ioContext(Reactor& reactor) noexcept;

/// Every handler that net gives to Asio says this first: the cached time is read anew when it is next asked for, other threads need not wake the loop meanwhile,
/// and the watchdog begins a new event, which it would call `what` (a literal). About 6 ns.
void eventDispatched(Reactor& reactor, const char* what = "an I/O handler") noexcept;

}  // namespace weft::detail
