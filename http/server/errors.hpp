// What a handler may let pass, and what it is answered with.
#pragma once

#include <weft/http/error.hpp>
#include <weft/http/headers.hpp>

#include <string>
#include <string_view>

namespace weft::http {

/// A handler's way to answer with a status from wherever it is: a short page that says no more than the status and `what`.
///
///     if (!author) throw StatusError(404, "no such author");
class StatusError : public Error {
 public:
  explicit StatusError(int status, std::string_view what = {});
  int status;
  Headers headers;                   ///< to be sent with it: WWW-Authenticate, Retry-After, Location
};

/// 415: a body of another type than the handler reads.
class UnsupportedMediaType : public StatusError {
 public:
  UnsupportedMediaType(std::string_view type, std::string_view wanted);
  std::string type;                  ///< Content-Type, as it was sent
};

/// 408: a request's body came too slowly, or stopped: SiteOptions::bodyTimeout, minimumRate.
class BodyTimeout : public StatusError {
 public:
  BodyTimeout();
};

}  // namespace weft::http
