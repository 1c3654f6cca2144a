// Standard input and output as a connection.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/transport.hpp>

#include <memory>

namespace weft::net {

/// This process's standard input and output as one transport: pipes, terminals, sockets, files, each in any mixture. It reads nothing until it is given a protocol. One
/// at a time; use nothing else on these two descriptors meanwhile.
///
///     standardIO(reactor)->setProtocol(std::make_shared<Shell>());
///     Stream stream(standardIO(reactor));
///
/// Both are made non-blocking while it lasts (whoever shares them, such as the shell or another program of a pipeline, sees that too) and are set back at its end.
/// What can tell its reader that no more will come, a pipe or a socket, is then given up: the number leads to /dev/null. A terminal or a file stays as it was.
/// When nobody reads the output any more, the connection is lost (ConnectionLost, broken pipe). Throws std::system_error, for instance when one of them is closed.
///
/// `input` and `output` are for programs that were given their conversation elsewhere.
std::shared_ptr<Transport> standardIO(Reactor& reactor, int input = 0, int output = 1);

}  // namespace weft::net
