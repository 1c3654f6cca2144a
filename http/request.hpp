// Request: what a client asks for, and what a server is asked.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/http/forms/form.hpp>
#include <weft/http/forms/multipart.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>
#include <weft/net/address.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::http {

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

  /// "GET" and so on; case counts (RFC 9110 section 9.1).
  const std::string& method() const noexcept { return method_; }
  Request& setMethod(std::string_view method);
  /// Throws HeaderError, see Headers.
  Request& setHeader(std::string_view name, std::string_view value) { return headers.set(name, value), *this; }
  Request& addHeader(std::string_view name, std::string_view value) { return headers.add(name, value), *this; }
  Request& setBody(std::string bytes) { return body = std::move(bytes), *this; }
  Request& setBody(std::string bytes, std::string_view contentType);
  /// A form as the body, with its Content-Type. The method stays as it is: a form wants POST.
  Request& setForm(const Form& form);
  Request& setMultipart(const Multipart& form);
  /// For this request, in place of the Agent's: the longest that all of it may take; the longest body.
  Request& setTimeout(Delay total) { return timeout = total, *this; }
  Request& setMaxBody(std::size_t bytes) { return maxBody = bytes, *this; }

  std::optional<Delay> timeout;
  std::optional<std::size_t> maxBody;

  /// At a server: who asks, the target as it was sent ("/a?b", "*"), and the version.
  net::Address client;
  std::string target;
  int minorVersion = 1;

 private:
  std::string method_ = "GET";
};

/// May it be repeated without doing more than once what it does? RFC 9110 section 9.2.2.
bool isIdempotent(std::string_view method) noexcept;

}  // namespace weft::http
