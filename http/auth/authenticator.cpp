#include <weft/http/auth/authenticator.hpp>

#include <utility>

namespace weft::http {

Authenticator& Authenticator::add(Credentials credentials) {
  const std::string origin = credentials.origin();
  entries_.insert_or_assign(origin, Entry(std::move(credentials)));
  return *this;
}

bool Authenticator::challenged(const Url& url, const std::vector<Challenge>& challenges, bool answered) {
  const auto found = entries_.find(url.origin());
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  std::optional<DigestAuth> best;
  bool basic = false, stale = false;
  for (const Challenge& challenge : challenges) {
    basic = basic || (challenge.scheme == "basic" && entry.credentials.username().find(':') == std::string::npos);
    auto digest = DigestAuth::answering(challenge, entry.credentials);
    if (!digest || (best && (best->isStrong() || !digest->isStrong()))) continue;
    best = std::move(digest);
    stale = isStale(challenge);
  }
  if (answered && !(best && stale)) return false;
  entry.basic = basic && !best;
  entry.digest = std::move(best);
  return entry.basic || entry.digest;
}

std::optional<std::string> Authenticator::authorization(const Url& url, std::string_view method, std::string_view target) {
  const auto found = entries_.find(url.origin());
  if (found == entries_.end()) return std::nullopt;
  Entry& entry = found->second;
  if (entry.digest) return entry.digest->authorization(method, target);
  if (entry.basic) return basicAuthorization(entry.credentials);
  return std::nullopt;
}

}  // namespace weft::http
