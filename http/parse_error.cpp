#include <weft/http/parser.hpp>

namespace weft::http {

std::string_view describe(ParseProblem problem) noexcept {
  switch (problem) {
    case ParseProblem::StartLine: return "the start line is malformed";
    case ParseProblem::Method: return "the method is unknown";
    case ParseProblem::Target: return "the request target contains a character that none may contain";
    case ParseProblem::Version: return "the version is not HTTP/1.0 or HTTP/1.1";
    case ParseProblem::Status: return "the status is not three digits";
    case ParseProblem::HeaderName: return "a header line has no name of allowed characters followed by a colon";
    case ParseProblem::HeaderValue: return "a header value contains a control character";
    case ParseProblem::LineEnding: return "a line does not end in CRLF, or is folded";
    case ParseProblem::Host: return "the request must have one valid Host field";
    case ParseProblem::ContentLength: return "Content-Length is not one number";
    case ParseProblem::TransferEncoding: return "Transfer-Encoding is not \"chunked\"";
    case ParseProblem::LengthConflict: return "both Content-Length and Transfer-Encoding are given";
    case ParseProblem::ChunkSize: return "a chunk size is not a hexadecimal number";
    case ParseProblem::ChunkFraming: return "a chunk does not end where its size says";
    case ParseProblem::ChunkExtensionTooLong: return "the chunk extensions are too long";
    case ParseProblem::StartLineTooLong: return "the start line is too long";
    case ParseProblem::HeadersTooLarge: return "the header fields are too large";
    case ParseProblem::TooManyHeaders: return "there are too many header fields";
    case ParseProblem::TooManyInterim: return "there are too many interim (1xx) responses";
    case ParseProblem::UnexpectedUpgrade: return "101 Switching Protocols, which was not asked for";
    case ParseProblem::Truncated: return "the connection closed inside the message";
    case ParseProblem::Empty: return "the connection closed before the first byte of the message";
  }
  return "it is malformed";
}

namespace {

std::string errorText(std::string_view what, ParseProblem problem, std::uint64_t offset, std::string_view detail) {
  std::string text = "reading ";
  text.append(what).append(" at byte ").append(std::to_string(offset)).append(": ").append(describe(problem));
  if (!detail.empty()) text.append(" (").append(detail).append(")");
  return text;
}

}  // namespace

ParseError::ParseError(std::string_view what, ParseProblem problem, std::uint64_t offset, std::string_view detail)
    : Error(errorText(what, problem, offset, detail)), problem(problem), offset(offset) {}

}  // namespace weft::http
