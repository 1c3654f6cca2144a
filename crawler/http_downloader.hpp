// HttpDownloader: fetches over HTTP.
#pragma once

#include <weft/crawler/downloader.hpp>
#include <weft/crawler/settings.hpp>

#include <memory>

namespace weft::net {
class Network;
}

namespace weft::crawler {

/// The downloader of real crawls: an http::Agent on a network, with the limits of the settings (CONCURRENT_REQUESTS, CONCURRENT_REQUESTS_PER_DOMAIN, DOWNLOAD_TIMEOUT,
/// DOWNLOAD_MAXSIZE, USER_AGENT) and Scrapy's default headers. Connections are kept and used again. Takes what browsers take of HTTP that is not quite right.
///
/// Errors of fetch(): those of http::Agent::request() and of reading its body.
class HttpDownloader final : public Downloader {
 public:
  /// The network is referred to, and must outlive it.
  HttpDownloader(net::Network& network, const Settings& settings);
  ~HttpDownloader() override;
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override;
  void close() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
