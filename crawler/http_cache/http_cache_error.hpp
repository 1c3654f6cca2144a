// What can be wrong with the HTTP cache.
#pragma once

#include <weft/crawler/error.hpp>

namespace weft::crawler {

/// The file of the cache cannot be used: it cannot be made or written, is another program's or another version's, or is damaged. The text names it and says what to do.
class HttpCacheError : public Error {
 public:
  using Error::Error;
};

/// A page that is not in the cache, where nothing else may be asked: HTTPCACHE_IGNORE_MISSING, or `Cache-Control: only-if-cached` of the request. The request is dropped.
class NotInCache : public IgnoreRequest {
 public:
  using IgnoreRequest::IgnoreRequest;
};

}  // namespace weft::crawler
