// Challenge: the fields WWW-Authenticate and Proxy-Authenticate.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// One way to authenticate that a server offers: Digest realm="x", nonce="y". RFC 9110 section 11.6.
class Challenge {
 public:
  std::string scheme;                    ///< "digest", in lower case
  std::string token68;                   ///< what stands in place of parameters: of Negotiate, for example
  std::vector<std::pair<std::string, std::string>> parameters;   ///< names in lower case; repeated ones only the first time

  /// The value of this parameter (in lower case).
  std::optional<std::string_view> parameter(std::string_view name) const noexcept;
  std::string_view realm() const noexcept { return parameter("realm").value_or(std::string_view()); }

  friend bool operator==(const Challenge&, const Challenge&) = default;
};

/// All challenges of a field, which may hold several: Basic realm="a", Digest realm="b", nonce="c". Of several fields after Headers::getCombined(). What is
/// malformed is passed over up to the next comma. RFC 9110 sections 11.2 and 11.6.1.
std::vector<Challenge> parseChallenges(std::string_view text);

}  // namespace weft::http
