#include <weft/crawler/response.hpp>

#include <weft/crawler/html/link_scanner.hpp>
#include <weft/crawler/internal/page.hpp>
#include <weft/http/text/text_decoder.hpp>
#include <weft/http/text/utf8.hpp>

#include <optional>

namespace weft::crawler {

namespace {

// Where a selected place leads to, or nothing.
std::optional<std::string> hrefOf(const Selector& link) {
  if (!link.isElement()) return link.get();
  const std::string name = link.name();
  if ((name != "a" && name != "area" && name != "link") || !link.hasAttrib("href")) return std::nullopt;
  return link.attrib("href");
}

struct NoLinks final : html::LinkVisitor {
  void link(const html::ScannedLink&) override {}
};

// The href of the page's <base>. Few pages have one: looking for the word first saves them the scan.
std::string baseOf(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string_view::npos; ++at) {
    if (!http::equalIgnoringCase(text.substr(at + 1, 4), "base")) continue;
    NoLinks links;
    html::LinkScanner scanner(links);
    scanner.feed(text);
    scanner.finish();
    return scanner.base();
  }
  return {};
}

}  // namespace

struct Response::Decoded {
  std::string_view encoding;
  std::string text;                                    // empty where the body is its own text
  bool bodyIsText = false;
  std::optional<Selector> page;
  std::shared_ptr<const http::Json> json;
  std::optional<http::Url> base;                       // of the document's links, once somebody has asked
};

const Request& Response::request() const noexcept {
  static const Request kNone;
  return request_ ? *request_ : kNone;
}

const Response::Decoded& Response::decoded() const {
  if (decoded_) return *decoded_;
  auto decoded = std::make_shared<Decoded>();
  const std::string_view contentType = headers.get("Content-Type", {});
  if (http::isPlainAscii(body)) {                      // most pages: the same in every encoding but UTF-16, which has zero bytes
    decoded->encoding = http::encodingOfContentType(contentType);
    if (decoded->encoding.empty()) decoded->encoding = "utf-8";
    decoded->bodyIsText = !decoded->encoding.starts_with("utf-16") && decoded->encoding != "replacement";
  } else {
    const http::DetectedEncoding found = http::detectEncoding(body, contentType);
    decoded->encoding = found.name;
    decoded->bodyIsText = found.source == http::EncodingSource::Utf8 || (found.name == "utf-8" && found.source != http::EncodingSource::ByteOrderMark && http::isUtf8(body));
  }
  if (!decoded->bodyIsText) http::appendDecoded(decoded->text, body, decoded->encoding);
  decoded_ = std::move(decoded);
  return *decoded_;
}

std::string_view Response::text() const {
  const Decoded& known = decoded();
  return known.bodyIsText ? std::string_view(body) : std::string_view(known.text);
}

std::string_view Response::encoding() const { return decoded().encoding; }

bool Response::isHtml() const noexcept {
  const auto contentType = headers.get("Content-Type");
  if (contentType) {
    const std::string_view media = http::trimmed(contentType->substr(0, contentType->find(';')));
    if (!media.empty()) return http::equalIgnoringCase(media, "text/html") || http::equalIgnoringCase(media, "application/xhtml+xml");
  }
  std::string_view head = std::string_view(body).substr(0, 5000);
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  while (!head.empty() && (head.front() == ' ' || head.front() == '\n' || head.front() == '\r' || head.front() == '\t')) head.remove_prefix(1);
  const auto begins = [head](std::string_view with) { return http::equalIgnoringCase(head.substr(0, with.size()), with); };
  return begins("<!doctype html") || begins("<html") || begins("<head") || begins("<body") || begins("<title") || begins("<!--");
}

SelectorType Response::type() const noexcept {
  const std::string_view contentType = headers.get("Content-Type", {});
  const std::string_view media = http::trimmed(contentType.substr(0, contentType.find(';')));
  const auto ends = [media](std::string_view with) {
    return media.size() >= with.size() && http::equalIgnoringCase(media.substr(media.size() - with.size()), with);
  };
  if (ends("xhtml+xml")) return SelectorType::kHtml;
  if (ends("/xml") || ends("+xml")) return SelectorType::kXml;
  if (ends("/json") || ends("+json") || ends("/x-json")) return SelectorType::kJson;
  if (!media.empty() || isHtml()) return SelectorType::kHtml;
  std::string_view head = std::string_view(body).substr(0, 100);
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  return http::trimmed(head).starts_with("<?xml") ? SelectorType::kXml : SelectorType::kHtml;
}

const Selector& Response::selector() const {
  const Decoded& known = decoded();
  if (known.page) return *known.page;
  if (responseClass() == ResponseClass::Binary)
    throw NotSupported("selecting in <" + std::to_string(status) + " " + url.href() + ">: its body is no text (Content-Type: " + std::string(headers.get("Content-Type", "none")) + ")");
  switch (type()) {
    case SelectorType::kHtml: decoded_->page.emplace(std::string(text())); break;
    case SelectorType::kXml: decoded_->page.emplace(Selector::ofXml(text())); break;
    case SelectorType::kJson: decoded_->page.emplace(Selector::ofJson(text())); break;
  }
  return *known.page;
}

SelectorList Response::css(std::string_view query) const { return selector().css(query); }

SelectorList Response::xpath(std::string_view expression, const XPathVariables& variables, const XPathNamespaces& namespaces) const {
  return selector().xpath(expression, variables, namespaces);
}

const http::Json& Response::json() const {
  decoded();
  if (!decoded_->json) decoded_->json = std::make_shared<const http::Json>(http::Json::parse(text()));
  return *decoded_->json;
}

SelectorList Response::jmespath(std::string_view expression) const {
  if (type() == SelectorType::kJson) return selector().jmespath(expression);
  return Selector::ofJsonValue(json()).jmespath(expression);
}

std::vector<std::string> Response::re(std::string_view pattern) const {
  std::vector<std::string> out;
  internal::findAll(pattern, std::string(text()), out, static_cast<std::size_t>(-1));
  return out;
}

Request Response::follow(const Selector& link, Callback callback) const {
  const auto href = hrefOf(link);
  if (!href) throw RequestError("following a <" + link.name() + "> of " + url.href() + ": only <a>, <area> and <link> with an href, and texts, lead somewhere");
  return follow(*href, callback);
}

std::vector<Request> Response::followAll(const SelectorList& links, Callback callback) const {
  std::vector<Request> requests;
  for (const Selector& link : links)
    if (const auto href = hrefOf(link))
      if (auto target = tryJoin(*href)) requests.emplace_back(std::move(*target), callback);
  return requests;
}

std::vector<Request> Response::followAll(std::span<const http::Url> links, Callback callback) const {
  std::vector<Request> requests;
  for (const http::Url& link : links) requests.emplace_back(link, callback);
  return requests;
}

std::vector<Request> Response::followAll(std::span<const std::string> hrefs, Callback callback) const {
  std::vector<Request> requests;
  for (const std::string& href : hrefs)
    if (auto target = tryJoin(href)) requests.emplace_back(std::move(*target), callback);
  return requests;
}

const http::Url& Response::base() const {
  const Decoded& known = decoded();
  if (!known.base) {
    const std::string declared = isHtml() ? baseOf(text()) : std::string();
    auto base = declared.empty() ? std::nullopt : http::Url::tryParse(declared, url);
    decoded_->base = base && base->isHttp() ? std::move(*base) : url;
  }
  return *known.base;
}

http::Url Response::urljoin(std::string_view href) const { return http::Url::parse(href, base()); }

std::optional<http::Url> Response::tryJoin(std::string_view href) const { return http::Url::tryParse(href, base()); }

}  // namespace weft::crawler
