#include <weft/net/adopt.hpp>

#include <weft/net/internal/adopting.hpp>
#include <weft/net/internal/socket.hpp>
#include <weft/net/internal/socket_connection.hpp>
#include <weft/net/internal/socket_listener.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>

namespace weft::net {

CannotAdoptError::CannotAdoptError(int descriptor, std::string_view why, int systemError)
    : Error("taking over descriptor " + std::to_string(descriptor) + ": " + std::string(why)), descriptor(descriptor), systemError(systemError) {}

namespace {

CannotAdoptError cannot(int descriptor, int error) { return {descriptor, detail::systemErrorText(error), error}; }

}  // namespace

void detail::prepareToAdopt(int descriptor, bool listening) {
  int type = 0;
  socklen_t length = sizeof type;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) != 0) throw cannot(descriptor, errno);
  if (type != SOCK_STREAM) throw CannotAdoptError(descriptor, "it is not a stream socket");
  const bool listens = detail::getOption(descriptor, SOL_SOCKET, SO_ACCEPTCONN) != 0;
  if (listens != listening)
    throw CannotAdoptError(descriptor, listens ? "it listens; adoptStreamPort() is for such" : "it does not listen; adoptStreamConnection() is for such");
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) throw cannot(descriptor, errno);
}

std::shared_ptr<Transport> adoptStreamConnection(Reactor& reactor, FileDescriptor descriptor) {
  detail::prepareToAdopt(descriptor.get(), false);
  detail::SocketAddress peer;
  if (::getpeername(descriptor.get(), peer.data(), &peer.length) != 0) throw cannot(descriptor.get(), errno);
  const int number = descriptor.get();
  try {
    return detail::SocketConnection::connected(detail::SocketLoop::of(reactor), descriptor.release(), peer.address(), true);
  } catch (const std::system_error& error) {
    throw CannotAdoptError(number, detail::systemErrorText(error.code().value()), error.code().value());
  }
}

std::unique_ptr<Port> adoptStreamPort(Reactor& reactor, FileDescriptor descriptor, std::shared_ptr<Factory> factory) {
  detail::prepareToAdopt(descriptor.get(), true);
  const int number = descriptor.get();
  try {
    return detail::SocketListener::start(detail::SocketLoop::of(reactor), std::move(descriptor), std::move(factory), nullptr, true);
  } catch (const std::system_error& error) {
    throw CannotAdoptError(number, detail::systemErrorText(error.code().value()), error.code().value());
  }
}

}  // namespace weft::net
