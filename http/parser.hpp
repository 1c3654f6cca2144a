// Parser: HTTP/1 messages from bytes.
#pragma once

#include <weft/http/error.hpp>
#include <weft/http/headers.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

/// What was wrong with a message.
enum class ParseProblem : std::uint8_t {
  StartLine,              ///< no request line or status line
  Method,                 ///< unknown method
  Target,                 ///< a request target with characters that none may have
  Version,                ///< not HTTP/1.0 or HTTP/1.1
  Status,
  HeaderName,             ///< no token, or a space before the colon, or no colon
  HeaderValue,            ///< a control character in a value
  LineEnding,             ///< a line that does not end in CRLF, or begins with a space
  Host,                   ///< HTTP/1.1 request with no Host field, two of them, or a bad one
  ContentLength,          ///< not a number, too large, or there are several
  TransferEncoding,       ///< other than chunked
  LengthConflict,         ///< Content-Length and Transfer-Encoding in one message
  ChunkSize,
  ChunkFraming,           ///< chunk data that does not end where its size says
  ChunkExtensionTooLong,
  StartLineTooLong,
  HeadersTooLarge,
  TooManyHeaders,
  TooManyInterim,         ///< more 1xx responses than ParserOptions::maxInterim
  UnexpectedUpgrade,      ///< 101 to a request that did not ask for it
  Truncated,              ///< the input ended inside the message
  Empty,                  ///< the input ended before its first byte
};

std::string_view describe(ParseProblem problem) noexcept;

/// A message broke the rules of HTTP/1 (RFC 9112) or a limit. The connection it came from is of no further use.
class ParseError : public Error {
 public:
  ParseError(std::string_view what, ParseProblem problem, std::uint64_t offset, std::string_view detail = {});
  ParseProblem problem;
  std::uint64_t offset;      ///< in bytes from the start of the message: where it was noticed
};

/// How much a parser accepts and holds.
class ParserOptions {
 public:
  /// Strict refuses what RFC 9112 lets a recipient refuse: bare LF, folded lines, repeated lengths, Transfer-Encoding with Content-Length, control
  /// characters. Lenient takes these as browsers do, which a crawler must; it never guesses where a message ends.
  bool lenient = false;
  std::size_t maxStartLine = 16 * 1024;
  std::size_t maxHeaderBytes = 256 * 1024;     ///< names and values, trailers too
  std::size_t maxHeaders = 512;                ///< fields, trailers too
  std::size_t maxChunkExtensions = 16 * 1024;  ///< bytes per message
  unsigned maxInterim = 16;                    ///< 1xx responses before the real one
  bool requireHost = true;                     ///< refuse an HTTP/1.1 request without a Host field (RFC 9112 section 3.2)

  ParserOptions& setLenient(bool value) { return lenient = value, *this; }
  ParserOptions& setMaxStartLine(std::size_t value) { return maxStartLine = value, *this; }
  ParserOptions& setMaxHeaderBytes(std::size_t value) { return maxHeaderBytes = value, *this; }
  ParserOptions& setRequireHost(bool value) { return requireHost = value, *this; }
  ParserOptions& setMaxHeaders(std::size_t value) { return maxHeaders = value, *this; }
};

/// The head of a message: what stands before its body.
class MessageHead {
 public:
  std::string method;        ///< of a request
  std::string target;        ///< of a request, as it was sent
  int status = 0;            ///< of a response
  std::string reason;        ///< of a response; may be empty
  int majorVersion = 1;
  int minorVersion = 1;
  Headers headers;
  Headers trailers;          ///< fields after a chunked body; never mixed with the headers (RFC 9110 section 6.5.1)

  void clear();
};

/// What lenient mode let pass that strict mode refuses. Bits of Parser::repairs().
enum class Repair : std::uint8_t {
  BareLf = 1,              ///< a line of the head that ends in LF alone (RFC 9112 section 2.2)
  FoldedLine = 2,          ///< joined by a blank (section 5.2)
  ControlByte = 4,         ///< in a value; CR, LF and NUL became blanks (RFC 9110 section 5.5)
  RepeatedLength = 8,      ///< several Content-Length fields of one value (RFC 9112 section 6.3)
  LengthConflict = 16,     ///< Content-Length beside Transfer-Encoding: the latter counts, and the connection is closed (section 6.1)
  IdentityCoding = 32,     ///< the transfer coding "identity", which RFC 2616 had
  ChunkLine = 64,          ///< a chunk line with blanks behind its size, or one that ends in LF alone
};

/// How the end of a body is found. RFC 9112 section 6.3.
enum class BodyFraming : std::uint8_t { None, Length, Chunked, UntilClose };

/// Gets what a Parser finds, from inside feed() and finish(). It may move the head away in headReceived() or later; it must not call the parser's
/// feed(), next() or finish(), nor destroy it. What it throws comes out of feed().
class MessageSink {
 public:
  virtual void headReceived() = 0;
  virtual void bodyReceived(std::string_view piece) = 0;    ///< the bytes die with the call
  virtual void messageReceived() = 0;
  virtual void interimReceived() {}                         ///< a 1xx response; its head is cleared after the call

 protected:
  ~MessageSink() = default;
};

/// An incremental parser of HTTP/1.x messages; the same result for any division of the input into pieces. RFC 9112.
///
/// One at a time: it stops after each message, so that what follows (pipelined requests, surplus bytes) stays the caller's. next() starts the
/// next message with the same memory.
///
///     Parser parser(Parser::Kind::Response, sink);
///     std::size_t used = parser.feed(bytes);       // throws ParseError
///     if (parser.complete() && used < bytes.size()) …   // more than was asked for
class Parser {
 public:
  enum class Kind : std::uint8_t { Request, Response };

  /// The sink must outlive the parser.
  Parser(Kind kind, MessageSink& sink, const ParserOptions& options = ParserOptions());
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Takes bytes up to the end of the message; how many. Throws ParseError; then only next() may follow.
  std::size_t feed(std::string_view bytes);
  /// The input has ended. Completes a body that lasts until close; anything else unfinished is a ParseError (Truncated or Empty).
  void finish();
  /// Forgets the message and waits for the next one. For a response: whether it answers a HEAD request, and so has no body; whether it answers a request that asked for an upgrade, so
  /// that a 101 is complete with its head, and what follows is no HTTP.
  void next(bool answersHead = false, bool answersUpgrade = false);
  /// From now on `sink` gets what is found: between two messages, for a parser that serves many connections in turn.
  void attach(MessageSink& sink) noexcept;

  bool started() const noexcept;                            ///< has a byte of this message arrived?
  bool headComplete() const noexcept;
  bool complete() const noexcept;
  /// The head so far. Its headers and trailers are filled as they come.
  MessageHead& head() noexcept;
  /// What the Host field of a request says, once the head is complete, and as long as its headers are not changed. Empty: there is none.
  std::string_view host() const noexcept;
  BodyFraming framing() const noexcept;                     ///< once the head is complete
  std::optional<std::uint64_t> contentLength() const noexcept;  ///< with BodyFraming::Length
  /// May the connection carry another message after this one? RFC 9112 section 9.3. Once the head is complete.
  bool keepAlive() const noexcept;
  /// What lenient mode let pass in this message so far: bits of Repair. Of trailers only what their values hold is noticed.
  unsigned repairs() const noexcept;
  bool wasRepaired() const noexcept { return repairs() != 0; }
  bool wasRepaired(Repair kind) const noexcept { return (repairs() & static_cast<unsigned>(kind)) != 0; }
  /// Bytes of this message that were taken.
  std::uint64_t consumed() const noexcept;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace weft::http
