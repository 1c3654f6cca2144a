#include <weft/net/internal/resolve.hpp>

#include <weft/net/error.hpp>
#include <weft/net/internal/socket.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <netdb.h>

namespace weft::net::detail {

std::vector<Address> resolveBlocking(const std::string& host, std::uint16_t port) {
  if (host.empty()) throw DNSLookupError(host, port, "the host's name is empty");
  if (host.find('\0') != std::string::npos) throw DNSLookupError(host, port, "the host's name contains a NUL byte");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error == EAI_SYSTEM) throw DNSLookupError(host, port, systemErrorText(errno), errno);
  if (error) throw DNSLookupError(host, port, std::string("looking up the name: ") + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    SocketAddress socketAddress;
    std::memcpy(&socketAddress.storage, entry->ai_addr, entry->ai_addrlen);
    const Address address = socketAddress.address().withPort(port);
    if (address && std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  if (addresses.empty()) throw DNSLookupError(host, port, "the name has no address");
  return addresses;
}

}  // namespace weft::net::detail
