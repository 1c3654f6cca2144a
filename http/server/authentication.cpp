#include <weft/http/server/authentication.hpp>

#include <weft/http/base64.hpp>
#include <weft/http/header_values/challenge.hpp>
#include <weft/http/internal/quoted_string.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/net/digest.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace weft::http {
namespace {

std::string quotedText(std::string_view text) {
  std::string out;
  detail::appendQuotedString(out, text);
  return out;
}

Failure asked(std::vector<std::string> challenges) {
  StatusError error(401);
  for (const std::string& challenge : challenges) error.headers.add("WWW-Authenticate", challenge);
  return Failure(std::move(error));
}

std::optional<std::pair<std::string, std::string>> basicCredentials(const Request& request) {
  const std::string_view field = request.headers.get("Authorization", "");
  if (field.size() < 6 || !equalIgnoringCase(field.substr(0, 6), "Basic ")) return std::nullopt;
  const auto text = base64Decode(trimmed(field.substr(6)));
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return std::pair(text->substr(0, colon), text->substr(colon + 1));
}

// ---- Digest

class DigestGate {
 public:
  DigestGate(std::string realm, std::function<std::optional<std::string>(const std::string&)> passwordOf, Clock& clock, DigestOptions options)
      : realm_(std::move(realm)), passwordOf_(std::move(passwordOf)), clock_(clock), options_(options), secret_(net::randomBytes(32)) {}

  // Whom the request is of; otherwise what to ask.
  Outcome<std::string> check(const Request& request) {
    const auto parsed = parseChallenges(request.headers.get("Authorization", ""));       // the same grammar
    if (parsed.empty() || parsed.front().scheme != "digest") return challenge(false);
    const Challenge& given = parsed.front();
    const auto value = [&](std::string_view name) { return std::string(given.parameter(name).value_or("")); };
    const std::string algorithm = value("algorithm").empty() ? "MD5" : value("algorithm");
    const bool strong = equalIgnoringCase(algorithm, "SHA-256");
    if (!strong && !(options_.offerMd5 && equalIgnoringCase(algorithm, "MD5"))) return challenge(false);
    const std::string nonce = value("nonce"), user = value("username"), count = value("nc"), target = value("uri");
    if (given.realm() != realm_ || value("qop") != "auth" || target != request.target) return challenge(false);
    const auto age = ageOf(nonce);
    if (!age) return challenge(false);
    const auto hash = [strong](const std::string& text) { return net::hexDigest(strong ? net::DigestKind::Sha256 : net::DigestKind::Md5, text); };
    const auto password = passwordOf_(user);
    const std::string a1 = hash(user + ":" + realm_ + ":" + password.value_or(""));
    const std::string a2 = hash(request.method() + ":" + target);
    const std::string wanted = hash(a1 + ":" + nonce + ":" + count + ":" + value("cnonce") + ":auth:" + a2);
    if (!sameSecret(value("response"), wanted) || !password) return challenge(false);
    if (*age > options_.nonceLifetime.value() || !isNew(nonce, count)) return challenge(true);
    return user;
  }

 private:
  static constexpr std::size_t kNonces = 10'000;

  std::string signatureOf(std::string_view time) const { return net::hexDigest(net::DigestKind::Sha256, secret_ + std::string(time) + secret_); }

  Failure challenge(bool stale) {
    std::string time = std::to_string(clock_.now().count());
    time.insert(0, 20 - std::min<std::size_t>(20, time.size()), '0');      // so that nonces sort by age
    const std::string nonce = time + "-" + signatureOf(time);
    std::vector<std::string> all;
    for (const char* algorithm : {"SHA-256", "MD5"}) {
      if (algorithm[0] == 'M' && !options_.offerMd5) continue;
      all.push_back("Digest realm=" + quotedText(realm_) + ", qop=\"auth\", algorithm=" + algorithm + ", nonce=\"" + nonce + "\"" + (stale ? ", stale=true" : "") + ", charset=UTF-8");
    }
    return asked(std::move(all));
  }

  // Of a nonce that this gate has made.
  std::optional<std::chrono::nanoseconds> ageOf(std::string_view nonce) const {
    const std::size_t dash = nonce.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view time = nonce.substr(0, dash);
    if (!sameSecret(nonce.substr(dash + 1), signatureOf(time))) return std::nullopt;
    std::int64_t made = 0;
    std::from_chars(time.data(), time.data() + time.size(), made);
    return clock_.now() - std::chrono::nanoseconds(made);
  }

  // Has this count of the nonce not been used? The oldest nonces are forgotten when there are many, and are then too old.
  bool isNew(const std::string& nonce, const std::string& text) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count, 16);
    if (error != std::errc() || end != text.data() + text.size() || text.size() != 8) return false;
    if (nonce <= forgotten_) return false;
    std::uint32_t& last = counts_[nonce];
    if (count <= last) return false;
    last = count;
    if (counts_.size() > kNonces) {
      forgotten_ = counts_.begin()->first;
      counts_.erase(counts_.begin());
    }
    return true;
  }

  const std::string realm_;
  const std::function<std::optional<std::string>(const std::string&)> passwordOf_;
  Clock& clock_;
  const DigestOptions options_;
  const std::string secret_;
  std::map<std::string, std::uint32_t> counts_;
  std::string forgotten_;
};

}  // namespace

Layer basicAuthentication(std::string realm, PasswordCheck check) {
  const auto challenge = "Basic realm=" + quotedText(realm) + ", charset=\"UTF-8\"";
  return [challenge, check = std::make_shared<const PasswordCheck>(std::move(check))](Request request, const Handler& next) -> Deferred<Response> {
    auto credentials = basicCredentials(request);
    if (!credentials) return fail<Response>(asked({challenge}));
    const std::string user = credentials->first;
    return (*check)(std::move(credentials->first), std::move(credentials->second))
        .addCallback([request = std::move(request), &next, user, challenge](bool good) mutable -> Deferred<Response> {
          if (!good) return fail<Response>(asked({challenge}));
          request.attach(std::make_shared<User>(User{user}));
          return next(std::move(request));
        });
  };
}

Layer digestAuthentication(std::string realm, std::function<std::optional<std::string>(const std::string& user)> passwordOf, Clock& clock, DigestOptions options) {
  const auto gate = std::make_shared<DigestGate>(std::move(realm), std::move(passwordOf), clock, options);
  return [gate](Request request, const Handler& next) -> Deferred<Response> {
    Outcome<std::string> user = gate->check(request);
    if (!user) return fail<Response>(std::move(user.failure()));
    request.attach(std::make_shared<User>(User{std::move(*user)}));
    return next(std::move(request));
  };
}

bool sameSecret(std::string_view a, std::string_view b) noexcept {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  return difference == 0;
}

}  // namespace weft::http
