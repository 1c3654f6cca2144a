// PoolConnection: what a Pool knows of its connections, whatever they speak.
#pragma once

#include <weft/http/client/internal/pool.hpp>
#include <weft/net/address.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/tls/facts.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace weft::http::detail {

class BodyStream;

/// A body's memory is taken in one piece when its length is known, as far as that is believed before anything has come.
inline constexpr std::uint64_t kBelieved = 1024 * 1024;

/// The protocol of a pooled connection. Owned by its transport; known to the pool until it tells the pool that it is gone (Pool::removed()).
class PoolConnection : public net::Protocol {
 public:
  PoolConnection(Pool& pool, Host& host, const net::Address& peer, std::shared_ptr<const net::TlsFacts> tls)
      : pool_(&pool), host_(&host), peer_(peer), tls_(std::move(tls)) {}

  /// Sends the exchange's request. The connection must be idle, or have room.
  virtual void start(Exchange& exchange, std::chrono::nanoseconds now) = 0;
  /// Stops what it does for that exchange, which is the caller's from now on.
  virtual void drop(Exchange& exchange) = 0;
  /// Closes an idle connection.
  virtual void close() = 0;
  /// The pool goes. Gives each exchange to `end`, and the bodies on their way, with the connection's reference to them, to `bodies`; then it is closed.
  virtual void endAll(const std::function<void(Exchange&)>& end, std::vector<BodyStream*>& bodies) = 0;
  virtual void setIdle() = 0;
  /// Has it been given a request before?
  virtual bool served() const noexcept = 0;
  /// Does it carry several requests at once, and could carry one more?
  virtual bool hasRoom() const noexcept { return false; }
  virtual bool isHttp2() const noexcept { return false; }

  Host& host() const noexcept { return *host_; }
  const net::Address& peer() const noexcept { return peer_; }
  const std::shared_ptr<const net::TlsFacts>& tls() const noexcept { return tls_; }
  void forgetPool() noexcept { pool_ = nullptr; }

  // The pool's own notes.
  std::size_t index = 0;               // in its list of all
  PoolConnection* idleNext = nullptr;
  PoolConnection* idlePrevious = nullptr;
  bool isIdle = false;

 protected:
  Pool* pool_;
  Host* host_;
  const net::Address peer_;
  const std::shared_ptr<const net::TlsFacts> tls_;
};

}  // namespace weft::http::detail
