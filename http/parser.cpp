#include <weft/http/parser.hpp>

#include <weft/http/internal/headers_writer.hpp>
#include <weft/http/url.hpp>

#include <llhttp.h>

#include <algorithm>
#include <bit>
#include <exception>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weft::http {

namespace {

ParseProblem problemOf(llhttp_errno_t error) noexcept {
  switch (error) {
    case HPE_INVALID_METHOD: return ParseProblem::Method;
    case HPE_INVALID_URL: return ParseProblem::Target;
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE: return ParseProblem::Version;
    case HPE_INVALID_STATUS: return ParseProblem::Status;
    case HPE_INVALID_HEADER_TOKEN:
    case HPE_UNEXPECTED_SPACE: return ParseProblem::HeaderName;
    case HPE_INVALID_CONTENT_LENGTH: return ParseProblem::ContentLength;
    case HPE_UNEXPECTED_CONTENT_LENGTH: return ParseProblem::LengthConflict;
    case HPE_INVALID_TRANSFER_ENCODING: return ParseProblem::TransferEncoding;
    case HPE_INVALID_CHUNK_SIZE: return ParseProblem::ChunkSize;
    case HPE_STRICT: return ParseProblem::ChunkFraming;
    case HPE_CR_EXPECTED:
    case HPE_LF_EXPECTED: return ParseProblem::LineEnding;
    default: return ParseProblem::StartLine;
  }
}

// The first CR or LF at or after `from`, or the size.
std::size_t findLineEnd(std::string_view bytes, std::size_t from) noexcept {
#ifdef __SSE2__
  const __m128i cr = _mm_set1_epi8('\r');
  const __m128i lf = _mm_set1_epi8('\n');
  for (; from + 16 <= bytes.size(); from += 16) {  // 40 ns for a typical head, where one byte at a time takes 250
    const __m128i piece = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + from));
    const int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(piece, cr), _mm_cmpeq_epi8(piece, lf)));
    if (found != 0) return from + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(found)));
  }
#endif
  while (from < bytes.size() && bytes[from] != '\r' && bytes[from] != '\n') ++from;
  return from;
}

}  // namespace

void MessageHead::clear() {
  method.clear();
  target.clear();
  status = 0;
  reason.clear();
  majorVersion = minorVersion = 1;
  headers.clear();
  trailers.clear();
}

class Parser::Machine {
 public:
  Machine(Kind kind, MessageSink& sink, const ParserOptions& options) : sink_(sink), options_(options), kind_(kind) {
    llhttp_init(&llhttp_, kind == Kind::Request ? HTTP_REQUEST : HTTP_RESPONSE, settings());
    llhttp_.data = this;
    if (options_.lenient) {
      llhttp_set_lenient_headers(&llhttp_, 1);
      llhttp_set_lenient_chunked_length(&llhttp_, 1);
    }
    writer_.attach(head_.headers);
  }

  std::size_t feed(std::string_view bytes) {
    if (complete_ || bytes.empty()) return 0;
    const std::string_view all = bytes;
    while (!headComplete_ && !bytes.empty()) {
      const std::size_t limit = options_.maxStartLine + options_.maxHeaderBytes + 4 * options_.maxHeaders + 64;
      const std::size_t room = limit - static_cast<std::size_t>(headBytes());
      const LineCheck check = checkLines(bytes.substr(0, room));
      execute(bytes.substr(0, std::min(check.end, room)));
      bytes.remove_prefix(lastUsed_);
      if (complete_) return all.size() - bytes.size();
      if (headComplete_) break;
      if (check.broken) throw error(ParseProblem::LineEnding);
      if (headBytes() >= limit) throw error(tooLong_ ? ParseProblem::StartLineTooLong : ParseProblem::HeadersTooLarge);
    }
    if (framing_ == BodyFraming::Chunked && chunk_ != Chunk::Trailers) bytes.remove_prefix(readChunks(bytes));
    if (framing_ != BodyFraming::Chunked) {
      execute(bytes);
      bytes.remove_prefix(lastUsed_);
      return all.size() - bytes.size();
    }
    const std::size_t limit = options_.maxHeaderBytes + 4 * options_.maxHeaders + 64;  // names and values are counted exactly; this is for what stands between them
    while (!complete_ && !bytes.empty()) {
      const auto trailers = static_cast<std::size_t>(consumed_ - mark_);
      if (trailers >= limit) throw error(ParseProblem::HeadersTooLarge);
      execute(bytes.substr(0, limit - trailers));
      bytes.remove_prefix(lastUsed_);
    }
    return all.size() - bytes.size();
  }

  void finish() {
    if (complete_) return;
    if (!started()) throw error(ParseProblem::Empty);
    if (!headComplete_ || framing_ != BodyFraming::UntilClose) throw error(ParseProblem::Truncated);
    complete_ = true;
    sink_.messageReceived();
  }

  void next(bool answersHead, bool answersUpgrade) {
    answersHead_ = answersHead;
    answersUpgrade_ = answersUpgrade;
    consumed_ = mark_ = headStart_ = 0;
    interim_ = 0;
    beginHead();
    llhttp_reset(&llhttp_);
  }

  bool started() const noexcept { return consumed_ > 0; }
  bool headComplete() const noexcept { return headComplete_; }
  bool complete() const noexcept { return complete_; }
  MessageHead& head() noexcept { return head_; }
  BodyFraming framing() const noexcept { return framing_; }
  std::optional<std::uint64_t> contentLength() const noexcept {
    return framing_ == BodyFraming::Length ? std::optional<std::uint64_t>(contentLength_) : std::nullopt;
  }
  bool keepAlive() const noexcept { return keepAlive_; }
  unsigned repairs() const noexcept { return repairs_; }
  std::uint64_t consumed() const noexcept { return consumed_; }

 private:
  static Machine& self(llhttp_t* llhttp) noexcept { return *static_cast<Machine*>(llhttp->data); }

  // Exceptions do not cross llhttp, which is C: they wait until it has returned.
  template <class F> static int guarded(llhttp_t* llhttp, F&& body) noexcept {
    Machine& machine = self(llhttp);
    try {
      return body(machine);
    } catch (...) {
      machine.pending_ = std::current_exception();
      return HPE_USER;
    }
  }

  static const llhttp_settings_t* settings() {
    static const llhttp_settings_t kSettings = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_url = [](llhttp_t* p, const char* at, std::size_t n) {
        return guarded(p, [=](Machine& m) { return m.startLine(m.head_.target, at, n); });
      };
      s.on_status = [](llhttp_t* p, const char* at, std::size_t n) {
        return guarded(p, [=](Machine& m) { return m.startLine(m.head_.reason, at, n); });
      };
      s.on_url_complete = s.on_status_complete = [](llhttp_t* p) {
        return guarded(p, [](Machine& m) { return m.startLineComplete(); });
      };
      s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
        return guarded(p, [=](Machine& m) { return m.headerName({at, n}); });
      };
      s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
        return guarded(p, [=](Machine& m) { return m.headerValue({at, n}); });
      };
      s.on_header_value_complete = [](llhttp_t* p) {
        return guarded(p, [](Machine& m) { return m.headerComplete(); });
      };
      s.on_headers_complete = [](llhttp_t* p) { return guarded(p, [](Machine& m) { return m.headersComplete(); }); };
      s.on_body = [](llhttp_t* p, const char* at, std::size_t n) {
        return guarded(p, [=](Machine& m) { return m.body({at, n}); });
      };
      s.on_message_complete = [](llhttp_t* p) { return guarded(p, [](Machine& m) { return m.messageComplete(); }); };
      return s;
    }();
    return &kSettings;
  }

  ParseError error(ParseProblem problem, std::string_view detail = {}) const {
    return ParseError(kind_ == Kind::Request ? "a request" : "a response", problem, consumed_, detail);
  }

  std::uint64_t headBytes() const noexcept { return consumed_ - headStart_; }

  void execute(std::string_view bytes) {
    if (bytes.empty()) {
      lastUsed_ = 0;
      return;
    }
    pieceStart_ = bytes.data();
    pieceOffset_ = consumed_;
    const llhttp_errno_t result = llhttp_execute(&llhttp_, bytes.data(), bytes.size());
    lastUsed_ =
        result == HPE_OK ? bytes.size() : static_cast<std::size_t>(llhttp_get_error_pos(&llhttp_) - bytes.data());
    consumed_ += lastUsed_;
    if (pending_) [[unlikely]]
      std::rethrow_exception(std::exchange(pending_, nullptr));
    if (result == HPE_OK || complete_) [[likely]]
      return;
    if (result == HPE_PAUSED) return llhttp_resume(&llhttp_);
    const ParseProblem problem = problemOf(result);
    // llhttp reports a second Content-Length with the code of a conflict.
    if (problem == ParseProblem::LengthConflict && head_.headers.has("Content-Length") &&
        !head_.headers.has("Transfer-Encoding"))
      throw error(ParseProblem::ContentLength, "there are several");
    throw error(problem, llhttp_get_error_reason(&llhttp_) ? llhttp_get_error_reason(&llhttp_) : "");
  }

  struct LineCheck {
    std::size_t end = std::string_view::npos;  // where the head ends, or is broken
    bool broken = false;
  };

  // The discipline of lines, which llhttp does not keep: no CR without its LF; and in strict mode no LF without its CR, and no line that begins
  // with a space.
  LineCheck checkLines(std::string_view bytes) noexcept {
    const bool strict = !options_.lenient;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (line_ == Line::Inside) {
        i = findLineEnd(bytes, i);
        if (i == bytes.size()) break;
      }
      const char c = bytes[i];
      switch (line_) {
        case Line::First:  // empty lines before a message are let pass (section 2.2)
          if (c == '\n' && strict) return {i, true};
          if (c != '\n') line_ = c == '\r' ? Line::FirstCr : Line::Inside;
          afterStartLine_ = true;
          break;
        case Line::FirstCr:
          if (c != '\n') return {i, true};
          line_ = Line::First;
          break;
        case Line::Inside:
          if (c == '\n' && strict) return {i, true};
          if (c == '\n') repaired(Repair::BareLf);
          line_ = c == '\r' ? Line::AfterCr : Line::Start;
          break;
        case Line::AfterCr:
          if (c != '\n') return {i, true};
          line_ = Line::Start;
          break;
        case Line::Start:
          if (c == '\r') {
            line_ = Line::LastCr;
          } else if ((strict && c == '\n') || ((strict || afterStartLine_) && (c == ' ' || c == '\t'))) {      // section 2.2
            return {i, true};
          } else if (c == '\n') {
            line_ = Line::First;  // an interim response is followed by another head
            return {i + 1, false};
          } else {
            line_ = Line::Inside;
          }
          afterStartLine_ = false;
          break;
        case Line::LastCr:
          if (c != '\n') return {i, true};
          line_ = Line::First;
          return {i + 1, false};
      }
    }
    return {};
  }

  void beginHead() {
    head_.clear();
    headStart_ = consumed_;
    headerBytes_ = headerCount_ = extensionBytes_ = 0;
    contentLength_ = 0;
    hasLength_ = headComplete_ = complete_ = keepAlive_ = nameOpen_ = valueOpen_ = tooLong_ = false;
    repairs_ = 0;
    framing_ = BodyFraming::None;
    line_ = Line::First;
    writer_.attach(head_.headers);
  }

  void repaired(Repair kind) noexcept { repairs_ |= static_cast<unsigned>(kind); }

  int fail(ParseProblem problem, std::string_view detail = {}) { throw error(problem, detail); }

  // llhttp gives out the pieces of a text only up to where it finds a wrong byte, and a text that is all there not at all. So that the division of the input does not
  // decide which of two faults is reported, what we ourselves find wrong with a text waits for its end.

  int startLine(std::string& text, const char* at, std::size_t size) {
    tooLong_ = tooLong_ || text.size() + size > options_.maxStartLine;
    if (!tooLong_) text.append(at, size);
    return 0;
  }

  int startLineComplete() { return tooLong_ ? fail(ParseProblem::StartLineTooLong) : 0; }

  int headerName(std::string_view piece) {
    if (!nameOpen_) {
      ++headerCount_;
      nameOpen_ = true;
      writer_.beginName();
    }
    if ((headerBytes_ += piece.size()) <= options_.maxHeaderBytes) writer_.name(piece);
    return 0;
  }

  void openValue() {
    valueOpen_ = true;
    writer_.beginValue();
  }

  void checkField() {
    if (headerCount_ > options_.maxHeaders) fail(ParseProblem::TooManyHeaders);
    const std::string_view name = writer_.openName();
    if (headerBytes_ > options_.maxHeaderBytes || name.size() > 0xFFFF) fail(ParseProblem::HeadersTooLarge);
    if (name.empty()) fail(ParseProblem::HeaderName, "an empty name");
    // llhttp's table of field names also has the space.
    if (name.find(' ') != std::string_view::npos) fail(ParseProblem::HeaderName, "a space in the name");
  }

  int headerValue(std::string_view piece) {
    const std::uint64_t at = pieceOffset_ + static_cast<std::uint64_t>(piece.data() - pieceStart_);
    if (!valueOpen_) {
      openValue();
    } else if (at != valueEnd_) {  // a folded line: RFC 9112 section 5.2
      if (!options_.lenient) return fail(ParseProblem::LineEnding, "a folded line");
      repaired(Repair::FoldedLine);
      writer_.value(" ");
    }
    valueEnd_ = at + piece.size();
    if ((headerBytes_ += piece.size()) <= options_.maxHeaderBytes) writer_.value(piece);
    return 0;
  }

  int headerComplete() {
    if (!valueOpen_) openValue();
    checkField();
    if (options_.lenient) repairValue();
    writer_.end();
    nameOpen_ = valueOpen_ = false;
    return 0;
  }

  void repairValue() {
    char* bytes = writer_.openValueBytes();
    const std::size_t size = writer_.openValue().size();
    std::size_t i = 0;
#ifdef __SSE2__
    const __m128i space = _mm_set1_epi8(' '), del = _mm_set1_epi8(0x7F);
    for (; i + 16 <= size; i += 16) {                  // nearly every value has nothing of the kind
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
    // Several Content-Length fields of one value count as one (RFC 9112 section 6.3). llhttp must not see that it had one.
    if ((llhttp_.flags & F_CONTENT_LENGTH) && !(llhttp_.flags & F_TRAILING) &&
        equalIgnoringCase(writer_.openName(), "content-length")) {
      if (hasLength_ && writer_.openValue() != head_.headers.get("Content-Length"))
        fail(ParseProblem::ContentLength, "there are several, and they differ");
      if (hasLength_) repaired(Repair::RepeatedLength);
      hasLength_ = true;
      contentLength_ = llhttp_.content_length;
      llhttp_.flags = static_cast<std::uint16_t>(llhttp_.flags & ~F_CONTENT_LENGTH);
      llhttp_.content_length = 0;
    }
  }

  int headersComplete() {
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
    const bool skipBody = kind_ == Kind::Request ? finishRequestHead() : finishResponseHead();
    if (interimNow_) return 1;                         // no body, whatever its fields say (section 6.3, rule 1); llhttp alone would read one
    headComplete_ = true;
    mark_ = consumed_;
    writer_.attach(head_.trailers);
    sink_.headReceived();
    if (framing_ == BodyFraming::Chunked) {
      beginChunk();
      return HPE_PAUSED;                               // llhttp waits for the trailers
    }
    return skipBody ? 1 : 0;
  }

  // Only chunked, once. A response's "identity" (RFC 2616) is let pass by lenient mode, where it means nothing.
  void checkTransferEncoding() {
    if (!head_.headers.has("Transfer-Encoding")) return;
    const auto fields = head_.headers.getAll("Transfer-Encoding");
    if (!options_.lenient) {
      if (fields.size() != 1 || !equalIgnoringCase(fields[0], "chunked")) fail(ParseProblem::TransferEncoding);
      if (hasLength_) fail(ParseProblem::LengthConflict);
      if (head_.minorVersion == 0) fail(ParseProblem::TransferEncoding, "in HTTP/1.0");
      return;
    }
    bool chunked = false;
    for (std::string_view list : fields) {
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
    }
    if (chunked != ((llhttp_.flags & F_CHUNKED) != 0)) fail(ParseProblem::TransferEncoding);
    if (hasLength_) {  // it is overridden, and the connection is not trusted further
      repaired(Repair::LengthConflict);
      keepAlive_ = false;
      hasLength_ = false;
    }
    if (head_.minorVersion == 0) keepAlive_ = false;
  }

  bool finishRequestHead() {
    head_.method = llhttp_method_name(static_cast<llhttp_method_t>(llhttp_.method));
    if (llhttp_.method > HTTP_SOURCE) fail(ParseProblem::Method);  // PRI, and what only RTSP has
    for (char c : head_.target)
      if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F) fail(ParseProblem::Target);
    checkHost();
    framing_ = (llhttp_.flags & F_CHUNKED) ? BodyFraming::Chunked
               : hasLength_                ? BodyFraming::Length
                                           : BodyFraming::None;
    return false;
  }

  // RFC 9112 section 3.2.
  void checkHost() {
    const auto hosts = head_.headers.getAll("Host");
    if (hosts.size() > 1 || (hosts.empty() && head_.minorVersion > 0 && options_.requireHost)) fail(ParseProblem::Host);
    if (hosts.empty() || hosts[0].empty()) return;
    // A host and perhaps a port: what a URL's authority may be, without a user.
    const std::string_view host = hosts[0];
    if (host.find_first_of("/?#@\\, \t") != std::string_view::npos ||
        !Url::tryParse(std::string("http://").append(host)))
      fail(ParseProblem::Host);
  }

  bool finishResponseHead() {
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

  int body(std::string_view piece) {
    const std::uint64_t at = pieceOffset_ + static_cast<std::uint64_t>(piece.data() - pieceStart_);
    mark_ = at + piece.size();
    sink_.bodyReceived(piece);
    return 0;
  }

  // Where a chunked body stands. RFC 9112 section 7.1.
  enum class Chunk : std::uint8_t { Size, Blank, Extension, Value, Quoted, QuotedPair, AfterQuoted, LineLf, Data, DataEnd, DataLf, Trailers };

  static int hexDigit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    const char low = static_cast<char>(c | 32);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
  }

  // Chunks up to the last one's size line, whose trailers are llhttp's again; how many bytes. It is our own because llhttp takes no bare LF and no blank behind a size, which
  // servers send and browsers take, and because a chunk of 64 bytes costs it five callbacks.
  std::size_t readChunks(std::string_view bytes) {
    std::size_t i = 0;
    const std::uint64_t start = consumed_;
    const auto wrong = [&](ParseProblem problem, std::string_view detail = {}) {
      consumed_ = start + i;
      throw error(problem, detail);
    };
    const auto repair = [&](ParseProblem problem, std::string_view detail) {
      if (!options_.lenient) wrong(problem, detail);
      repaired(Repair::ChunkLine);
    };
    while (i < bytes.size() && chunk_ != Chunk::Trailers) {
      const char c = bytes[i];
      switch (chunk_) {
        case Chunk::Data: {
          const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunkLeft_, bytes.size() - i));
          chunkLeft_ -= size;
          if (chunkLeft_ == 0) chunk_ = Chunk::DataEnd;
          consumed_ = start + i + size;
          sink_.bodyReceived(bytes.substr(i, size));
          i += size;
          continue;
        }
        case Chunk::DataEnd:
          if (c == '\r') {
            chunk_ = Chunk::DataLf;
          } else {
            if (c != '\n') wrong(ParseProblem::ChunkFraming);
            repair(ParseProblem::ChunkFraming, "a bare LF");
            beginChunk();
          }
          break;
        case Chunk::DataLf:
          if (c != '\n') wrong(ParseProblem::ChunkFraming);
          beginChunk();
          break;
        case Chunk::Size:
          if (const int digit = hexDigit(c); digit >= 0) {
            if (chunkLeft_ >> 60) wrong(ParseProblem::ChunkSize, "it is too large");
            chunkLeft_ = chunkLeft_ << 4 | static_cast<unsigned>(digit);
            if (chunkDigits_ < 16) ++chunkDigits_;
            else countExtension(wrong);                // zeros without end
            break;
          }
          if (chunkDigits_ == 0) wrong(ParseProblem::ChunkSize);
          endSize(c, wrong, repair);
          break;
        case Chunk::Blank:
          countExtension(wrong);
          if (c != ' ' && c != '\t') endSize(c, wrong, repair);
          break;
        case Chunk::Extension:
        case Chunk::Value:
        case Chunk::AfterQuoted:
          countExtension(wrong);
          if (c == '\r' || c == '\n' || (c == ';' && chunk_ != Chunk::Extension)) {
            if (chunk_ != Chunk::AfterQuoted && !extensionHasText_ && !options_.lenient) wrong(ParseProblem::ChunkSize, "an extension without a name or value");
            endSize(c, wrong, repair);
          } else if (c == ';') {
            if (!extensionHasText_ && !options_.lenient) wrong(ParseProblem::ChunkSize, "an extension without a name");
            extensionHasText_ = false;
          } else if (options_.lenient || c == ' ' || c == '\t') {
            break;                                     // in lenient mode: whatever it is, it means nothing to us
          } else if (c == '=' && chunk_ == Chunk::Extension && extensionHasText_) {
            chunk_ = Chunk::Value;
            extensionHasText_ = false;
          } else if (c == '"' && chunk_ == Chunk::Value && !extensionHasText_) {
            chunk_ = Chunk::Quoted;
          } else if (chunk_ != Chunk::AfterQuoted && isToken({&c, 1})) {
            extensionHasText_ = true;
          } else {
            wrong(ParseProblem::ChunkSize, "an extension with a character that none may have");
          }
          break;
        case Chunk::Quoted:
        case Chunk::QuotedPair:
          countExtension(wrong);
          if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) wrong(ParseProblem::ChunkSize, "an extension with a control character");
          if (chunk_ == Chunk::QuotedPair) chunk_ = Chunk::Quoted;
          else if (c == '\\') chunk_ = Chunk::QuotedPair;
          else if (c == '"') chunk_ = Chunk::AfterQuoted;
          break;
        case Chunk::LineLf:
          if (c != '\n') wrong(ParseProblem::LineEnding);
          endChunkLine();
          break;
        case Chunk::Trailers: break;
      }
      ++i;
    }
    consumed_ = start + i;
    if (chunk_ == Chunk::Trailers) beginTrailers();
    return i;
  }

  void beginChunk() noexcept {
    chunk_ = Chunk::Size;
    chunkLeft_ = chunkDigits_ = 0;
  }

  void countExtension(const auto& wrong) {
    if (++extensionBytes_ > options_.maxChunkExtensions) wrong(ParseProblem::ChunkExtensionTooLong);
  }

  // What may follow a size, or an extension.
  void endSize(char c, const auto& wrong, const auto& repair) {
    if (c == '\r') {
      chunk_ = Chunk::LineLf;
    } else if (c == ';') {
      chunk_ = Chunk::Extension;
      extensionHasText_ = false;
    } else if (c == '\n') {
      repair(ParseProblem::LineEnding, "a bare LF");
      endChunkLine();
    } else {
      if (c != ' ' && c != '\t') wrong(ParseProblem::ChunkSize);
      repair(ParseProblem::ChunkSize, "a blank behind it");
      chunk_ = Chunk::Blank;
    }
  }

  void endChunkLine() noexcept { chunk_ = chunkLeft_ ? Chunk::Data : Chunk::Trailers; }

  // llhttp reads the trailers as it reads a head: from here it believes that the body was one empty chunk.
  void beginTrailers() {
    mark_ = consumed_;
    static constexpr std::string_view kLastChunk = "0\r\n";
    llhttp_execute(&llhttp_, kLastChunk.data(), kLastChunk.size());
  }

  int messageComplete() {
    if (interimNow_) {
      interimNow_ = false;
      sink_.interimReceived();
      beginHead();
      return 0;
    }
    complete_ = true;
    sink_.messageReceived();
    return HPE_PAUSED;
  }

  enum class Line : std::uint8_t { First, FirstCr, Start, Inside, AfterCr, LastCr };

  llhttp_t llhttp_;
  MessageHead head_;
  HeadersWriter writer_;
  MessageSink& sink_;
  ParserOptions options_;
  std::exception_ptr pending_;
  const char* pieceStart_ = nullptr;
  std::uint64_t pieceOffset_ = 0;
  std::size_t lastUsed_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t headStart_ = 0;
  std::uint64_t mark_ = 0;  // the end of the last body bytes: what lies behind it is framing
  std::uint64_t valueEnd_ = 0;
  std::uint64_t contentLength_ = 0;
  std::uint64_t chunkLeft_ = 0;
  unsigned chunkDigits_ = 0;
  std::size_t headerBytes_ = 0;
  std::size_t headerCount_ = 0;
  std::size_t extensionBytes_ = 0;
  unsigned interim_ = 0;
  Kind kind_;
  BodyFraming framing_ = BodyFraming::None;
  Chunk chunk_ = Chunk::Size;
  Line line_ = Line::First;
  bool answersHead_ = false;
  bool answersUpgrade_ = false;
  bool hasLength_ = false;
  bool headComplete_ = false;
  bool complete_ = false;
  bool keepAlive_ = false;
  unsigned repairs_ = 0;
  bool afterStartLine_ = false;                        // the next line is the first field's: there is nothing yet that it could continue
  bool tooLong_ = false;                               // the start line
  bool nameOpen_ = false;
  bool valueOpen_ = false;
  bool interimNow_ = false;
  bool extensionHasText_ = false;
};

Parser::Parser(Kind kind, MessageSink& sink, const ParserOptions& options)
    : machine_(std::make_unique<Machine>(kind, sink, options)) {}
Parser::~Parser() = default;

std::size_t Parser::feed(std::string_view bytes) { return machine_->feed(bytes); }
void Parser::finish() { machine_->finish(); }
void Parser::next(bool answersHead, bool answersUpgrade) { machine_->next(answersHead, answersUpgrade); }
bool Parser::started() const noexcept { return machine_->started(); }
bool Parser::headComplete() const noexcept { return machine_->headComplete(); }
bool Parser::complete() const noexcept { return machine_->complete(); }
MessageHead& Parser::head() noexcept { return machine_->head(); }
BodyFraming Parser::framing() const noexcept { return machine_->framing(); }
std::optional<std::uint64_t> Parser::contentLength() const noexcept { return machine_->contentLength(); }
bool Parser::keepAlive() const noexcept { return machine_->keepAlive(); }
unsigned Parser::repairs() const noexcept { return machine_->repairs(); }
std::uint64_t Parser::consumed() const noexcept { return machine_->consumed(); }

}  // namespace weft::http
