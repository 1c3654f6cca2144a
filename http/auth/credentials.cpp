#include <weft/http/auth/credentials.hpp>

#include <weft/http/base64.hpp>

#include <algorithm>
#include <utility>

namespace weft::http {

Credentials::Credentials(std::string_view origin, std::string username, std::string password)
    : origin_(Url(origin).origin()), username_(std::move(username)), password_(std::move(password)) {
  if (origin_ == "null") throw AuthError("credentials for \"" + std::string(origin.substr(0, 200)) + "\": this URL has no origin; name one such as https://example.com");
  const auto hasControl = [](const std::string& text) { return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }); };
  if (hasControl(username_)) throw AuthError("credentials for " + origin_ + ": the user name contains a control character");
  if (hasControl(password_)) throw AuthError("credentials for " + origin_ + ": the password contains a control character");
}

std::string basicAuthorization(const Credentials& credentials) {
  if (credentials.username().find(':') != std::string::npos) throw AuthError("credentials for " + credentials.origin() + ": the Basic scheme cannot carry a user name with a ':'");
  return "Basic " + base64Encode(credentials.username() + ":" + credentials.password());
}

}  // namespace weft::http
