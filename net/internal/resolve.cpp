#include <weft/net/internal/resolve.hpp>

#include <weft/net/internal/socket.hpp>
#include <weft/net/names/error.hpp>
#include <weft/net/names/record.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include <netdb.h>

namespace weft::net::detail {

namespace {

[[noreturn]] void fail(const std::string& name, const std::string& question, int error, int systemError) {
  switch (error) {
    case EAI_NONAME: throw NameNotFound(name, question);
#ifdef EAI_NODATA
    case EAI_NODATA: throw NoData(name, question);
#endif
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY: throw NoData(name, question);
#endif
    case EAI_MEMORY: throw std::bad_alloc();
    case EAI_SYSTEM: throw ServerFailure(name, question, {}, systemErrorText(systemError));
    default: throw ServerFailure(name, question, {}, ::gai_strerror(error));
  }
}

}  // namespace

std::vector<Address> resolveBlocking(const std::string& host, Address::Family family) {
  const bool both = family == Address::Family::None;
  const std::string question = both ? "A, AAAA" : family == Address::Family::IPv4 ? "A" : "AAAA";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = both ? AF_UNSPEC : family == Address::Family::IPv4 ? AF_INET : AF_INET6;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found)) fail(host, question, error, errno);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    SocketAddress socketAddress;
    std::memcpy(&socketAddress.storage, entry->ai_addr, entry->ai_addrlen);
    const Address address = socketAddress.address().withPort(0);
    if (address && std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  if (addresses.empty()) throw NoData(host, question);
  return addresses;
}

std::string nameOfBlocking(const Address& address) {
  const SocketAddress of(address);
  char name[NI_MAXHOST];
  if (const int error = ::getnameinfo(of.data(), of.length, name, sizeof name, nullptr, 0, NI_NAMEREQD)) fail(reverseName(address), "PTR", error, errno);
  return name;
}

}  // namespace weft::net::detail
