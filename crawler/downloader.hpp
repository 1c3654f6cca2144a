// Downloader: turns requests into responses.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/crawler/request.hpp>
#include <weft/crawler/response.hpp>
#include <weft/defer/deferred.hpp>

#include <memory>

namespace weft::crawler {

struct Signals;

/// What the engine fetches with. HttpDownloader is the real one; tests and simulations bring their own. One thread.
class Downloader {
 public:
  virtual ~Downloader() = default;
  /// The response to `request`, whatever its status; redirects are responses like any other. Fails when there is none: net's and http's errors. Cancelling it gives the request up.
  /// Response::request() of what it fires with is `request`.
  virtual Deferred<Response> fetch(std::shared_ptr<const Request> request) = 0;
  /// Whom to tell of what comes in while it comes (headers_received, bytes_received); null: nobody, as at first. The signals are referred to.
  virtual void listen(Signals* /*signals*/) {}
  /// Ends what is in flight, and lets go of connections that are kept for reuse.
  virtual void close() {}
};

}  // namespace weft::crawler
