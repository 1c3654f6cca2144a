#include <weft/http/auth/digest_auth.hpp>

#include <weft/http/internal/field_reader.hpp>
#include <weft/http/internal/quoted_string.hpp>
#include <weft/net/digest.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace weft::http {
namespace {

void appendParameter(std::string& out, std::string_view name, std::string_view value) {
  out.append(", ").append(name).append("=");
  detail::appendQuotedString(out, value);
}

// Is `wanted` in the comma-separated list?
bool lists(std::string_view list, std::string_view wanted) noexcept {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equalIgnoringCase(trimmed(list.substr(0, comma)), wanted)) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

}  // namespace

std::optional<DigestAuth> DigestAuth::answering(const Challenge& challenge, Credentials credentials) {
  const auto nonce = challenge.parameter("nonce");
  if (challenge.scheme != "digest" || !nonce) return std::nullopt;
  const std::string_view algorithm = challenge.parameter("algorithm").value_or("MD5");
  DigestAuth digest(std::move(credentials));
  digest.session_ = algorithm.size() > 5 && equalIgnoringCase(algorithm.substr(algorithm.size() - 5), "-sess");
  const std::string_view function = algorithm.substr(0, algorithm.size() - (digest.session_ ? 5 : 0));
  digest.strong_ = equalIgnoringCase(function, "SHA-256");
  if (!digest.strong_ && !equalIgnoringCase(function, "MD5")) return std::nullopt;
  if (challenge.parameter("algorithm")) digest.algorithm_ = algorithm;
  if (const auto qop = challenge.parameter("qop")) {
    if (!lists(*qop, "auth")) return std::nullopt;
    digest.qop_ = true;
  }
  digest.realm_ = challenge.realm();
  digest.nonce_ = *nonce;
  if (const auto opaque = challenge.parameter("opaque")) digest.opaque_ = std::string(*opaque);
  digest.userhash_ = equalIgnoringCase(challenge.parameter("userhash").value_or(""), "true");
  digest.clientNonce_ = net::toHex(net::randomBytes(16));
  return digest;
}

DigestAuth& DigestAuth::setClientNonce(std::string value) {
  clientNonce_ = std::move(value);
  secret_.clear();
  return *this;
}

std::string DigestAuth::hash(std::string_view text) const { return net::hexDigest(strong_ ? net::DigestKind::Sha256 : net::DigestKind::Md5, text); }

std::string DigestAuth::authorization(std::string_view method, std::string_view target) {
  const std::string& user = credentials_.username();
  if (secret_.empty()) {                                 // section 3.4.2
    secret_ = hash(user + ":" + realm_ + ":" + credentials_.password());
    if (session_) secret_ = hash(secret_ + ":" + nonce_ + ":" + clientNonce_);
  }
  const std::string request = hash(std::string(method) + ":" + std::string(target));
  char count[9];
  std::snprintf(count, sizeof count, "%08x", ++nonceCount_);
  const std::string response = qop_ ? hash(secret_ + ":" + nonce_ + ":" + count + ":" + clientNonce_ + ":auth:" + request) : hash(secret_ + ":" + nonce_ + ":" + request);

  std::string text = "Digest ";
  const bool ascii = std::all_of(user.begin(), user.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  std::string fields;
  if (userhash_)
    appendParameter(fields, "username", hash(user + ":" + realm_));
  else if (ascii)
    appendParameter(fields, "username", user);
  else                                                   // section 3.4, in RFC 8187's form
    detail::appendExtendedValue(fields += ", username*=", user);
  appendParameter(fields, "realm", realm_);
  appendParameter(fields, "uri", target);
  if (!algorithm_.empty()) fields.append(", algorithm=").append(algorithm_);
  appendParameter(fields, "nonce", nonce_);
  if (qop_) {
    fields.append(", nc=").append(count);
    appendParameter(fields, "cnonce", clientNonce_);
    fields += ", qop=auth";
  } else if (session_) {
    appendParameter(fields, "cnonce", clientNonce_);        // the server cannot compute H(A1) without it
  }
  appendParameter(fields, "response", response);
  if (opaque_) appendParameter(fields, "opaque", *opaque_);
  if (userhash_) fields += ", userhash=true";
  return text.append(fields, 2);
}

bool isStale(const Challenge& challenge) noexcept { return equalIgnoringCase(challenge.parameter("stale").value_or(""), "true"); }

}  // namespace weft::http
