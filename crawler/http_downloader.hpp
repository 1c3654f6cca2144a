// HttpDownloader: fetches over HTTP.
#pragma once

#include <weft/crawler/downloader.hpp>
#include <weft/crawler/settings.hpp>

#include <functional>
#include <memory>

namespace weft::http {
class AnyAgent;
class CookieJars;
}
namespace weft::net {
class Network;
}

namespace weft::crawler {

/// The downloader of real crawls: an http::Agent on a network, with the limits of the settings (CONCURRENT_REQUESTS, CONCURRENT_REQUESTS_PER_DOMAIN, DOWNLOAD_TIMEOUT,
/// DOWNLOAD_MAXSIZE, USER_AGENT) and Scrapy's default headers. Connections are kept and used again. Takes what browsers take of HTTP that is not quite right.
///
/// Around it, each unless its setting says otherwise: cookies (COOKIES_ENABLED; a session for each value of the meta key `cookiejar`), bodies without their Content-Encoding
/// (COMPRESSION_ENABLED; DOWNLOAD_MAXSIZE counts decoded bytes), a login (HTTPAUTH_USER, HTTPAUTH_PASS, for HTTPAUTH_DOMAIN alone), the environment's proxies (HTTPPROXY_ENABLED), or
/// the one that the meta key `proxy` names: each such proxy has connections of its own, and the cookies are the same.
///
/// Of a body that is longer than the meta key `truncate_body` says (bytes) the rest is not read: what came in until then is given, and the connection closed.
///
/// With the meta key `save_to` (a path) the body of a response with status 200 goes to that file as it comes, whatever its length up to DOWNLOAD_MAXSIZE or the meta key `download_maxsize`, and
/// the response's own is empty. The file appears when it is complete, in place of one that is there (see http::Body::saveTo()). Errors: http::FileError.
///
/// Errors of fetch(): those of http::Agent::request() and of reading its body; http::CookieError when there are too many sessions.
class HttpDownloader final : public Downloader {
 public:
  /// Gives what stands right around an agent, beneath cookies and codings: to record it (WarcAgent), or in its place (WarcReplay). Called for each agent: there is one more for each proxy that requests name.
  using Layer = std::function<std::unique_ptr<http::AnyAgent>(http::AnyAgent& agent)>;

  /// The network is referred to, and must outlive it. Throws SettingError: HTTPAUTH_USER without a domain; http::AuthError: one that cannot be sent; http::ProxySettingsError.
  /// `cookies`: the jars that it keeps cookies in, where they come from a crawl before, or are for one behind; without them its own, which are empty at first.
  HttpDownloader(net::Network& network, const Settings& settings, Layer layer = {}, std::shared_ptr<http::CookieJars> cookies = nullptr);
  ~HttpDownloader() override;
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override;
  void listen(Signals* signals) override;
  void close() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
