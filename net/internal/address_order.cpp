#include <weft/net/internal/address_order.hpp>

#include <weft/net/internal/socket.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <unistd.h>

namespace weft::net::detail {

namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct Policy {
  Bytes bytes;
  int prefix;
  int precedence;
  int label;
};

// RFC 6724 section 2.1; IPv4 addresses are looked up as mapped ones.
constexpr std::array<Policy, 9> kPolicies{{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, 50, 0},
                                           {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 35, 4},
                                           {{}, 96, 1, 3},
                                           {{0x20, 0x01}, 32, 5, 5},
                                           {{0x20, 0x02}, 16, 30, 2},
                                           {{0x3f, 0xfe}, 16, 1, 12},
                                           {{0xfe, 0xc0}, 10, 1, 11},
                                           {{0xfc}, 7, 3, 13},
                                           {{}, 0, 40, 1}}};

int commonBits(const Bytes& a, const Bytes& b, int most) noexcept {
  for (int bit = 0; bit < most; ++bit)
    if (((a[static_cast<std::size_t>(bit / 8)] ^ b[static_cast<std::size_t>(bit / 8)]) >> (7 - bit % 8)) & 1) return bit;
  return most;
}

Bytes mapped(const Address& address) noexcept {
  if (address.family() == Address::Family::IPv6) return address.bytes();
  Bytes bytes{};
  bytes[10] = bytes[11] = 0xff;
  std::copy_n(address.bytes().begin(), 4, bytes.begin() + 12);
  return bytes;
}

const Policy& policyOf(const Bytes& bytes) noexcept {
  for (const Policy& policy : kPolicies)
    if (commonBits(bytes, policy.bytes, policy.prefix) == policy.prefix) return policy;
  return kPolicies.back();
}

// RFC 6724 section 3.1 and 3.2.
int scopeOf(const Address& address) noexcept {
  constexpr int kLinkLocal = 2, kSiteLocal = 5, kGlobal = 14;
  const Bytes& bytes = address.bytes();
  if (address.family() == Address::Family::IPv4) return bytes[0] == 127 || (bytes[0] == 169 && bytes[1] == 254) ? kLinkLocal : kGlobal;
  if (bytes[0] == 0xff) return bytes[1] & 15;
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) return kLinkLocal;
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0) return kSiteLocal;
  static constexpr Bytes loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return bytes == loopback ? kLinkLocal : kGlobal;
}

struct Candidate {
  Address address;
  bool usable;
  bool scopeMatches;
  bool labelMatches;
  int precedence;
  int scope;
  int prefix;                                          // in common with its source; of IPv4 0, so that equal servers share the load
};

bool before(const Candidate& a, const Candidate& b) noexcept {
  if (a.usable != b.usable) return a.usable;
  if (a.scopeMatches != b.scopeMatches) return a.scopeMatches;
  if (a.labelMatches != b.labelMatches) return a.labelMatches;
  if (a.precedence != b.precedence) return a.precedence > b.precedence;
  if (a.scope != b.scope) return a.scope < b.scope;
  return a.prefix > b.prefix;
}

}  // namespace

void sortAddresses(std::vector<Address>& addresses, const std::function<Address(const Address&)>& sourceFor) {
  if (addresses.size() < 2) return;
  std::vector<Candidate> candidates;
  candidates.reserve(addresses.size());
  for (const Address& address : addresses) {
    const Address source = sourceFor(address);
    const Bytes to = mapped(address);
    const Bytes from = mapped(source);
    const Policy& policy = policyOf(to);
    const bool six = address.family() == Address::Family::IPv6;
    candidates.push_back({address, bool(source), source && scopeOf(source) == scopeOf(address), source && policyOf(from).label == policy.label, policy.precedence,
                          scopeOf(address), six && source ? commonBits(to, from, 64) : 0});
  }
  std::stable_sort(candidates.begin(), candidates.end(), before);
  for (std::size_t i = 0; i < candidates.size(); ++i) addresses[i] = candidates[i].address;
}

Address sourceAddressFor(const Address& destination) noexcept {
  const int socket = ::socket(familyOf(destination), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {};
  const SocketAddress to(destination.withPort(destination.port() ? destination.port() : 53));
  Address source;
  if (::connect(socket, to.data(), to.length) == 0) source = localAddress(socket);      // of UDP: nothing is sent
  ::close(socket);
  return source;
}

}  // namespace weft::net::detail
