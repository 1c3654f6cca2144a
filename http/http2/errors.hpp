// What can go wrong with HTTP/2, beside what goes wrong with any request.
#pragma once

#include <weft/http/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

/// The error codes of RFC 9113 section 7. A peer may send others, which count as InternalError.
enum class Http2Code : std::uint32_t {
  NoError = 0x0,
  ProtocolError = 0x1,
  InternalError = 0x2,
  FlowControlError = 0x3,
  SettingsTimeout = 0x4,
  StreamClosed = 0x5,
  FrameSizeError = 0x6,
  RefusedStream = 0x7,                 ///< nothing was done with the request: any may be sent again
  Cancel = 0x8,
  CompressionError = 0x9,
  ConnectError = 0xa,
  EnhanceYourCalm = 0xb,
  InadequateSecurity = 0xc,
  Http11Required = 0xd,
};

/// "REFUSED_STREAM"; "unknown error" for what the standard does not name.
std::string_view describe(Http2Code code) noexcept;

/// The root of HTTP/2's own errors. They come as the `reason` of ResponseNeverReceived and ResponseFailed.
class Http2Error : public Error {
 public:
  Http2Error(Http2Code code, const std::string& what) : Error(what), code(code) {}
  Http2Code code;
};

/// One stream was ended early: by the peer, or here since the peer broke a rule with it. The connection and its other streams go on.
class StreamReset : public Http2Error {
 public:
  StreamReset(Http2Code code, bool byPeer);
  bool byPeer;
};

/// The peer did nothing with the request, and says so (RFC 9113 section 8.7): by REFUSED_STREAM, or a GOAWAY that leaves it out. It can be sent again whatever its method is.
class StreamRefused : public StreamReset {
 public:
  StreamRefused() : StreamReset(Http2Code::RefusedStream, true) {}
};

/// The peer ended the connection with an error (GOAWAY).
class GoneAway : public Http2Error {
 public:
  GoneAway(Http2Code code, std::string_view debug);
  std::string debug;                   ///< what it said besides, at most 200 bytes, control characters replaced by '?'
};

/// The peer broke the rules of HTTP/2 or a limit; the connection was ended.
class Http2Violation : public Http2Error {
 public:
  Http2Violation(Http2Code code, std::string_view what);
};

}  // namespace weft::http
