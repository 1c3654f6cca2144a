// The sessions that a client can go on with. For the .cpp files of net/tls: includes OpenSSL.
#pragma once

#include <weft/net/tls/internal/openssl.hpp>

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace weft::net::detail {

/// Sessions by server, a few of each; of the least recently used servers none. Any thread.
class SessionCache {
 public:
  static constexpr std::size_t kPerHost = 4;

  explicit SessionCache(std::size_t hosts) noexcept : limit_(hosts) {}

  void put(const std::string& host, SessionPointer session);
  /// The newest one, or null. Those of TLS 1.3 are given out once, so that nobody can tell by them that two connections are of the same client.
  SessionPointer take(const std::string& host);
  void clear();
  std::size_t hosts() const;
  std::size_t sessions() const;

 private:
  struct Host {
    std::string name;
    std::vector<SessionPointer> sessions;              // the newest last
  };
  using Hosts = std::list<Host>;

  mutable std::mutex mutex_;
  Hosts hosts_;                                        // the most recently used first
  std::unordered_map<std::string, Hosts::iterator> byName_;
  const std::size_t limit_;
};

}  // namespace weft::net::detail
