// Response: what came back, as a spider's callback gets it.
#pragma once

#include <weft/crawler/request.hpp>
#include <weft/crawler/response_class.hpp>
#include <weft/crawler/selector.hpp>
#include <weft/http/response_timing.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A response. Moves, and does not copy: bodies are large. Selectors that it gave live on when it is gone.
///
///     for (auto quote : response.css("div.quote")) ...
///     co_yield response.follow("/page/2/", &QuotesSpider::parse);
class Response {
 public:
  Response() = default;
  Response(http::Url url, int status, http::Headers headers, std::string body)
      : url(std::move(url)), status(status), headers(std::move(headers)), body(std::move(body)) {}
  Response(Response&&) noexcept = default;
  Response& operator=(Response&&) noexcept = default;

  http::Url url;                                       ///< where it came from; after a redirect, the target
  int status = 200;
  http::Headers headers;
  std::string body;                                    ///< as received, after any content coding
  http::ResponseTiming timing;                         ///< where the time of that went; all zero where nobody measured
  double downloadLatency = -1;                         ///< seconds from the request to the head of the response; negative where nobody measured

  /// The request that this answers. An empty one for a response made by hand.
  const Request& request() const noexcept;
  void setRequest(std::shared_ptr<const Request> request) noexcept { request_ = std::move(request); }
  /// What the request's setMeta() left for this callback.
  std::string_view meta(std::string_view key) const noexcept { return request().meta(key); }
  /// What the request's setCbKwarg() gives on to this callback.
  std::string_view cbKwarg(std::string_view name) const noexcept { return request().cbKwarg(name); }
  /// The words that request and downloader have for the log: 'cached'.
  std::vector<std::string> flags;
  std::uint32_t depth() const noexcept { return request().depth; }

  /// The body in UTF-8, by its byte order mark, its Content-Type, its <meta>, or a guess, in this order; bytes that mean nothing become U+FFFD. Decoded on the first call. The
  /// view lives as long as the response stays where it is.
  std::string_view text() const;
  /// The name of the encoding that text() goes by: "utf-8", "windows-1252".
  std::string_view encoding() const;
  /// Whether it is HTML, by Content-Type, or where there is none, by its first bytes.
  bool isHtml() const noexcept;

  /// What kind of thing it is, by Scrapy's rules.
  ResponseClass responseClass() const noexcept { return responseClassOf(headers, url.path(), body); }

  /// What selector() reads the body as, by Content-Type: XML and what ends in +xml (but for XHTML), JSON and what ends in
  /// +json, and all else as HTML; where there is no Content-Type, by its first bytes.
  SelectorType type() const noexcept;
  /// The document, parsed on the first use. Throws NotSupported for bytes that are no text, http::JsonError where the type is JSON and the body is none.
  const Selector& selector() const;
  /// selector().css(query). Throws SelectorError when the query is no CSS selector.
  SelectorList css(std::string_view query) const;
  /// selector().xpath(...). Throws XPathError.
  SelectorList xpath(std::string_view expression, const XPathVariables& variables = {}, const XPathNamespaces& namespaces = {}) const;
  /// What the JMESPath expression finds in the body, read as JSON. Throws JmesPathError, and http::JsonError when the body is no JSON.
  SelectorList jmespath(std::string_view expression) const;
  /// What the regular expression finds in the text. Throws PatternError.
  std::vector<std::string> re(std::string_view pattern) const;
  /// The body as JSON, whatever its type; parsed on the first use. Throws http::JsonError.
  const http::Json& json() const;
  /// The body as XML, whatever its type: parsed anew at each call.
  Selector xml(const XmlOptions& options = {}) const { return Selector::ofXml(text(), options); }

  /// `href` made absolute: against <base href>, or this URL. Throws http::UrlError.
  http::Url urljoin(std::string_view href) const;
  /// A request for `href`, resolved as urljoin() does. Throws http::UrlError.
  Request follow(std::string_view href, Callback callback = {}) const { return Request(urljoin(href), callback); }
  /// The same for what a selector found: the href of an <a>, <area> or <link>, or the text of its attribute. Throws RequestError for other elements, and those without an href.
  Request follow(const Selector& link, Callback callback = {}) const;
  Request follow(http::Url link, Callback callback = {}) const { return Request(std::move(link), callback); }

  /// A request for each of them. What is no link to another page (an element without an href, a text that is no URL) is passed over: a page may hold anything.
  ///
  ///     for (Request& request : response.followAll("ul.pages a", &MySpider::parsePage)) co_yield std::move(request);
  std::vector<Request> followAll(const SelectorList& links, Callback callback = {}) const;
  /// What the CSS selector selects.
  std::vector<Request> followAll(std::string_view css, Callback callback = {}) const { return followAll(this->css(css), callback); }
  std::vector<Request> followAll(std::span<const http::Url> links, Callback callback = {}) const;
  std::vector<Request> followAll(std::span<const std::string> hrefs, Callback callback = {}) const;

 private:
  struct Decoded;
  const Decoded& decoded() const;
  const http::Url& base() const;
  std::optional<http::Url> tryJoin(std::string_view href) const;

  std::shared_ptr<const Request> request_;
  mutable std::shared_ptr<Decoded> decoded_;           // what was worked out so far
};

}  // namespace weft::crawler
