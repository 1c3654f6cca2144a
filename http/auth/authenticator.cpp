#include <weft/http/auth/authenticator.hpp>

#include <algorithm>
#include <utility>

namespace weft::http {

const Credentials* Authenticator::Entry::forRealm(std::string_view realm) const noexcept {
  const Credentials* general = nullptr;
  for (const Credentials& one : credentials) {
    if (!one.realm()) general = &one;
    else if (*one.realm() == realm) return &one;
  }
  return general;
}

Authenticator& Authenticator::add(Credentials credentials) {
  Entry& entry = entries_[credentials.origin()];
  const auto same = std::find_if(entry.credentials.begin(), entry.credentials.end(), [&](const Credentials& one) { return one.realm() == credentials.realm(); });
  if (same != entry.credentials.end() || credentials.basicAtOnce()) {    // what was learned with others holds no more
    entry.basic = credentials.basicAtOnce() ? basicAuthorization(credentials) : std::string();
    entry.digest.reset();
    entry.asked = false;
  }
  if (same == entry.credentials.end()) entry.credentials.push_back(std::move(credentials));
  else *same = std::move(credentials);
  return *this;
}

const Credentials* Authenticator::find(const Url& url, std::string_view realm) const {
  const auto found = entries_.find(url.origin());
  return found == entries_.end() ? nullptr : found->second.forRealm(realm);
}

bool Authenticator::challenged(const Url& url, const std::vector<Challenge>& challenges, bool answered) {
  const auto found = entries_.find(url.origin());
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  std::optional<DigestAuth> digest;
  std::string basic, realm;
  bool fresh = !answered;                // is the best answer one that was not refused just now?
  for (const Challenge& challenge : challenges) {
    const Credentials* credentials = entry.forRealm(challenge.realm());
    if (!credentials) continue;
    const bool otherRealm = entry.asked && challenge.realm() != entry.realm;
    if (auto better = DigestAuth::answering(challenge, *credentials); better && (!digest || (better->isStrong() && !digest->isStrong()))) {
      // Basic sent at once was no answer to this: nobody had asked for a digest.
      fresh = !answered || isStale(challenge) || otherRealm || !entry.digest;
      digest = std::move(better);
      realm = challenge.realm();
    } else if (!digest && basic.empty() && challenge.scheme == "basic" && credentials->username().find(':') == std::string::npos) {
      basic = basicAuthorization(*credentials);
      realm = challenge.realm();
      fresh = !answered || otherRealm || basic != entry.basic;
    }
  }
  if (!fresh || (!digest && basic.empty())) return false;
  entry.basic = digest ? std::string() : std::move(basic);
  entry.digest = std::move(digest);
  entry.realm = std::move(realm);
  entry.asked = true;
  return true;
}

std::optional<std::string> Authenticator::authorization(const Url& url, std::string_view method, std::string_view target) {
  const auto found = entries_.find(url.origin());
  if (found == entries_.end()) return std::nullopt;
  Entry& entry = found->second;
  if (entry.digest) return entry.digest->authorization(method, target);
  if (!entry.basic.empty()) return entry.basic;
  return std::nullopt;
}

}  // namespace weft::http
