// History: what the layers of a client did before a response came.
#pragma once

#include <weft/http/url.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::http {

/// A redirect that was followed.
class Hop {
 public:
  Hop(std::string method, Url url, int status) : method(std::move(method)), url(std::move(url)), status(status) {}
  std::string method;                ///< of the request that was redirected
  Url url;                           ///< what it asked for
  int status;                        ///< 301, 302, 303, 307 or 308

  friend bool operator==(const Hop&, const Hop&) = default;
};

/// A try that was not the last.
class FailedTry {
 public:
  FailedTry(Url url, int status, std::string error, double waited) : url(std::move(url)), status(status), error(std::move(error)), waited(waited) {}
  Url url;
  int status;                        ///< of its response; 0 when there was none
  std::string error;                 ///< in words, when there was no response
  double waited;                     ///< seconds from its end to the next try
};

/// Where a response came from.
enum class CacheUse : std::uint8_t {
  None,                              ///< the server, or there is no cache
  Fresh,                             ///< the cache, without asking the server
  Revalidated,                       ///< the cache, and the server said that it is still right (304)
  Stale,                             ///< the cache, although it is too old: the request allows it, or the server could not be asked
};

/// What happened on the way to a response, as the layers of the client tell it. Empty where none of them had anything to do.
class History {
 public:
  std::vector<Hop> redirects;        ///< in order; the response's own URL comes after the last. Of a RedirectAgent
  std::vector<FailedTry> tries;      ///< in order, those of redirects too. Of a RetryAgent
  std::string contentEncoding;       ///< the Content-Encoding that was undone, "gzip". Of a ContentDecoderAgent
  std::optional<std::uint64_t> codedLength;      ///< the Content-Length from before
  CacheUse cache = CacheUse::None;   ///< of a CacheAgent
};

}  // namespace weft::http
