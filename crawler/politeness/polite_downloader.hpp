// PoliteDownloader: tells Politeness what came of each request.
#pragma once

#include <weft/crawler/downloader.hpp>
#include <weft/crawler/politeness/politeness.hpp>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

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
  /// One with `waitsInDownloader` waits until its host's delay is over, and fewer of its kind are in flight to the host than it may have at once: who asks for it holds a place of the frontier's already,
  /// which counts its own.
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override { return request->waitsInDownloader ? fetchInTurn(std::move(request)) : fetchNow(std::move(request)); }
  void listen(Signals* signals) override { downloader_.listen(signals); }
  void close() override { downloader_.close(); }

 private:
  struct Turns {
    int inFlight = 0;
    std::deque<Trigger<>> waiting;
  };
  Deferred<Response> fetchNow(std::shared_ptr<const Request> request);
  Deferred<Response> fetchInTurn(std::shared_ptr<const Request> request);
  Deferred<> turn(std::string name);
  void ended(const std::string& name);

  Downloader& downloader_;
  Politeness& politeness_;
  std::map<std::string, Turns> turns_;                 // of slots that requests wait in turn for
};

}  // namespace weft::crawler
