// UnixNetwork: connections between processes of one machine.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/net/network.hpp>
#include <weft/net/unix_transport.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::net {

/// How to listen on a UNIX socket. `network.listen("/run/x.sock", factory, UnixListenOptions().mode(0660))`.
class UnixListenOptions {
 public:
  UnixListenOptions() = default;
  /// The permissions of the socket's file: who may write to it may connect. As the umask leaves it unless set, which mostly means the owner. No effect on abstract
  /// names, which anybody on the machine may use.
  UnixListenOptions& mode(unsigned permissions) {
    mode_ = permissions;
    return *this;
  }
  std::optional<unsigned> mode() const noexcept { return mode_; }
  /// How many connections may wait to be accepted. 1024 unless set.
  UnixListenOptions& backlog(int connections) {
    backlog_ = connections;
    return *this;
  }
  int backlog() const noexcept { return backlog_; }
  /// Also hold `PATH.lock`, a symbolic link with our process id, while listening. So two processes that start at the same moment cannot both take a left-over file for
  /// dead. Off unless set.
  UnixListenOptions& lockFile(bool on = true) {
    lockFile_ = on;
    return *this;
  }
  bool lockFile() const noexcept { return lockFile_; }

 private:
  std::optional<unsigned> mode_;
  int backlog_ = 1024;
  bool lockFile_ = false;
};

/// Connections over UNIX sockets, driven by a Reactor. Costs nothing to make. A name is a path, or Linux's abstract name after an '@'; either has at most 107 bytes.
///
///     UnixNetwork network(reactor);
///     auto port = network.listen("/run/echo.sock", factoryOf<Echo>());
///     auto client = network.connect("/run/echo.sock");
///
/// Its transports are UnixTransports too. An aborted connection looks to its peer like a closed one, unless there was something unread: these sockets know no reset. The reactor must outlive the UnixNetwork, but need not outlive its transports and ports.
class UnixNetwork {
 public:
  explicit UnixNetwork(Reactor& reactor) noexcept : reactor_(reactor) {}

  /// As Network::connect(); of the options the timeout counts, also while the listener's queue is full. Errors: ConnectionRefused (no such file, or nobody listens on
  /// it), ConnectTimeout, else ConnectError (no right to write to it, a name too long). cancel: closes at once, CancelledError.
  Deferred<std::shared_ptr<Transport>> connect(std::string path, const ConnectOptions& options = {});

  /// As Network::listen(). A socket's file that a dead process left behind is replaced; that of a living one is not. The file is removed when the Port is stopped or
  /// destroyed, unless another one has taken its place meanwhile. Throws CannotListenError.
  [[nodiscard("a dropped Port listens no more")]] std::unique_ptr<Port> listen(std::string path, std::shared_ptr<Factory> factory,
                                                                               const UnixListenOptions& options = {});

  Reactor& reactor() noexcept { return reactor_; }

 private:
  Reactor& reactor_;
};

/// Two transports that are connected with each other: two parts of a program that talk as over a network. Throws std::system_error.
std::pair<std::shared_ptr<Transport>, std::shared_ptr<Transport>> socketPair(Reactor& reactor);

}  // namespace weft::net
