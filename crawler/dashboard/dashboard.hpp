// Dashboard: a crawl in the browser, and its figures for a metrics server.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delayed_call.hpp>
#include <weft/crawler/dashboard/crawl_monitor.hpp>
#include <weft/crawler/error.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/json.hpp>
#include <weft/http/server/event_stream.hpp>
#include <weft/http/server/handler.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/network.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// The dashboard cannot be served there. The text says where, and why.
class DashboardError : public Error {
 public:
  using Error::Error;
};

/// Where a dashboard listens.
struct DashboardAddress {
  std::string interface = "127.0.0.1";
  std::uint16_t port = 0;                              ///< 0: any that is free

  /// "8080", "0.0.0.0:8080", "[::1]:8080" or "" for any free port of this machine. Throws DashboardError.
  static DashboardAddress parse(std::string_view text);
  /// Can nobody but this machine connect to it?
  bool isLoopback() const noexcept;
};

/// Serves a page that shows how the crawl stands and steers it, from the crawl's own reactor:
///
///     GET  /                the page
///     GET  /events          a snapshot each second, as server-sent events
///     GET  /snapshot.json   one
///     GET  /metrics         OpenMetrics
///     POST /control/ACTION  pause, resume, stop, or settings with {"concurrency": 8, "host_concurrency": 4, "delay": 0.5}; answers with a snapshot
///
/// What is sent to /control needs the token in the field X-Weft-Token, and must come from the page's own origin. On an address that is not of this machine everything needs it: as ?token=, as
/// "Authorization: Bearer", or as the cookie that the page sets. On one that is, no other Host than this machine is answered, so that no page from elsewhere gets in by a name that leads here.
///
/// What it is given is referred to, and outlives it. One thread, the engine's.
class Dashboard {
 public:
  static constexpr int kMostConcurrency = 1000;        ///< that can be set

  Dashboard(CrawlMonitor& monitor, Engine& engine, Politeness& politeness, Clock& clock, DashboardAddress address);
  Dashboard(const Dashboard&) = delete;
  Dashboard& operator=(const Dashboard&) = delete;
  ~Dashboard();

  /// Listens. Throws DashboardError.
  void listen(net::Network& network);
  /// Where the page is, with the token where it needs one; after listen().
  std::string url() const;
  /// The crawl has ended: pages are told so, and have a moment to take it. Fires when it serves nobody any more.
  Deferred<> close();

  /// What it serves, without a network.
  http::Handler handler();
  const std::string& token() const noexcept { return token_; }

 private:
  Deferred<http::Response> guarded(http::Request request, const http::Handler& next);
  Deferred<http::Response> control(http::Request request);
  http::Response change(std::string_view action, const http::Json& body);
  AsyncGenerator<http::ServerEvent> events();
  void wake();
  std::string snapshotText() const;
  bool hasToken(const http::Request& request) const;

  CrawlMonitor& monitor_;
  Engine& engine_;
  Politeness& politeness_;
  Clock& clock_;
  const DashboardAddress address_;
  const std::string token_;
  bool closing_ = false;
  std::vector<Trigger<>> sleeping_;                    // streams of events between two of them
  DelayedCall wake_;
  std::shared_ptr<http::Site> site_;
  std::unique_ptr<net::Port> port_;
};

}  // namespace weft::crawler
