// RequestTrace: a span of each request, in a file.
#pragma once

#include <weft/crawler/middlewares/downloader_middleware.hpp>

#include <memory>

namespace weft::crawler {

/// Writes what a tracing tool draws: a span of each attempt to fetch something (robots.txt, retries and pages out of the cache among them), and one of the whole crawl, which is their parent. The file,
/// TRACE_FILE, holds a line of JSON for each, in the form of OpenTelemetry's file exporter: a TracesData of OTLP, which a collector's `otlpjsonfile` receiver reads. It is appended to.
///
/// A span has the attributes of the HTTP client conventions (http.request.method, url.full, server.address, server.port, http.response.status_code, error.type), http.response.body.size, weft.depth,
/// weft.retry and weft.flags, and an event at the end of each part of its time: `queue`, `dns`, `connect`, `tls`, `first_byte`, `body`.
///
/// The first error of the file is logged and ends the trace, not the crawl. The engine makes one where TRACE_FILE is set. Costs some microseconds for a request.
class RequestTrace final : public DownloaderMiddleware {
 public:
  RequestTrace();
  ~RequestTrace() override;
  /// Throws FeedError: the file cannot be opened.
  void open(const CrawlContext& crawl) override;
  Deferred<Response> fetch(std::shared_ptr<const Request> request, Downloader& next) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weft::crawler
