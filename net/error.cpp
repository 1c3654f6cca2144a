#include <weft/net/error.hpp>

#include <weft/net/address.hpp>

#include <cctype>
#include <system_error>
#include <utility>

namespace weft::net {

namespace detail {

std::string systemErrorText(int systemError) {
  std::string text = std::generic_category().message(systemError);
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])))
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace detail

namespace {

std::string_view plural(double count) { return count == 1 ? "" : "s"; }

std::string number(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::string hostAndPort(std::string_view host, std::uint16_t port) {
  std::string text;
  text.reserve(host.size() + 8);
  const bool brackets = host.find(':') != std::string_view::npos;
  if (brackets) text += '[';
  text += host;
  if (brackets) text += ']';
  text += ':';
  text += std::to_string(port);
  return text;
}

ConnectError::ConnectError(std::string host, std::uint16_t port, std::string_view what, int systemError)
    : Error("connecting to " + hostAndPort(host, port) + ": " + std::string(what)), host(std::move(host)), port(port),
      systemError(systemError) {}

ConnectError::ConnectError(Text text, std::string host, std::uint16_t port, int systemError)
    : Error(text.all), host(std::move(host)), port(port), systemError(systemError) {}

ConnectError::ConnectError(const Address& to, std::string_view what, int systemError)
    : Error("connecting to " + to.toString() + ": " + std::string(what)), host(to.host()), port(to.port()), systemError(systemError) {}

ConnectTimeout::ConnectTimeout(std::string host, std::uint16_t port, double seconds, std::string_view more)
    : ConnectError(std::move(host), port,
                   "no connection after " + number(seconds) + " second" + std::string(plural(seconds)) + std::string(more)),
      seconds(seconds) {}

ConnectTimeout::ConnectTimeout(const Address& to, double seconds)
    : ConnectError(to, "no connection after " + number(seconds) + " second" + std::string(plural(seconds))), seconds(seconds) {}

CannotListenError::CannotListenError(std::string interface, std::uint16_t port, std::string_view what, int systemError)
    : Error("listening on " + hostAndPort(interface.empty() ? "*" : interface, port) + ": " + std::string(what)),
      interface(std::move(interface)), port(port), systemError(systemError) {}

CannotListenError::CannotListenError(const Address& at, std::string_view what, int systemError)
    : Error("listening on " + at.toString() + ": " + std::string(what)), interface(at.host()), port(at.port()), systemError(systemError) {}

ConnectionLost::ConnectionLost(std::string_view what, int systemError)
    : ConnectionClosed("the connection was lost: " + std::string(what)), systemError(systemError) {}

WriteBufferFull::WriteBufferFull(std::size_t limit)
    : ConnectionAborted("the peer does not read, and " + std::to_string(limit) + " bytes wait for it already"), limit(limit) {}

IncompleteReadError::IncompleteReadError(std::string_view expected, std::string partial)
    : StreamError("the connection ended before " + std::string(expected) + " had come; " + std::to_string(partial.size()) +
                  " bytes had"),
      partial(std::move(partial)) {}

LimitExceeded::LimitExceeded(std::size_t limit)
    : StreamError("no delimiter within " + std::to_string(limit) + " bytes"), limit(limit) {}

}  // namespace weft::net
