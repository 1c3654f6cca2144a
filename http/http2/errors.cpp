#include <weft/http/http2/errors.hpp>

#include <algorithm>

namespace weft::http {
namespace {

std::string visible(std::string_view text) {
  std::string shown(text.substr(0, 200));
  std::replace_if(shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return shown;
}

}  // namespace

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
    : Http2Error(code, "the peer ended the connection: " + std::string(describe(code)) + (debug.empty() ? "" : ": " + visible(debug))), debug(visible(debug)) {}

Http2Violation::Http2Violation(Http2Code code, std::string_view what) : Http2Error(code, "HTTP/2: " + std::string(what) + " (" + std::string(describe(code)) + ")") {}

}  // namespace weft::http
