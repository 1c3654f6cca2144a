// Descriptors from elsewhere as transports and ports: from systemd, from a parent that had more rights, from another process.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/error.hpp>
#include <weft/net/file_descriptor.hpp>
#include <weft/net/network.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <memory>

namespace weft::net {

/// The descriptor is not what it should be.
class CannotAdoptError : public Error {
 public:
  CannotAdoptError(int descriptor, std::string_view why, int systemError = 0);
  int descriptor;
  int systemError;                                     // errno, or 0 where no system call failed
};

/// A connected stream socket (TCP or UNIX) as a transport, which owns it from now on. It reads nothing until it is given a protocol. The descriptor's open file is made
/// non-blocking, also for other processes that share it. Throws CannotAdoptError, and has closed it then.
std::shared_ptr<Transport> adoptStreamConnection(Reactor& reactor, FileDescriptor descriptor);

/// A listening stream socket (TCP or UNIX) as a port. Stopping it closes our descriptor; it does not remove a UNIX socket's file, which is its maker's. Throws
/// CannotAdoptError, and has closed it then.
[[nodiscard("a dropped Port listens no more")]] std::unique_ptr<Port> adoptStreamPort(Reactor& reactor, FileDescriptor descriptor,
                                                                                      std::shared_ptr<Factory> factory);

}  // namespace weft::net
