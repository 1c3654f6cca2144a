// ProxySettings: which requests go through which proxy.
#pragma once

#include <weft/http/error.hpp>
#include <weft/http/url.hpp>
#include <weft/net/address_range.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

/// A proxy, or an exception, that cannot be understood. Names the setting or the variable it came from; never the password.
class ProxySettingsError : public Error {
 public:
  using Error::Error;
};

/// Through which proxy a URL is fetched, if any: a proxy for each scheme, and hosts that are reached without one. A value.
///
///     ProxySettings().all("http://127.0.0.1:3128").except("localhost,.example.com,10.0.0.0/8")
///     ProxySettings::fromEnvironment()
///
/// A proxy is a URL: `http://` and `https://` (itself over TLS) are HTTP proxies, `socks5h://` is a SOCKS5 proxy that looks names up, `socks5://` one that gets addresses. Without a scheme it
/// is an HTTP proxy. Without a port: 80, 443, 1080.
class ProxySettings {
 public:
  /// No proxy.
  ProxySettings() = default;

  /// For URLs of scheme http, of scheme https, of both. Empty: none. Throws ProxySettingsError.
  ProxySettings& http(std::string_view proxy) { return set(http_, proxy, "the proxy for http"); }
  ProxySettings& https(std::string_view proxy) { return set(https_, proxy, "the proxy for https"); }
  ProxySettings& all(std::string_view proxy) { return http(proxy).https(proxy); }
  /// Hosts without a proxy, separated by commas or blanks: a name with all that is below it (`example.com` and `.example.com` are the same), a name with a port, an address, a range
  /// (`10.0.0.0/8`), or `*` for every host. Replaces those from before. Throws ProxySettingsError.
  ProxySettings& except(std::string_view hosts);

  /// As curl and Python read them: `http_proxy` (not in capitals: a CGI program gets HTTP_PROXY from whoever asks it), `https_proxy`, `all_proxy` for what has none, `no_proxy`; the last three in
  /// capitals, too. Throws ProxySettingsError, which names the variable.
  static ProxySettings fromEnvironment();
  /// The same from somewhere else: `variable("http_proxy")` gives its text, or nothing.
  static ProxySettings fromEnvironment(const std::function<std::optional<std::string>(const char*)>& variable);

  /// The proxy for this URL; nothing for a direct connection.
  std::optional<Url> proxyFor(const Url& url) const;
  bool empty() const noexcept { return !http_ && !https_; }

 private:
  struct Exception {
    std::string name;                                  // of a host, in lower case
    std::optional<net::AddressRange> range;
    std::uint16_t port = 0;                            // 0: any
  };
  static Url parse(std::string_view proxy, std::string_view source);
  ProxySettings& set(std::optional<Url>& which, std::string_view proxy, std::string_view source);
  bool isExcepted(const Url& url) const;

  std::optional<Url> http_, https_;
  std::vector<Exception> exceptions_;
  bool exceptAll_ = false;
};

}  // namespace weft::http
