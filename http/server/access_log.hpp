// AccessEntry: what a server has answered.
#pragma once

#include <weft/net/address.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace weft::http {

/// One answer, for an access log. SiteOptions::setAccessLog() says who gets it.
class AccessEntry {
 public:
  net::Address client;
  std::chrono::system_clock::time_point at;  ///< when the request's head had come
  std::string method;                        ///< empty if there was no request: see `status`
  std::string target;                        ///< as it was sent
  int majorVersion = 1;
  int minorVersion = 1;
  std::string referer;
  std::string userAgent;
  std::string user;                          ///< whom an authentication layer has let in
  int status = 0;                            ///< 0: the client was gone before there was an answer
  std::uint64_t bytes = 0;                   ///< of the response's body that were written
  std::chrono::nanoseconds duration{};       ///< from the head of the request to the end of the answer
  bool complete = true;                      ///< the answer was written to its end
};

/// The combined format of Apache and Twisted, without a line break. What a client sent is escaped: quotes, backslashes and bytes that are not visible ASCII become \xHH.
///
///     127.0.0.1 - - [27/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/7.88.1"
std::string combinedLine(const AccessEntry& entry);

}  // namespace weft::http
