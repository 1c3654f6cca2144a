#include <weft/net/unix_network.hpp>

#include <weft/core/log.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/filesystem_lock.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/internal/socket.hpp>
#include <weft/net/internal/socket_connection.hpp>
#include <weft/net/internal/socket_listener.hpp>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace weft::net {

namespace {

using Connected = std::shared_ptr<Transport>;

// While the listener's queue is full, connect() does not wait for room as TCP's does: it says so at once, and has to be asked again.
Deferred<Connected> connectWhenThereIsRoom(Reactor& reactor, Address address) {
  for (double wait = 0.001;; wait = wait < 0.1 ? wait * 2 : wait) {
    Deferred<Connected> attempt = detail::SocketConnection::connect(detail::SocketLoop::of(reactor), address, Address(), std::string());
    Outcome<Connected> outcome = co_await attempt.outcome();
    if (outcome || !outcome.failure().check<ConnectError>() || outcome.failure().as<ConnectError>()->systemError != EAGAIN) co_return std::move(outcome);
    co_await deferLater(reactor, wait);
  }
}

/// What a listening socket has in the file system. Removes it at its end.
struct ListeningFiles {
  ListeningFiles(const std::string& path, Reactor& reactor) : path(path), lock(path + ".lock", reactor) {}
  ListeningFiles(const ListeningFiles&) = delete;
  ~ListeningFiles() {
    struct stat now {};
    if (inode && ::lstat(path.c_str(), &now) == 0 && now.st_dev == device && now.st_ino == *inode) ::unlink(path.c_str());
  }
  /// bind() has made the socket's file.
  void made() noexcept {
    struct stat now {};
    if (::lstat(path.c_str(), &now) != 0) return;
    device = now.st_dev;
    inode = now.st_ino;
  }
  std::string path;
  DeferredFilesystemLock lock;                         // goes after the file
  dev_t device = 0;
  std::optional<ino_t> inode;
};

/// Is there the file of a socket on which nobody listens any more?
bool isLeftOver(const std::string& path, const detail::SocketAddress& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return probe && ::connect(probe.get(), address.data(), address.length) != 0 && errno == ECONNREFUSED;
}

void takeLock(ListeningFiles& files, const Address& address) {
  try {
    if (!files.lock.lock()) throw CannotListenError(address, "another process holds " + files.path + ".lock", EADDRINUSE);
  } catch (const FilesystemLockError& error) {
    throw CannotListenError(address, error.what(), error.error);
  }
}

void bindTo(const FileDescriptor& socket, const Address& address, const std::string& path, bool named) {
  const detail::SocketAddress local(address);
  if (::bind(socket.get(), local.data(), local.length) == 0) return;
  int error = errno;
  if (error == EADDRINUSE && named && isLeftOver(path, local)) {
    kNetLog.info("replacing ", path, ", on which nobody listens");
    if (::unlink(path.c_str()) == 0 && ::bind(socket.get(), local.data(), local.length) == 0) return;
    error = errno;
  }
  struct stat status {};
  if (error == EADDRINUSE && named && ::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode))
    throw CannotListenError(address, "there is a file of that name which is no socket; remove it, or listen elsewhere", error);
  throw CannotListenError(address, detail::systemErrorText(error), error);
}

}  // namespace

Deferred<Connected> UnixNetwork::connect(std::string path, const ConnectOptions& options) {
  const Address address = Address::unixPath(path);
  if (const std::string problem = detail::problemOfUnixName(path); !problem.empty()) return fail<Connected>(ConnectError(address, problem));
  auto connecting = connectWhenThereIsRoom(reactor_, address);
  if (connecting.called()) return connecting;
  const double seconds = options.timeout().seconds();
  return connecting.addTimeout(options.timeout(), reactor_, [address, seconds](Outcome<Connected> outcome) -> Outcome<Connected> {
    if (!outcome && outcome.failure().check<CancelledError>()) return Failure(ConnectTimeout(address, seconds));
    return outcome;
  });
}

std::unique_ptr<Port> UnixNetwork::listen(std::string path, std::shared_ptr<Factory> factory, const UnixListenOptions& options) {
  const Address address = Address::unixPath(path);
  const auto cannot = [&](int error) { return CannotListenError(address, detail::systemErrorText(error), error); };
  if (const std::string problem = detail::problemOfUnixName(path); !problem.empty()) throw CannotListenError(address, problem);
  const bool named = !path.starts_with('@');
  const auto files = std::make_shared<ListeningFiles>(path, reactor_);
  if (named && options.lockFile()) takeLock(*files, address);

  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw cannot(errno);
  bindTo(socket, address, path, named);
  if (named) {
    files->made();
    // Nobody can connect before listen(), so nobody slips in before the permissions are right.
    if (options.mode() && ::chmod(path.c_str(), static_cast<mode_t>(*options.mode())) != 0) throw cannot(errno);
  }
  if (::listen(socket.get(), options.backlog()) != 0) throw cannot(errno);
  try {
    return detail::SocketListener::start(detail::SocketLoop::of(reactor_), std::move(socket), std::move(factory), files);
  } catch (const std::system_error& error) {
    throw cannot(error.code().value());
  }
}

std::pair<Connected, Connected> socketPair(Reactor& reactor) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) != 0)
    throw std::system_error(errno, std::generic_category(), "making a pair of sockets");
  FileDescriptor second(sockets[1]);
  detail::SocketLoop& loop = detail::SocketLoop::of(reactor);
  Connected one = detail::SocketConnection::connected(loop, sockets[0], Address::unixPath(""));
  Connected other = detail::SocketConnection::connected(loop, second.release(), Address::unixPath(""));
  return {std::move(one), std::move(other)};
}

}  // namespace weft::net
