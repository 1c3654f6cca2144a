// ResponseTiming: how long the parts of a request took.
#pragma once

#include <chrono>
#include <optional>

namespace weft::http {

/// Where the time of a request went, on the Agent's clock. What did not happen took none: of a reused connection `dns`, `connect` and `tls` are zero.
class ResponseTiming {
 public:
  using Duration = std::chrono::nanoseconds;

  Duration queue{};                  ///< waiting for a connection to be free, or to be begun; with what an attempt took that had to be repeated
  Duration dns{};                    ///< the look-up of the host's name
  Duration connect{};                ///< from its addresses to the connection
  Duration tls{};                    ///< the handshake
  Duration firstByte{};              ///< from the first byte of the request to the first byte of the response
  std::optional<Duration> body;      ///< from there to the end of the body; nothing until it is known

  /// All of it, as far as it is known.
  Duration total() const noexcept { return queue + dns + connect + tls + firstByte + body.value_or(Duration{}); }
};

}  // namespace weft::http
