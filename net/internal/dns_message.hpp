// DNS answers, as they come from the wire.
#pragma once

#include <weft/net/names/record.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net::detail {

/// What an answer says to one question.
struct DnsAnswer {
  int code = 0;                                        // RFC 1035 section 4.1.1: 0 no error, 3 no such name
  std::vector<Record> records;                         // of the type asked for, behind the aliases
  std::optional<std::chrono::seconds> negativeTtl;     // how long a "no" may be remembered (RFC 2308 section 5)
};

/// Reads an answer (RFC 1035 section 4). Records that do not belong to the question, or to what its aliases lead to, are left out. Nothing where the message contradicts itself: it ends too
/// early, a name points forward or in a circle, a length does not fit, aliases go in a circle.
std::optional<DnsAnswer> parseDnsAnswer(std::span<const unsigned char> message, std::string_view name, RecordType type);

/// What a message answers, and with which code: "refused", to which question? Nothing where it has no question that can be read.
struct DnsQuestion {
  int code;
  std::string name;
  unsigned type;
};
std::optional<DnsQuestion> questionOfDnsAnswer(std::span<const unsigned char> message);

}  // namespace weft::net::detail
