#include <weft/net/names/system_resolver.hpp>

#include <weft/defer/threads.hpp>
#include <weft/net/internal/resolve.hpp>

#include <utility>

namespace weft::net {

Deferred<HostAddresses> SystemResolver::addressesOf(std::string host) {
  return deferToThread(reactor_, [host = std::move(host)] {
    return HostAddresses(detail::resolveBlocking(host, Address::Family::None), std::chrono::seconds(0));
  });
}

Deferred<std::vector<Record>> SystemResolver::recordsOf(std::string name, RecordType type) {
  using Records = std::vector<Record>;
  constexpr std::chrono::seconds kUnknown(0);
  if (type == RecordType::PTR) {
    const auto address = addressOfReverseName(name);
    if (!address) return fail<Records>(NameNotFound(name, "PTR"));
    return deferToThread(reactor_, [name = std::move(name), address = *address, kUnknown] {
      return Records{Record(name, kUnknown, PtrRecord(detail::nameOfBlocking(address)))};
    });
  }
  if (type != RecordType::A && type != RecordType::AAAA) {
    return fail<Records>(LookupNotSupported(name, std::string(recordTypeName(type)), {},
                                            "the system's resolver knows A, AAAA and PTR; ask a DnsResolver"));
  }
  const auto family = type == RecordType::A ? Address::Family::IPv4 : Address::Family::IPv6;
  return deferToThread(reactor_, [name = std::move(name), family, kUnknown] {
    Records records;
    for (const Address& address : detail::resolveBlocking(name, family)) records.emplace_back(name, kUnknown, AddressRecord(address));
    return records;
  });
}

}  // namespace weft::net
