// LoggingAgent: a line for each request.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/log.hpp>
#include <weft/http/client/agent.hpp>

#include <string>
#include <utility>

namespace weft::http {

/// Where a LoggingAgent logs, and as what.
class LoggingOptions {
 public:
  std::string name = "weft.http.client";         ///< of the logger
  LogLevel level = LogLevel::Info;
  LogLevel errorLevel = LogLevel::Warning;       ///< of requests without a response, and of bodies that broke off

  LoggingOptions& setName(std::string value) { return name = std::move(value), *this; }
  LoggingOptions& setLevel(LogLevel value) { return level = value, *this; }
  LoggingOptions& setErrorLevel(LogLevel value) { return errorLevel = value, *this; }
};

/// An agent that logs a line for each request, when the last byte of its body has been read or it is known that none will come:
///
///     GET http://example.com/ 200: 1256 bytes in 0.031 s
///     GET http://example.com/big 200: 65536 bytes in 0.5 s, then it was dropped
///     GET http://example.org/: failed after 30 s: connecting to example.org:80: no connection after 30 s
///
/// with the fields method, `url`, status, bytes and seconds. URLs are without user name, password and fragment; no header is ever logged. The bytes are those that this layer sees: put it
/// around the whole stack to log what the program gets, around the Agent to log each request that is sent.
///
/// Errors: those of the inner agent. The inner agent and the clock must outlive its requests and their bodies; the LoggingAgent itself need not.
class LoggingAgent final : public AnyAgent {
 public:
  LoggingAgent(AnyAgent& agent, Clock& clock, LoggingOptions options = LoggingOptions());

  Deferred<Response> request(Request request) override;

 private:
  AnyAgent& agent_;
  Clock& clock_;
  Logger logger_;
  LogLevel level_, errorLevel_;
};

}  // namespace weft::http
