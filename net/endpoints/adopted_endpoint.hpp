// AdoptedStreamServerEndpoint: a socket that somebody else has opened, systemd for instance. ListenFDs: the sockets that systemd gives a service.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/address.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/file_descriptor.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

/// Listens on a socket that listens already (TCP or UNIX). Of the descriptor it keeps a copy: so it can listen again after it was stopped, and meanwhile callers wait in the
/// system's queue. The reactor must outlive it, but need not outlive its ports.
///
///     AdoptedStreamServerEndpoint endpoint(reactor, ListenFDs::fromEnvironment().descriptors().at(0));
///     auto port = co_await endpoint.listen(site);
class AdoptedStreamServerEndpoint final : public ServerEndpoint {
 public:
  /// `descriptor` stays the caller's, and may be closed afterwards. Its open file is made non-blocking, and exec will close it. Throws CannotAdoptError for anything but a
  /// listening stream socket.
  AdoptedStreamServerEndpoint(Reactor& reactor, int descriptor);
  /// Errors: CannotListenError, when the system has no room for another descriptor.
  Deferred<std::unique_ptr<Port>> listen(std::shared_ptr<Factory> factory) override;
  /// Where it listens.
  const Address& getHost() const noexcept { return host_; }

 private:
  Reactor& reactor_;
  FileDescriptor descriptor_;
  Address host_;
};

/// The listening sockets that systemd has opened for this process (sd_listen_fds(3)): descriptors from 3 on.
class ListenFDs {
 public:
  /// What the variables LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES say; none where they are missing, are for another process, or make no sense. They stay set: who starts other
  /// programs removes them. Reads the environment, so not while another thread changes it.
  static ListenFDs fromEnvironment();
  /// The same of given values, where null is a variable that is not set.
  static ListenFDs fromValues(const char* pid, const char* count, const char* names, long ownPid);

  const std::vector<int>& descriptors() const noexcept { return descriptors_; }
  /// Those of that name (FileDescriptorName= in the socket's unit), in order.
  std::vector<int> named(std::string_view name) const;

 private:
  std::vector<int> descriptors_;
  std::vector<std::string> names_;                     // may be fewer
};

}  // namespace weft::net
