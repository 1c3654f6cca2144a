// AccessEntry, AccessLog: what a server has answered.
#pragma once

#include <weft/net/address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace weft {
class Reactor;
}

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
  int status = 0;                            ///< 0: the client was gone before there was an answer
  std::uint64_t bytes = 0;                   ///< of the response's body that were written
  std::chrono::nanoseconds duration{};       ///< from the head of the request to the end of the answer
  bool complete = true;                      ///< the answer was written to its end
};

/// The combined format of Apache and Twisted, without a line break. What a client sent is escaped: quotes, backslashes and bytes that are not visible ASCII become \xHH.
///
///     127.0.0.1 - - [27/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/7.88.1"
std::string combinedLine(const AccessEntry& entry);

/// Writes entries to a file in the combined format, at its end, a line each. Lines are collected and written by a thread of the reactor's pool, a second late at most; what is left is written by the
/// destructor. A file that cannot be written is said once in the log, and what was lost is counted; it is tried again.
///
///     AccessLog log(reactor, "access.log");
///     auto site = std::make_shared<Site>(router, SiteOptions().setAccessLog(log.writer()));
///
/// Thread: the reactor's.
class AccessLog {
 public:
  /// Throws FileError when the file cannot be opened for writing.
  AccessLog(Reactor& reactor, std::string path);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// For SiteOptions; must not be called when the AccessLog is gone.
  std::function<void(const AccessEntry&)> writer() {
    return [this](const AccessEntry& entry) { write(entry); };
  }
  void write(const AccessEntry& entry);
  /// Opens the file by its name again: after it was moved away, as programs that rotate logs do. Throws FileError; the next lines try it again.
  void reopen();
  /// Lines that could not be written, or that came while too many waited (8 MiB).
  std::uint64_t lost() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weft::http
