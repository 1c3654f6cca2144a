// What can go wrong with a name.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/net/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

/// The root of what a Resolver says. `host` is the name; `port` is 0 where nobody was going to connect.
class NameError : public DNSLookupError {
 public:
  /// `question`: what was asked, in words ("A", "A, AAAA"). `servers`: who was asked, none where nobody was.
  NameError(const std::string& name, std::string question, std::vector<std::string> servers, std::string_view what);
  std::string question;
  std::vector<std::string> servers;
  /// How long the answer may be remembered, where the servers said so (RFC 2308).
  std::optional<std::chrono::seconds> ttl;

  /// The same error, of an attempt to connect to that port.
  virtual Failure withPort(std::uint16_t port) const = 0;
};

namespace detail {
template <class Self> class NameErrorOf : public NameError {
 public:
  using NameError::NameError;
  Failure withPort(std::uint16_t port) const override {
    Self copy(static_cast<const Self&>(*this));
    copy.port = port;
    return copy;
  }
};
}  // namespace detail

/// There is no such name (NXDOMAIN).
class NameNotFound : public detail::NameErrorOf<NameNotFound> {
 public:
  NameNotFound(const std::string& name, std::string question, std::vector<std::string> servers = {})
      : NameErrorOf(name, std::move(question), std::move(servers), "there is no such name") {}
};

/// The name exists, but has no record of that type.
class NoData : public detail::NameErrorOf<NoData> {
 public:
  NoData(const std::string& name, std::string question, std::vector<std::string> servers = {});
};

/// The servers could not, or would not, answer (SERVFAIL, REFUSED, NOTIMP, FORMERR, no way to them). It may go better later.
class ServerFailure : public detail::NameErrorOf<ServerFailure> {
 public:
  using NameErrorOf::NameErrorOf;
};

/// What came back is no DNS answer: cut short, or it contradicts itself.
class BadAnswer : public detail::NameErrorOf<BadAnswer> {
 public:
  using NameErrorOf::NameErrorOf;
};

/// No server answered in time.
class DNSTimeout : public detail::NameErrorOf<DNSTimeout> {
 public:
  DNSTimeout(const std::string& name, std::string question, std::vector<std::string> servers = {})
      : NameErrorOf(name, std::move(question), std::move(servers), "no answer in time") {}
};

/// This cannot be a name: nobody was asked. The text says what is wrong with it.
class BadName : public detail::NameErrorOf<BadName> {
 public:
  BadName(const std::string& name, std::string_view what) : NameErrorOf(name, {}, {}, what) {}
};

/// As many look-ups wait as may wait (DnsSettings::maxQueued).
class TooManyLookups : public detail::NameErrorOf<TooManyLookups> {
 public:
  TooManyLookups(const std::string& name, std::string question, std::size_t limit);
  std::size_t limit;
};

/// This resolver cannot ask for that type of record.
class LookupNotSupported : public detail::NameErrorOf<LookupNotSupported> {
 public:
  using NameErrorOf::NameErrorOf;
};

}  // namespace weft::net
