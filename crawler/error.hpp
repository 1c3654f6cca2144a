// The root of crawler's errors.
#pragma once

#include <weft/core/error.hpp>

#include <string>
#include <utility>

namespace weft::crawler {

/// Whatever this floor throws or errbacks derives from this one: SettingError, SpiderError, FeedError, DownloadError and so on.
class Error : public weft::Error {
 public:
  using weft::Error::Error;
};

/// A spider cannot be used as asked: an unknown name, or an argument that it does not take or cannot read.
class SpiderError : public Error {
 public:
  using Error::Error;
};

/// A request was given what it cannot carry or use: a cookie, a status, a value of a meta key. The text names it and says what is taken.
class RequestError : public Error {
 public:
  using Error::Error;
};

/// A response was asked for what its kind does not have: selectors of an image.
class NotSupported : public Error {
 public:
  using Error::Error;
};

/// The server answered with a status that the spider did not ask to see: only 200 to 299 reach callbacks (Scrapy's HttpError).
class HttpError : public Error {
 public:
  explicit HttpError(int status) : Error("HTTP status " + std::to_string(status) + " is not handled or not allowed"), status(status) {}
  int status;
};

/// A request that is given up on purpose, with no attempt to fetch it: too many redirects, a target that is not http (Scrapy's IgnoreRequest).
class IgnoreRequest : public Error {
 public:
  using Error::Error;
};

/// The site's robots.txt does not want this page to be fetched.
class ForbiddenByRobots : public IgnoreRequest {
 public:
  ForbiddenByRobots() : IgnoreRequest("forbidden by robots.txt") {}
};

/// Ends the crawl with this close reason (Scrapy's CloseSpider): thrown by a callback, or by a handler of spider_idle. It is no failure of the page: what the callback yielded before stays.
class CloseSpider : public Error {
 public:
  explicit CloseSpider(const std::string& reason = "cancelled") : Error(reason) {}
};

/// Thrown by a handler of spider_idle that still has something to come: the crawl stays open, and the signal comes again in five seconds.
class DontCloseSpider : public Error {
 public:
  DontCloseSpider() : Error("the crawl stays open") {}
};

/// Thrown by a handler of headers_received or bytes_received: the rest of the response is not wanted (Scrapy's StopDownload). The request is dropped, and its errback is told; with `fail` false
/// the callback gets what there is, with the flag "download_stopped".
class StopDownload : public IgnoreRequest {
 public:
  explicit StopDownload(bool fail = true) : IgnoreRequest("the download was stopped"), fail(fail) {}
  bool fail;
};

/// A request cannot be made now, and nobody is to blame: it goes back to the frontier as it was, and is given out again when its host may be asked. The attempt does not count.
class Postponed : public Error {
 public:
  using Error::Error;
};

}  // namespace weft::crawler
