// Response: what a server answers.
#pragma once

#include <weft/core/unique_function.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/body.hpp>
#include <weft/http/body_source.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/history.hpp>
#include <weft/http/json.hpp>
#include <weft/http/response_timing.hpp>
#include <weft/http/text/text_decoder.hpp>
#include <weft/http/url.hpp>
#include <weft/net/address.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::net {
class TlsFacts;
class Transport;
}  // namespace weft::net

namespace weft::http {

namespace detail {
struct ResponseFacts;
}

/// An HTTP response: from an Agent, or made by a server's handler. Moves, and does not copy: bodies are large.
///
///     Response response = co_await agent.get("http://example.com/");
///     if (response.status == 200) std::string page = co_await response.text();
///
///     return Response(200, "<p>hello").setHeader("Content-Type", "text/html; charset=utf-8");
class Response {
 public:
  Response() = default;
  explicit Response(int status, std::string body = {}) : status(status), body(std::move(body)) {}
  Response(int status, std::string body, std::string_view contentType) : Response(status, std::move(body)) { headers.add("Content-Type", contentType); }
  Response(Response&&) = default;
  Response& operator=(Response&&) = default;

  int status = 200;
  std::string reason;                ///< as the server sent it; a handler may leave it empty
  int majorVersion = 1;              ///< of HTTP, as it came: 1 and 1 for HTTP/1.1, 2 and 0
  int minorVersion = 1;
  Headers headers;
  Url url;                           ///< what this answers
  Body body;
  /// The parser let something pass that strict HTTP refuses (ParserOptions::lenient).
  bool wasRepaired = false;

  /// What the layers of the client did on the way: redirects, tries, codings undone, a cache.
  const History& history() const noexcept;
  /// The same for a layer, to write in.
  History& editHistory();

  bool ok() const noexcept { return status >= 200 && status < 300; }
  /// Content-Length, where it is given and a number.
  std::optional<std::uint64_t> contentLength() const noexcept;

  /// The whole body; see Body::bytes().
  Deferred<std::string> bytes(std::size_t limit = Body::kUnlimited) { return body.bytes(limit); }
  /// The whole body as text in UTF-8, decoded from what detectEncoding() finds; bytes that mean nothing become U+FFFD. A body that is UTF-8 already is moved through. Errors
  /// as of bytes(); the limit is of bytes as well.
  Deferred<std::string> text(std::size_t limit = Body::kUnlimited);
  /// The same, with the encoding that was found, and how.
  Deferred<DecodedText> decodedText(std::size_t limit = Body::kUnlimited);
  /// The encoding that Content-Type gives: "utf-8", "windows-1252". Empty when it gives none that is known; text() then looks into the body.
  std::string_view encoding() const noexcept;
  /// The whole body as JSON, which is UTF-8 whatever Content-Type says (RFC 8259 section 8.1). Errors: as of bytes(), and JsonError.
  Deferred<Json> json(JsonOptions options = JsonOptions());
  /// The body piece by piece, and to a file: as the functions of Body, which they leave empty.
  AsyncGenerator<std::string> chunks() { return std::move(body).chunks(); }
  Deferred<std::uint64_t> saveTo(std::string path) { return std::move(body).saveTo(std::move(path)); }
  Response& onProgress(Body::Progress callback) { return body.onProgress(std::move(callback)), *this; }

  // ---- what an Agent knows about how it came; nothing, for a response that no Agent has received

  /// How long each part took. Of a body that still comes, `body` is set once it is here.
  const ResponseTiming& timing() const noexcept;
  /// Who sent it.
  net::Address peer() const noexcept;
  /// Had its connection served another request before?
  bool isOfReusedConnection() const noexcept;
  /// Of its connection, if it was one of TLS: what the handshake agreed upon, and the server's certificate. Null otherwise.
  std::shared_ptr<const net::TlsFacts> tls() const noexcept;
  /// Fields that came behind the body (RFC 9110 section 6.5), once it is here.
  const Headers& trailers() const noexcept;
  /// How many interim responses (1xx) came before it. See Request::setOnInterim().
  unsigned interimResponses() const noexcept;
  /// After 101: the connection, which is the caller's from now on, and begins with the first byte behind the response. Null if there is none, or it was taken. Nothing is read
  /// before it gets a protocol, or a Stream; with the last pointer, or the response, it is closed.
  std::shared_ptr<net::Transport> takeTransport() noexcept;

  Response& setStatus(int value) & { return status = value, *this; }
  Response&& setStatus(int value) && { return std::move(setStatus(value)); }
  /// In place of the status' own name. Throws HeaderError when it has a line break, a NUL or another control character; a server does not send such a `reason`.
  Response& setReason(std::string_view text) &;
  Response&& setReason(std::string_view text) && { return std::move(setReason(text)); }
  /// Throws HeaderError, see Headers.
  Response& setHeader(std::string_view name, std::string_view value) & { return headers.set(name, value), *this; }
  Response&& setHeader(std::string_view name, std::string_view value) && { return std::move(setHeader(name, value)); }
  Response& addHeader(std::string_view name, std::string_view value) & { return headers.add(name, value), *this; }
  Response&& addHeader(std::string_view name, std::string_view value) && { return std::move(addHeader(name, value)); }
  Response& setBody(std::string bytes) & { return body = Body(std::move(bytes)), *this; }
  Response&& setBody(std::string bytes) && { return std::move(setBody(std::move(bytes))); }
  /// A body that is not in memory, of a server's response: with Content-Length where the source knows it, else in chunks, or, to HTTP/1.0, until the connection is closed. It is taken as fast as
  /// the client reads, and dropped, which closes a generator, when the client is gone. An error of it is logged and cuts the connection, so that no client takes the rest for all of it.
  Response& setBody(std::shared_ptr<BodySource> source) & { return body = Body(std::move(source)), *this; }
  Response&& setBody(std::shared_ptr<BodySource> source) && { return std::move(setBody(std::move(source))); }
  /// The bytes of a regular file, which the system itself sends over plain TCP (sendfile). One that cannot be opened is answered with 500: see StaticFiles for a folder that clients ask for.
  Response& setBodyFile(std::string path) & { return setBody(fileBody(std::move(path))); }
  Response&& setBodyFile(std::string path) && { return std::move(setBodyFile(std::move(path))); }
  /// What a generator yields, as it comes.
  Response& setBodyChunks(AsyncGenerator<std::string> chunks, std::optional<std::uint64_t> length = std::nullopt) & { return setBody(generatedBody(std::move(chunks), length)); }
  Response&& setBodyChunks(AsyncGenerator<std::string> chunks, std::optional<std::uint64_t> length = std::nullopt) && {
    return std::move(setBodyChunks(std::move(chunks), length));
  }
  /// Of a server's response: goes on with another protocol on this connection, as the request asked for (RFC 9110 section 7.8). The status becomes 101; once the head is written, `takeOver` gets the
  /// connection, whose first byte to read is the one behind the request. A response to HTTP/2, or to a request without such an Upgrade field, is a 500 instead. Throws HeaderError.
  using TakeOver = UniqueFunction<void(std::shared_ptr<net::Transport>)>;
  Response& setUpgrade(std::string_view protocol, TakeOver takeOver) &;
  Response&& setUpgrade(std::string_view protocol, TakeOver takeOver) && { return std::move(setUpgrade(protocol, std::move(takeOver))); }

  TakeOver* takeOver() const noexcept { return takeOver_.get(); }                                           // the library's own
  void setFacts(std::shared_ptr<detail::ResponseFacts> facts) noexcept { facts_ = std::move(facts); }      // the library's own

 private:
  std::shared_ptr<detail::ResponseFacts> facts_;
  std::unique_ptr<History> history_;
  std::unique_ptr<TakeOver> takeOver_;
};

/// May it stand in a status line? Tabs, spaces, visible characters and bytes over 0x7F. RFC 9112 section 4.
bool isReasonPhrase(std::string_view text) noexcept;
/// "Not Found" for 404; empty for a status without a name in RFC 9110.
std::string_view reasonPhrase(int status) noexcept;

}  // namespace weft::http
