// SiteConnection: what a Site knows of its connections, whatever they speak.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/net/address.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <memory>
#include <utility>

namespace weft::http {
class Site;
}

namespace weft::http::detail {

/// For a client that does not take its last bytes.
inline constexpr Delay kLinger = 2;

/// Tells its Site when it is gone (Site::left()).
class SiteConnection : public net::Protocol, public std::enable_shared_from_this<SiteConnection> {
 public:
  SiteConnection(std::shared_ptr<Site> site, const net::Address& peer) : site_(std::move(site)), peer_(peer) {}

  /// Closes now if there is no request, else after the answers.
  virtual void closeSoon() = 0;
  virtual void closeNow() = 0;

  Clock& clock() const noexcept { return transport().clock(); }
  const net::Address& peer() const noexcept { return peer_; }

 protected:
  const std::shared_ptr<Site> site_;
  const net::Address peer_;
};

}  // namespace weft::http::detail
