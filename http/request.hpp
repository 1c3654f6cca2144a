// Request: what a client asks for, and what a server is asked.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/body.hpp>
#include <weft/http/body_source.hpp>
#include <weft/http/forms/form.hpp>
#include <weft/http/forms/multipart.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/json.hpp>
#include <weft/http/url.hpp>
#include <weft/net/address.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

namespace weft::http {

namespace detail {
class Channel;
}

/// An HTTP request. A value; copy and change it freely.
///
///     Request request("POST", "https://example.com/api");
///     request.setHeader("Accept", "application/json").setBody("{}", "application/json");
///     Response response = co_await agent.request(std::move(request));
class Request {
 public:
  /// GET of nothing: a place for a request.
  Request() = default;
  /// A GET.
  explicit Request(Url url) : url(std::move(url)) {}
  /// Throws HeaderError when the method is no token, UrlError when the text is no URL.
  Request(std::string_view method, Url url) : url(std::move(url)) { setMethod(method); }
  Request(std::string_view method, std::string_view url) : Request(method, Url(url)) {}
  Request(std::string_view method, const char* url) : Request(method, Url(url)) {}

  Url url;
  Headers headers;
  std::string body;
  /// In place of `body`, for one that is not in memory: see setBodyFile() and setBodyChunks(). Copies of a request share it. At a server every body is one: see bytes().
  std::shared_ptr<BodySource> bodySource;

  /// "GET" and so on; case counts (RFC 9110 section 9.1).
  const std::string& method() const noexcept { return method_; }
  Request& setMethod(std::string_view method);
  /// Throws HeaderError, see Headers.
  Request& setHeader(std::string_view name, std::string_view value) { return headers.set(name, value), *this; }
  Request& addHeader(std::string_view name, std::string_view value) { return headers.add(name, value), *this; }
  Request& setBody(std::string bytes) { return body = std::move(bytes), bodySource.reset(), *this; }
  Request& setBody(std::string bytes, std::string_view contentType);
  Request& setBody(std::shared_ptr<BodySource> source) { return body.clear(), bodySource = std::move(source), *this; }
  /// The bytes of a file, read while they are sent, with its size as Content-Length. A file that cannot be used is a RequestBodyFailed of the request, whose reason is a FileError.
  Request& setBodyFile(std::string path) { return setBody(fileBody(std::move(path))); }
  /// What a generator yields, sent as it comes and as fast as the server takes it: in chunks (RFC 9112 section 7.1), or with a Content-Length where the number of bytes is given;
  /// another number is a RequestBodyLengthError. Errors of the generator: RequestBodyFailed. A generator can be sent once; a function that makes one lets redirects and retries
  /// send the body again.
  ///
  ///     request.setBodyChunks([] { return rowsOfTheTable(); });
  Request& setBodyChunks(AsyncGenerator<std::string> chunks, std::optional<std::uint64_t> length = std::nullopt) {
    return setBody(generatedBody(std::move(chunks), length));
  }
  Request& setBodyChunks(std::function<AsyncGenerator<std::string>()> make, std::optional<std::uint64_t> length = std::nullopt) {
    return setBody(generatedBody(std::move(make), length));
  }
  /// Asks the server first whether it wants the body (Expect: 100-continue, RFC 9110 section 10.1.1): it is sent when the server says so, or nothing for AgentOptions::continueTimeout. A
  /// server that answers at once, for instance with 401, spares both sides the body. Throws HeaderError.
  Request& setExpectContinue() { return setHeader("Expect", "100-continue"); }
  /// Asks the server to go on with another protocol on this connection: Connection: Upgrade (RFC 9110 section 7.8). See Agent::upgrade(). Throws HeaderError.
  Request& setUpgrade(std::string_view protocol) {
    headers.set("Connection", "Upgrade").set("Upgrade", protocol);
    return upgrade = true, *this;
  }
  /// Gets each interim response (1xx: 103 Early Hints) as it comes. It may do anything, cancel the request too.
  Request& setOnInterim(std::function<void(int status, const Headers& headers)> callback) { return onInterim = std::move(callback), *this; }
  /// Can the body be sent again, for a redirect or a retry?
  bool isBodyRepeatable() const noexcept { return !bodySource || bodySource->isRepeatable(); }
  bool hasBody() const noexcept { return bodySource || !body.empty(); }
  /// A form as the body, with its Content-Type. The method stays as it is: a form wants POST.
  Request& setForm(const Form& form);
  Request& setMultipart(const Multipart& form);
  /// For this request, in place of the Agent's: the longest that all of it may take; the longest body.
  Request& setTimeout(Delay total) { return timeout = total, *this; }
  Request& setMaxBody(std::size_t bytes) { return maxBody = bytes, *this; }

  /// Whose session it belongs to, where the client keeps several: the name of a jar of CookieJars. Empty: the one without a name. See CookieAgent and CacheAgent.
  Request& setCookieJar(std::string name) { return cookieJar = std::move(name), *this; }

  std::string cookieJar;
  std::optional<Delay> timeout;
  std::optional<std::size_t> maxBody;
  std::function<void(int status, const Headers& headers)> onInterim;
  /// 101 is an answer that this request asks for: see setUpgrade().
  bool upgrade = false;

  // ---- at a server

  /// The body, which may still be on its way: it is taken from the connection as fast as it is read here, once, and begins to come when it is read (a client that sent Expect: 100-continue
  /// is told to go on then). `limit` and `maxBody` (the site's, unless a handler or route sets another) both hold. Errors: BodyTooLarge, which a handler that lets it pass answers with
  /// 413; ParseError (400) when the body breaks the rules of HTTP; BodyTimeout (408); net::ConnectionLost. cancel: the body is given up.
  ///
  ///     Deferred<Response> create(Request request) {
  ///       const Json note = co_await request.json();
  Deferred<std::string> bytes(std::size_t limit = Body::kUnlimited);
  /// The same in UTF-8, decoded from what Content-Type says, as of Response::text().
  Deferred<std::string> text(std::size_t limit = Body::kUnlimited);
  /// Errors also: JsonError (400).
  Deferred<Json> json(JsonOptions options = JsonOptions());
  /// Piece by piece.
  AsyncGenerator<std::string> chunks();
  /// To a file, as Body::saveTo().
  Deferred<std::uint64_t> saveTo(std::string path);

  /// What a Router found in the path for "{name}", decoded; empty when its pattern has no such name.
  std::string_view pathValue(std::string_view name) const noexcept;
  std::vector<std::pair<std::string, std::string>> pathValues;

  /// Something that a layer leaves for the layers and the handler inside of it: a session, a user. One for each type; null if there is none.
  template <class T> T* attached() const noexcept { return static_cast<T*>(attachedOf(typeid(T))); }
  template <class T> Request& attach(std::shared_ptr<T> thing) { return attachOf(typeid(T), std::move(thing)), *this; }

  /// Who asks, the target as it was sent ("/a?b", "*"), and the version: 1 and 1 for HTTP/1.1, 2 and 0.
  net::Address client;
  std::string target;
  int majorVersion = 1;
  int minorVersion = 1;

 private:
  void* attachedOf(std::type_index type) const noexcept;
  void attachOf(std::type_index type, std::shared_ptr<void> thing);

  friend class detail::Channel;

  std::string method_ = "GET";
  std::vector<std::pair<std::type_index, std::shared_ptr<void>>> attached_;
};

/// May it be repeated without doing more than once what it does? RFC 9110 section 9.2.2.
bool isIdempotent(std::string_view method) noexcept;

}  // namespace weft::http
