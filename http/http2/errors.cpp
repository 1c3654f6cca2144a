#include <weft/http/http2/errors.hpp>

#include <weft/core/internal/text.hpp>

#include <algorithm>

namespace weft::http {
std::string_view describe(Http2Code code) noexcept {
  switch (code) {
    case Http2Code::NoError: return "NO_ERROR";
    case Http2Code::ProtocolError: return "PROTOCOL_ERROR";
    case Http2Code::InternalError: return "INTERNAL_ERROR";
    case Http2Code::FlowControlError: return "FLOW_CONTROL_ERROR";
    case Http2Code::SettingsTimeout: return "SETTINGS_TIMEOUT";
    case Http2Code::StreamClosed: return "STREAM_CLOSED";
    case Http2Code::FrameSizeError: return "FRAME_SIZE_ERROR";
    case Http2Code::RefusedStream: return "REFUSED_STREAM";
    case Http2Code::Cancel: return "CANCEL";
    case Http2Code::CompressionError: return "COMPRESSION_ERROR";
    case Http2Code::ConnectError: return "CONNECT_ERROR";
    case Http2Code::EnhanceYourCalm: return "ENHANCE_YOUR_CALM";
    case Http2Code::InadequateSecurity: return "INADEQUATE_SECURITY";
    case Http2Code::Http11Required: return "HTTP_1_1_REQUIRED";
  }
  return "unknown error";
}

StreamReset::StreamReset(Http2Code code, bool byPeer)
    : Http2Error(code, (byPeer ? "the peer reset the stream: " : "the stream was reset, since the peer broke a rule: ") + std::string(describe(code))), byPeer(byPeer) {}

GoneAway::GoneAway(Http2Code code, std::string_view debug)
    : Http2Error(code, "the peer ended the connection: " + std::string(describe(code)) + (debug.empty() ? "" : ": " + weft::detail::printable(debug, 200))), debug(weft::detail::printable(debug, 200)) {}

Http2Violation::Http2Violation(Http2Code code, std::string_view what) : Http2Error(code, "HTTP/2: " + std::string(what) + " (" + std::string(describe(code)) + ")") {}

}  // namespace weft::http
