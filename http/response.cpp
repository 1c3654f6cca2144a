#include <weft/http/response.hpp>

#include <weft/http/internal/framing.hpp>
#include <weft/http/internal/response_facts.hpp>

#include <charconv>
#include <utility>

namespace weft::http {

std::optional<std::uint64_t> detail::contentLengthOf(const Headers& headers) noexcept {
  const std::string_view text = headers.get("Content-Length", "");
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> Response::contentLength() const noexcept { return detail::contentLengthOf(headers); }

const History& Response::history() const noexcept {
  static const History kNothing;
  return history_ ? *history_ : kNothing;
}

History& Response::editHistory() {
  if (!history_) history_ = std::make_unique<History>();
  return *history_;
}

std::string_view Response::encoding() const noexcept { return encodingOfContentType(headers.getCombined("Content-Type")); }

// The response may be gone when the body has come: what is needed of it is copied.
Deferred<DecodedText> Response::decodedText(std::size_t limit) {
  return body.bytes(limit).addCallback(
      [type = headers.getCombined("Content-Type")](std::string bytes) { return decodeText(std::move(bytes), type); });
}

Deferred<std::string> Response::text(std::size_t limit) {
  return decodedText(limit).addCallback([](DecodedText decoded) { return std::move(decoded.text); });
}

Deferred<Json> Response::json(JsonOptions options) {
  return body.bytes(options.maxBytes).addCallback([options](std::string bytes) { return Json::parse(bytes, options); });
}

namespace {
const detail::ResponseFacts& factsOf(const std::shared_ptr<detail::ResponseFacts>& facts) noexcept {
  static const detail::ResponseFacts kNone;
  return facts ? *facts : kNone;
}
}  // namespace

const ResponseTiming& Response::timing() const noexcept { return factsOf(facts_).timing; }
net::Address Response::peer() const noexcept { return factsOf(facts_).peer; }
bool Response::isOfReusedConnection() const noexcept { return factsOf(facts_).reused; }
std::shared_ptr<const net::TlsFacts> Response::tls() const noexcept { return factsOf(facts_).tls; }
const Headers& Response::trailers() const noexcept { return factsOf(facts_).trailers; }
unsigned Response::interimResponses() const noexcept { return factsOf(facts_).interim; }
std::shared_ptr<net::Transport> Response::takeTransport() noexcept {
  return facts_ ? std::exchange(facts_->transport, nullptr) : nullptr;
}

Response& Response::setUpgrade(std::string_view protocol, TakeOver takeOver) & {
  headers.set("Upgrade", protocol);
  status = 101;
  takeOver_ = std::make_unique<TakeOver>(std::move(takeOver));
  return *this;
}

Response& Response::setReason(std::string_view text) & {
  if (!isReasonPhrase(text)) throw HeaderError("reason", "the reason of a status contains a control character");
  reason = text;
  return *this;
}

bool isReasonPhrase(std::string_view text) noexcept {
  for (char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) return false;
  return true;
}

std::string_view reasonPhrase(int status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    case 508: return "Loop Detected";
    default: return "";
  }
}

}  // namespace weft::http
