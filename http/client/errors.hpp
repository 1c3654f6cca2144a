// What can go wrong with a request, beside what net says about connecting.
#pragma once

#include <weft/core/failure.hpp>
#include <weft/http/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

/// The root of the Agent's own errors. Errors of connecting are net's as they are: net::ConnectionRefused, net::ConnectTimeout, net::DNSLookupError…
class RequestError : public Error {
 public:
  RequestError(std::string_view url, std::string_view what);
  std::string url;
};

/// Neither http nor a scheme that this network can carry.
class UnsupportedScheme : public RequestError {
 public:
  UnsupportedScheme(std::string_view url, std::string_view scheme);
  std::string scheme;
};

/// The Agent was closed or destroyed before the response had come.
class AgentClosed : public RequestError {
 public:
  explicit AgentClosed(std::string_view url) : RequestError(url, "the agent was closed") {}
};

/// Something took longer than allowed. `seconds` is what was allowed.
class RequestTimeout : public RequestError {
 public:
  RequestTimeout(std::string_view url, std::string_view what, double seconds);
  double seconds;
};
/// From the request to the end of its body.
class TotalTimeout : public RequestTimeout {
 public:
  TotalTimeout(std::string_view url, double seconds) : RequestTimeout(url, "the response was not complete", seconds) {}
};
/// From the sent request to the first byte of the response.
class FirstByteTimeout : public RequestTimeout {
 public:
  FirstByteTimeout(std::string_view url, double seconds) : RequestTimeout(url, "no byte of the response had come", seconds) {}
};
/// Between two bytes of the response.
class IdleTimeout : public RequestTimeout {
 public:
  IdleTimeout(std::string_view url, double seconds) : RequestTimeout(url, "nothing more of the response had come", seconds) {}
};

/// Fewer bytes of the response came than AgentOptions::minimumRate asks for. `seconds` is the window.
class ResponseTooSlow : public RequestTimeout {
 public:
  ResponseTooSlow(std::string_view url, std::uint64_t bytes, double rate, double seconds);
  std::uint64_t bytes;               ///< that came in the last window
  double rate;                       ///< the least that is allowed, in bytes per second
};

/// The request's body could not be had: its file, or the generator that makes it, failed. What was begun was given up.
class RequestBodyFailed : public RequestError {
 public:
  RequestBodyFailed(std::string_view url, Failure reason);
  Failure reason;                    ///< FileError, what the generator threw
};

/// A request's body had another length than was announced. What was begun was given up.
class RequestBodyLengthError : public RequestError {
 public:
  RequestBodyLengthError(std::string_view url, std::uint64_t announced, std::uint64_t given);
  std::uint64_t announced;
  std::uint64_t given;               ///< with the piece that was too much; or all, where it was too little
};

/// The connection ended before the first byte of the response.
class ResponseNeverReceived : public RequestError {
 public:
  ResponseNeverReceived(std::string_view url, Failure reason);
  Failure reason;                    ///< net::ConnectionDone, net::ConnectionLost…
};

/// A response began, but it did not come in full, or broke the rules of HTTP.
class ResponseFailed : public RequestError {
 public:
  ResponseFailed(std::string_view url, Failure reason);
  Failure reason;                    ///< ParseError (also for a body that was cut: ParseProblem::Truncated), net::ConnectionLost…
};

/// The body is over the limit. Known from Content-Length before anything of it was read, or found while reading.
class BodyTooLarge : public RequestError {
 public:
  BodyTooLarge(std::string_view url, std::uint64_t limit, std::uint64_t announced);
  std::uint64_t limit;
  std::uint64_t announced;           ///< Content-Length, or 0 when it was not given
};

}  // namespace weft::http
