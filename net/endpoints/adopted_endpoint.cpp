#include <weft/net/endpoints/adopted_endpoint.hpp>

#include <weft/net/adopt.hpp>
#include <weft/net/internal/adopting.hpp>
#include <weft/net/internal/socket.hpp>

#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

namespace weft::net {

namespace {

constexpr int kFirst = 3;                              // SD_LISTEN_FDS_START
constexpr long kMost = 1024;

std::optional<long> number(const char* text) {
  if (!text) return std::nullopt;
  const std::string_view all(text);
  long value = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), value);
  if (error != std::errc() || end != all.data() + all.size()) return std::nullopt;
  return value;
}

}  // namespace

AdoptedStreamServerEndpoint::AdoptedStreamServerEndpoint(Reactor& reactor, int descriptor) : reactor_(reactor) {
  detail::prepareToAdopt(descriptor, true);
  descriptor_ = FileDescriptor::copyOf(descriptor);
  host_ = detail::localAddress(descriptor);
}

Deferred<std::unique_ptr<Port>> AdoptedStreamServerEndpoint::listen(std::shared_ptr<Factory> factory) {
  return maybeDeferred([&] {
    const auto cannot = [&](int error) { return CannotListenError(host_, detail::systemErrorText(error), error); };
    try {
      return adoptStreamPort(reactor_, FileDescriptor::copyOf(descriptor_.get()), std::move(factory));
    } catch (const std::system_error& error) {
      throw cannot(error.code().value());
    } catch (const CannotAdoptError& error) {
      throw cannot(error.systemError);
    }
  });
}

ListenFDs ListenFDs::fromEnvironment() {
  return fromValues(std::getenv("LISTEN_PID"), std::getenv("LISTEN_FDS"), std::getenv("LISTEN_FDNAMES"), static_cast<long>(::getpid()));
}

ListenFDs ListenFDs::fromValues(const char* pid, const char* count, const char* names, long ownPid) {
  ListenFDs sockets;
  const auto descriptors = number(count);
  if (number(pid) != ownPid || !descriptors || *descriptors < 1 || *descriptors > kMost) return sockets;
  for (long i = 0; i < *descriptors; ++i) sockets.descriptors_.push_back(kFirst + static_cast<int>(i));
  for (std::string_view rest(names ? names : ""); !rest.empty();) {
    const std::size_t colon = rest.find(':');
    sockets.names_.emplace_back(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  return sockets;
}

std::vector<int> ListenFDs::named(std::string_view name) const {
  std::vector<int> found;
  for (std::size_t i = 0; i < descriptors_.size() && i < names_.size(); ++i)
    if (names_[i] == name) found.push_back(descriptors_[i]);
  return found;
}

}  // namespace weft::net
