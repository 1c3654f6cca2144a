// PoliteDownloader: tells Politeness what came of each request.
#pragma once

#include <weft/crawler/downloader.hpp>
#include <weft/crawler/politeness/politeness.hpp>

#include <memory>

namespace weft::crawler {

/// A downloader around another one. Politeness is told of each request that goes out, and of the answer or failure; requests to a host that was given up fail with HostGivenUp and are not
/// made; an attempt at a host that is down for a while fails with HostDown.
///
///     HttpDownloader http(network, settings);
///     PoliteDownloader downloader(http, politeness);
class PoliteDownloader final : public Downloader {
 public:
  /// Both are referred to.
  PoliteDownloader(Downloader& downloader, Politeness& politeness) : downloader_(downloader), politeness_(politeness) { politeness.followAsking(); }
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override;
  void close() override { downloader_.close(); }

 private:
  Downloader& downloader_;
  Politeness& politeness_;
};

}  // namespace weft::crawler
