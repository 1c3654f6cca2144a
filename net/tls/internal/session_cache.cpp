#include <weft/net/tls/internal/session_cache.hpp>

#include <utility>

namespace weft::net::detail {

void SessionCache::put(const std::string& host, SessionPointer session) {
  if (limit_ == 0) return;
  const std::lock_guard lock(mutex_);
  const auto found = byName_.find(host);
  if (found != byName_.end()) {
    hosts_.splice(hosts_.begin(), hosts_, found->second);
  } else {
    if (hosts_.size() == limit_) {
      byName_.erase(hosts_.back().name);
      hosts_.pop_back();
    }
    hosts_.push_front({host, {}});
    byName_.emplace(host, hosts_.begin());
  }
  auto& sessions = hosts_.front().sessions;
  if (sessions.size() == kPerHost) sessions.erase(sessions.begin());
  sessions.push_back(std::move(session));
}

SessionPointer SessionCache::take(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = byName_.find(host);
  if (found == byName_.end()) return nullptr;
  hosts_.splice(hosts_.begin(), hosts_, found->second);
  auto& sessions = found->second->sessions;
  SSL_SESSION* const newest = sessions.back().get();
  if (SSL_SESSION_get_protocol_version(newest) < TLS1_3_VERSION && SSL_SESSION_is_resumable(newest)) {
    SSL_SESSION_up_ref(newest);
    return SessionPointer(newest);
  }
  SessionPointer session = std::move(sessions.back());
  sessions.pop_back();
  if (sessions.empty()) {
    hosts_.erase(found->second);
    byName_.erase(found);
  }
  return session;
}

void SessionCache::clear() {
  const std::lock_guard lock(mutex_);
  byName_.clear();
  hosts_.clear();
}

std::size_t SessionCache::hosts() const {
  const std::lock_guard lock(mutex_);
  return hosts_.size();
}

std::size_t SessionCache::sessions() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const Host& host : hosts_) count += host.sessions.size();
  return count;
}

}  // namespace weft::net::detail
