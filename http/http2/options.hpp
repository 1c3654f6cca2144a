// Http2Options: how much one HTTP/2 connection may hold, and how much useless work its peer may make.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::http {

/// Limits of one HTTP/2 connection, on either side. The defaults are safe; a client's and a server's differ where that is said.
///
/// Memory: of each stream at most `streamWindow` and Body::kReadAhead bytes wait for a reader, and of all streams of a connection together no more than `connectionWindow`; then the peer has to wait.
///
/// Floods: a peer has budgets for what costs it little and us something. What it goes over ends the connection with ENHANCE_YOUR_CALM.
class Http2Options {
 public:
  std::uint32_t maxStreams = 100;                  ///< at once on one connection; more are refused (server), or wait (client)
  std::size_t streamWindow = 256 * 1024;           ///< bytes of one body that the peer may send before somebody reads
  std::size_t connectionWindow = 4 * 1024 * 1024;  ///< of all bodies of a connection together
  std::size_t maxHeaderBytes = 64 * 1024;          ///< of one head, as SETTINGS_MAX_HEADER_LIST_SIZE counts: names, values, and 32 for each field. A server answers 431
  std::size_t maxHeaders = 512;                    ///< fields of one head
  std::size_t maxContinuations = 8;                ///< frames that a head may go on in
  std::size_t resetBurst = 200;                    ///< streams that the peer may reset at once (CVE-2023-44487)…
  double resetsPerSecond = 20;                     ///< …and so many more in each second
  std::size_t controlBurst = 1000;                 ///< PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA and unknown frames…
  double controlPerSecond = 100;                   ///< …and so many more in each second, four for each head, and one for each 512 bytes of a body either way

  Http2Options& setMaxStreams(std::uint32_t value) { return maxStreams = value, *this; }
  Http2Options& setStreamWindow(std::size_t bytes) { return streamWindow = bytes, *this; }
  Http2Options& setConnectionWindow(std::size_t bytes) { return connectionWindow = bytes, *this; }
  Http2Options& setMaxHeaderBytes(std::size_t bytes) { return maxHeaderBytes = bytes, *this; }
  Http2Options& setMaxHeaders(std::size_t value) { return maxHeaders = value, *this; }
  Http2Options& setMaxContinuations(std::size_t value) { return maxContinuations = value, *this; }
  Http2Options& setResets(std::size_t burst, double perSecond) { return resetBurst = burst, resetsPerSecond = perSecond, *this; }
  Http2Options& setControlFrames(std::size_t burst, double perSecond) { return controlBurst = burst, controlPerSecond = perSecond, *this; }
};

}  // namespace weft::http
