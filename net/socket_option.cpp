#include <weft/net/socket_option.hpp>

#include <weft/net/internal/socket_connection.hpp>

#include <cerrno>
#include <string>

namespace weft::net {

SocketOptionError::SocketOptionError(std::string_view doing, int level, int name, int systemError)
    : Error(std::string(doing) + " option " + std::to_string(name) + " of level " + std::to_string(level) + ": " +
            (systemError == ENOTSOCK ? "this transport has no socket" : detail::systemErrorText(systemError))),
      systemError(systemError) {}

namespace detail {

void setRawOption(Transport& transport, int level, int name, int value) {
  auto* const connection = dynamic_cast<SocketConnection*>(&transport);
  if (!connection || connection->descriptor() < 0) throw SocketOptionError("setting", level, name, ENOTSOCK);
  if (::setsockopt(connection->descriptor(), level, name, &value, sizeof value) != 0) throw SocketOptionError("setting", level, name, errno);
}

int getRawOption(const Transport& transport, int level, int name) {
  const auto* const connection = dynamic_cast<const SocketConnection*>(&transport);
  if (!connection || connection->descriptor() < 0) throw SocketOptionError("reading", level, name, ENOTSOCK);
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(connection->descriptor(), level, name, &value, &length) != 0) throw SocketOptionError("reading", level, name, errno);
  return value;
}

}  // namespace detail
}  // namespace weft::net
