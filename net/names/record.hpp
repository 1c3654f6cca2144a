// Record: one fact that the DNS knows about a name.
#pragma once

#include <weft/net/address.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weft::net {

/// The kinds of records that can be asked for, with their numbers in the DNS (RFC 1035 section 3.2.2, 3596, 2782).
enum class RecordType : std::uint16_t { A = 1, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28, SRV = 33 };

/// "A", "AAAA", …
std::string_view recordTypeName(RecordType type) noexcept;
/// In any case; nothing for a word that is none of them.
std::optional<RecordType> recordTypeFromName(std::string_view name) noexcept;

/// A, AAAA: an address, with port 0. Which of the two it is follows from the address.
struct AddressRecord {
  explicit AddressRecord(const Address& address) noexcept : address(address.withPort(0)) {}
  bool operator==(const AddressRecord&) const = default;
  Address address;
};

/// CNAME: the name is another one's alias.
struct CnameRecord {
  explicit CnameRecord(std::string target) : target(std::move(target)) {}
  bool operator==(const CnameRecord&) const = default;
  std::string target;
};

/// PTR: the name that belongs to a reverse name ("1.2.0.192.in-addr.arpa"; see reverseName()).
struct PtrRecord {
  explicit PtrRecord(std::string target) : target(std::move(target)) {}
  bool operator==(const PtrRecord&) const = default;
  std::string target;
};

/// MX: who takes mail; the lowest preference first.
struct MxRecord {
  MxRecord(std::uint16_t preference, std::string exchange) : preference(preference), exchange(std::move(exchange)) {}
  bool operator==(const MxRecord&) const = default;
  std::uint16_t preference;
  std::string exchange;
};

/// SRV: where a service runs (RFC 2782): the lowest priority first, among equals by weight. A target of "" says that there is no such service.
struct SrvRecord {
  SrvRecord(std::uint16_t priority, std::uint16_t weight, std::uint16_t port, std::string target)
      : priority(priority), weight(weight), port(port), target(std::move(target)) {}
  bool operator==(const SrvRecord&) const = default;
  std::uint16_t priority;
  std::uint16_t weight;
  std::uint16_t port;
  std::string target;
};

/// TXT: its strings, any bytes; most uses mean them joined.
struct TxtRecord {
  explicit TxtRecord(std::vector<std::string> strings) : strings(std::move(strings)) {}
  template <std::convertible_to<std::string_view> S> explicit TxtRecord(const S& text) : strings{std::string(std::string_view(text))} {}
  bool operator==(const TxtRecord&) const = default;
  std::string text() const;
  std::vector<std::string> strings;
};

/// A record with its owner and how long it may be used. Names are without the dot at their end; a byte that would be read as something else is escaped as in zone files
/// ("a\.b", "\007").
///
///     for (const Record& record : co_await resolver.lookup("_imap._tcp.example.com", RecordType::SRV))
///       if (const auto* service = record.as<SrvRecord>()) connectTo(service->target, service->port);
class Record {
 public:
  using Data = std::variant<AddressRecord, CnameRecord, PtrRecord, MxRecord, SrvRecord, TxtRecord>;
  Record(std::string name, std::chrono::seconds ttl, Data data) : name(std::move(name)), ttl(ttl), data(std::move(data)) {}
  bool operator==(const Record&) const = default;

  RecordType type() const noexcept;
  /// The record as a T, or null. Owned by the Record.
  template <class T> const T* as() const noexcept { return std::get_if<T>(&data); }
  /// As in a zone file: "example.com 300 MX 10 mail.example.com".
  std::string toString() const;
  /// About what it occupies in memory, in bytes.
  std::size_t size() const noexcept;

  std::string name;                                    // whose fact it is: behind the aliases that led there
  std::chrono::seconds ttl;                            // from when it was answered; no longer than that of any alias that led to it
  Data data;
};

/// The name under which the DNS keeps the PTR record of an address: "1.2.0.192.in-addr.arpa", "1.0.….ip6.arpa" (RFC 1035 section 3.5, 3596 section 2.5).
std::string reverseName(const Address& address);
/// The address of such a name, with port 0; nothing for any other name.
std::optional<Address> addressOfReverseName(std::string_view name) noexcept;

}  // namespace weft::net
