#include <weft/http/parser/internal/machine.hpp>

#include <weft/http/url.hpp>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weft::http {

// ---- what llhttp finds
//
// llhttp gives out the pieces of a text only up to where it finds a wrong byte, and a text that is all there not at all. So that the division of the input does not
// decide which of two faults is reported, what we ourselves find wrong with a text waits for its end.

void Parser::Machine::startLine(std::string& text, std::string_view piece) {
  tooLong_ = tooLong_ || text.size() + piece.size() > options_.maxStartLine;
  if (!tooLong_) text.append(piece);
}

void Parser::Machine::startLineComplete() const {
  if (tooLong_) fail(ParseProblem::StartLineTooLong);
}

void Parser::Machine::fieldName(std::string_view piece) {
  if (!nameOpen_) {
    ++headerCount_;
    nameOpen_ = true;
    writer_.beginName();
  }
  if ((headerBytes_ += piece.size()) <= options_.maxHeaderBytes) writer_.name(piece);
}

void Parser::Machine::openValue() {
  valueOpen_ = true;
  writer_.beginValue();
}

void Parser::Machine::fieldValue(std::string_view piece) {
  const std::uint64_t at = offsetOf(piece);
  if (!valueOpen_) {
    openValue();
  } else if (at != valueEnd_) {                        // a folded line: RFC 9112 section 5.2
    if (!options_.lenient) fail(ParseProblem::LineEnding, "a folded line");
    repaired(Repair::FoldedLine);
    writer_.value(" ");
  }
  valueEnd_ = at + piece.size();
  if ((headerBytes_ += piece.size()) <= options_.maxHeaderBytes) writer_.value(piece);
}

void Parser::Machine::fieldComplete() {
  if (!valueOpen_) openValue();
  checkField();
  if (options_.lenient) {
    repairValue();
    noteLength();
  }
  writer_.end();
  nameOpen_ = valueOpen_ = false;
}

void Parser::Machine::checkField() const {
  if (headerCount_ > options_.maxHeaders) fail(ParseProblem::TooManyHeaders);
  const std::string_view name = writer_.openName();
  if (headerBytes_ > options_.maxHeaderBytes || name.size() > 0xFFFF) fail(ParseProblem::HeadersTooLarge);
  if (name.empty()) fail(ParseProblem::HeaderName, "an empty name");
  // llhttp's table of field names also has the space.
  if (name.find(' ') != std::string_view::npos) fail(ParseProblem::HeaderName, "a space in the name");
}

void Parser::Machine::repairValue() {
  char* bytes = writer_.openValueBytes();
  const std::size_t size = writer_.openValue().size();
  std::size_t i = 0;
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8(' '), del = _mm_set1_epi8(0x7F);
  for (; i + 16 <= size; i += 16) {                    // nearly every value has nothing of the kind
    const __m128i piece = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
    const __m128i plain = _mm_cmpeq_epi8(_mm_max_epu8(piece, space), piece);
    if (_mm_movemask_epi8(_mm_andnot_si128(_mm_cmpeq_epi8(piece, del), plain)) != 0xFFFF) break;
  }
#endif
  for (; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if ((byte >= 0x20 && byte != 0x7F) || byte == '\t') [[likely]]
      continue;
    if (byte == '\0' || byte == '\r' || byte == '\n') bytes[i] = ' ';  // RFC 9110 section 5.5
    repaired(Repair::ControlByte);
  }
}

// Lenient: several Content-Length fields of one value count as one (RFC 9112 section 6.3). llhttp must not see that it had one.
void Parser::Machine::noteLength() {
  if (!(llhttp_.flags & F_CONTENT_LENGTH) || (llhttp_.flags & F_TRAILING) || !equalIgnoringCase(writer_.openName(), "content-length")) return;
  if (hasLength_ && writer_.openValue() != head_.headers.get("Content-Length")) fail(ParseProblem::ContentLength, "there are several, and they differ");
  if (hasLength_) repaired(Repair::RepeatedLength);
  hasLength_ = true;
  contentLength_ = llhttp_.content_length;
  llhttp_.flags = static_cast<std::uint16_t>(llhttp_.flags & ~F_CONTENT_LENGTH);
  llhttp_.content_length = 0;
}

int Parser::Machine::headersComplete() {
  head_.majorVersion = llhttp_.http_major;
  head_.minorVersion = llhttp_.http_minor;
  if (head_.majorVersion != 1) fail(ParseProblem::Version);
  if (options_.lenient && hasLength_) {
    llhttp_.flags = static_cast<std::uint16_t>(llhttp_.flags | F_CONTENT_LENGTH);
    llhttp_.content_length = contentLength_;
  }
  hasLength_ = (llhttp_.flags & F_CONTENT_LENGTH) != 0;
  contentLength_ = hasLength_ ? llhttp_.content_length : 0;
  const bool closeAsked = (llhttp_.flags & F_CONNECTION_CLOSE) != 0;
  keepAlive_ = head_.minorVersion > 0 ? !closeAsked : (llhttp_.flags & F_CONNECTION_KEEP_ALIVE) != 0 && !closeAsked;
  checkTransferEncoding();
  bool noBody = false;
  if (kind_ == Kind::Request) finishRequestHead();
  else noBody = finishResponseHead();
  if (interimNow_) return 1;                           // no body, whatever its fields say (section 6.3, rule 1); llhttp alone would read one
  headComplete_ = true;
  writer_.attach(head_.trailers);
  sink_->headReceived();
  if (framing_ == BodyFraming::Chunked) return HPE_PAUSED;                       // llhttp waits for the trailers
  return noBody ? 1 : 0;
}

// ---- what it means

// Only chunked, once.
void Parser::Machine::checkTransferEncoding() {
  if (!head_.headers.has("Transfer-Encoding")) return;
  if (options_.lenient) return readCodings();
  std::size_t fields = 0;
  eachValue("Transfer-Encoding", [&](std::string_view value) {
    if (++fields > 1 || !equalIgnoringCase(value, "chunked")) fail(ParseProblem::TransferEncoding);
  });
  if (hasLength_) fail(ParseProblem::LengthConflict);
  if (head_.minorVersion == 0) fail(ParseProblem::TransferEncoding, "in HTTP/1.0");
}

// A response's "identity" (RFC 2616) is let pass by lenient mode, where it means nothing.
void Parser::Machine::readCodings() {
  bool chunked = false;
  eachValue("Transfer-Encoding", [&](std::string_view list) {
    for (;;) {
      const std::size_t comma = list.find(',');
      const std::string_view coding = trimmed(list.substr(0, comma));
      if (chunked && !coding.empty()) fail(ParseProblem::TransferEncoding, "a coding after chunked");
      if (equalIgnoringCase(coding, "chunked"))
        chunked = true;
      else if (equalIgnoringCase(coding, "identity"))
        repaired(Repair::IdentityCoding);
      else if (!coding.empty())
        fail(ParseProblem::TransferEncoding, coding);
      if (comma == std::string_view::npos) break;
      list.remove_prefix(comma + 1);
    }
  });
  if (chunked != ((llhttp_.flags & F_CHUNKED) != 0)) fail(ParseProblem::TransferEncoding);
  if (hasLength_) {                                    // it is overridden, and the connection is not trusted further
    repaired(Repair::LengthConflict);
    keepAlive_ = false;
    hasLength_ = false;
  }
  if (head_.minorVersion == 0) keepAlive_ = false;
}

void Parser::Machine::finishRequestHead() {
  head_.method = llhttp_method_name(static_cast<llhttp_method_t>(llhttp_.method));
  if (llhttp_.method > HTTP_SOURCE) fail(ParseProblem::Method);  // PRI, and what only RTSP has
  for (char c : head_.target)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F) fail(ParseProblem::Target);
  checkHost();
  framing_ = (llhttp_.flags & F_CHUNKED) ? BodyFraming::Chunked : hasLength_ ? BodyFraming::Length : BodyFraming::None;
}

// RFC 9112 section 3.2.
void Parser::Machine::checkHost() {
  std::size_t hosts = 0;
  eachValue("Host", [&](std::string_view value) {
    ++hosts;
    host_ = value;
  });
  const std::string_view host = host_;
  if (hosts > 1 || (hosts == 0 && head_.minorVersion > 0 && options_.requireHost)) fail(ParseProblem::Host);
  // A host and perhaps a port: what a URL's authority may be, without a user.
  if (host.empty() || host == goodHost_) return;
  if (host.find_first_of("/?#@\\, \t") != std::string_view::npos || !Url::tryParse(std::string("http://").append(host))) fail(ParseProblem::Host);
  goodHost_ = host;
}

// Whether llhttp has no body to read.
bool Parser::Machine::finishResponseHead() {
  const int status = head_.status = llhttp_.status_code;
  if (status < 100) fail(ParseProblem::Status);
  for (char& c : head_.reason)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  const bool upgraded = status == 101;
  if (upgraded && !answersUpgrade_) fail(ParseProblem::UnexpectedUpgrade);
  interimNow_ = status < 200 && !upgraded;
  if (interimNow_) {
    if (++interim_ > options_.maxInterim) fail(ParseProblem::TooManyInterim);
    return false;
  }
  const bool noBody = answersHead_ || upgraded || status == 204 || status == 304;
  if (noBody)
    framing_ = BodyFraming::None;
  else if (llhttp_.flags & F_CHUNKED)
    framing_ = BodyFraming::Chunked;
  else if (hasLength_)
    framing_ = BodyFraming::Length;
  else
    framing_ = BodyFraming::UntilClose;
  if (framing_ == BodyFraming::UntilClose) keepAlive_ = false;
  return noBody;
}

}  // namespace weft::http
