// Request: what a spider asks for, and who is to be called with the answer.
#pragma once

#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {
class Failure;
template <class T> class AsyncGenerator;
}  // namespace weft

namespace weft::crawler {

class Request;
class Response;
class Result;
class Spider;

/// What a callback gives back: items and requests, one by one. Write callbacks as coroutines that co_yield both and may co_await anything.
using Results = AsyncGenerator<Result>;

/// A method of the spider that takes a response: `&QuotesSpider::parse`. Empty means Spider::parse. 16 bytes, copies are free.
class Callback {
 public:
  Callback() noexcept = default;
  Callback(std::nullptr_t) noexcept {}
  template <class S> Callback(Results (S::*method)(Response)) noexcept : method_(static_cast<Results (Spider::*)(Response)>(method)) {
    static_assert(std::derived_from<S, Spider>, "a callback is a method of a spider");
  }
  explicit operator bool() const noexcept { return method_ != nullptr; }
  friend bool operator==(const Callback&, const Callback&) = default;
  /// Calls it on `spider`, which must be of the class whose method it is.
  Results operator()(Spider& spider, Response response) const;

 private:
  Results (Spider::*method_)(Response) = nullptr;
};

/// A method of the spider that is told of a request that failed for good: after its retries, or with a status that callbacks do not see (HttpError).
class Errback {
 public:
  Errback() noexcept = default;
  Errback(std::nullptr_t) noexcept {}
  template <class S> Errback(Results (S::*method)(Failure, Request)) noexcept : method_(static_cast<Results (Spider::*)(Failure, Request)>(method)) {
    static_assert(std::derived_from<S, Spider>, "an errback is a method of a spider");
  }
  explicit operator bool() const noexcept { return method_ != nullptr; }
  friend bool operator==(const Errback&, const Errback&) = default;
  Results operator()(Spider& spider, Failure failure, Request request) const;

 private:
  Results (Spider::*method_)(Failure, Request) = nullptr;
};

/// One request. A value: copy it, change it, yield it.
///
///     co_yield Request("https://example.com/a", &MySpider::parseAuthor);
///     Request login("https://example.com/login", &MySpider::loggedIn);
///     login.setMethod("POST").setBody("user=me");
///     co_yield login;
///
/// What few requests have (a method other than GET, headers, cookies, a body, meta) lives apart, so that a million plain ones are small. All of it is kept in a job's journal. Scrapy's
/// copy() is a copy, its replace() a copy whose fields are set anew. docs/requests.md has the table of what Scrapy says by meta keys.
class Request {
 public:
  Request() = default;
  /// Throws http::UrlError when the text is no absolute URL.
  explicit Request(std::string_view url, Callback callback = {}) : url(url), callback(callback) {}
  explicit Request(const char* url, Callback callback = {}) : Request(std::string_view(url), callback) {}
  explicit Request(http::Url url, Callback callback = {}) noexcept : url(std::move(url)), callback(callback) {}
  Request(const Request& other);
  Request(Request&&) noexcept = default;
  Request& operator=(const Request& other);
  Request& operator=(Request&&) noexcept = default;
  ~Request() = default;

  http::Url url;
  Callback callback;                                   ///< empty: Spider::parse
  int priority = 0;                                    ///< higher ones are fetched first
  std::uint32_t depth = 0;                             ///< links from a start URL; set by the engine
  std::uint16_t retryTimes = 0;                        ///< failed attempts so far; set by the engine
  std::uint16_t redirectTimes = 0;                     ///< redirects that led here; set by the engine
  bool dontFilter = false;                             ///< fetch it even if that URL was requested before
  bool handleHttpstatusAll = false;                    ///< the callback sees every status
  bool dontRedirect = false;                           ///< the callback sees the redirect itself
  bool dontRetry = false;
  bool waitsInDownloader = false;                      ///< for its host's turn, as the frontier does not know of it; set by the engine for Spider::fetch()
  bool isStartRequest = false;                         ///< came from startRequests(); set by the engine

  /// Called when the request failed for good.
  Errback errback() const noexcept { return rare_ ? rare_->errback : Errback(); }
  Request& setErrback(Errback errback);
  /// "GET" unless set. Upper-cased where set. Throws http::HeaderError when it is no token.
  std::string_view method() const noexcept { return rare_ ? std::string_view(rare_->method) : std::string_view("GET"); }
  Request& setMethod(std::string_view method);
  const http::Headers& headers() const noexcept;
  /// Throws http::HeaderError, see http::Headers.
  Request& setHeader(std::string_view name, std::string_view value);
  Request& removeHeader(std::string_view name);
  std::string_view body() const noexcept { return rare_ ? std::string_view(rare_->body) : std::string_view(); }
  Request& setBody(std::string body);
  /// What the spider wants to find again in response.meta(key); "" when it was not set. A view into the request.
  std::string_view meta(std::string_view key) const noexcept;
  /// Keys that the crawler itself reads (download_timeout, max_retry_times, cookiejar… see docs/requests.md) take what they can use. Throws RequestError: a value that they cannot, and
  /// a key that is a field here (dont_redirect: `dontRedirect`).
  Request& setMeta(std::string_view key, std::string value);
  /// All that was set, in that order.
  std::span<const std::pair<std::string, std::string>> allMeta() const noexcept;
  /// What the spider wants to give on to the callback, which finds it in response.cbKwarg(name); "" when it was not set. A view into the request. Errbacks have the request.
  std::string_view cbKwarg(std::string_view name) const noexcept;
  Request& setCbKwarg(std::string_view name, std::string value);
  std::span<const std::pair<std::string, std::string>> allCbKwargs() const noexcept;
  /// A cookie that goes into the jar as if the server had set it, and so with this request and those after it. `attributes` are those of Set-Cookie: "Domain=example.com; Path=/a". Not carried
  /// along by redirects, which find it in the jar. Without a jar (COOKIES_ENABLED off, or the meta key dont_merge_cookies) it is not sent. Throws RequestError: a name or value that holds
  /// a control character or ';', a name with '='.
  Request& setCookie(std::string_view name, std::string_view value, std::string_view attributes = {});
  /// As Set-Cookie fields.
  std::span<const std::string> cookies() const noexcept;
  Request& clearCookies() noexcept;
  /// Statuses outside 200 to 299 that the callback sees; it then sees redirects among them as well. Takes the place of Spider::handleHttpstatusList for this request.
  std::span<const int> handleHttpstatusList() const noexcept;
  Request& setHandleHttpstatusList(std::vector<int> statuses);
  /// Words for the log: "<GET https://example.com/> ['cached']".
  std::span<const std::string> flags() const noexcept;
  Request& addFlag(std::string flag);
  /// Sent as Referer unless there is a header of that name: the page that the request comes from. Set by the engine, see REFERRER_POLICY; requests of one page share the text.
  std::string_view referrer() const noexcept { return referrer_ ? std::string_view(*referrer_) : std::string_view(); }
  Request& setReferrer(std::shared_ptr<const std::string> referrer) noexcept { return referrer_ = std::move(referrer), *this; }
  Request& setPriority(int value) noexcept { return priority = value, *this; }
  Request& setDontFilter(bool value = true) noexcept { return dontFilter = value, *this; }

  /// "<GET https://example.com/>", as the log names it. Control characters of the method or URL cannot occur.
  std::string describe() const;

 private:
  struct Rare {
    Errback errback;
    std::string method = "GET";
    http::Headers headers;
    std::string body;
    std::vector<std::pair<std::string, std::string>> meta;
    std::vector<std::pair<std::string, std::string>> cbKwargs;
    std::vector<std::string> cookies;
    std::vector<std::string> flags;
    std::vector<int> handleHttpstatusList;
  };
  Rare& rare();

  std::unique_ptr<Rare> rare_;
  std::shared_ptr<const std::string> referrer_;
};

}  // namespace weft::crawler
