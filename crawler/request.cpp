#include <weft/crawler/request.hpp>

#include <weft/crawler/error.hpp>
#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/spider.hpp>

namespace weft::crawler {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string_view valueOf(const Pairs& pairs, std::string_view name) noexcept {
  for (const auto& [key, value] : pairs)
    if (key == name) return value;
  return {};
}

void setPair(Pairs& pairs, std::string_view name, std::string value) {
  for (auto& [key, held] : pairs) {
    if (key == name) {
      held = std::move(value);
      return;
    }
  }
  pairs.emplace_back(name, std::move(value));
}

bool holds(std::string_view text, std::string_view refused) noexcept {
  for (char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || refused.find(c) != std::string_view::npos) return true;
  return false;
}

}  // namespace

Results Callback::operator()(Spider& spider, Response response) const {
  return (spider.*(method_ ? method_ : &Spider::parse))(std::move(response));
}

Results Errback::operator()(Spider& spider, Failure failure, Request request) const {
  return (spider.*method_)(std::move(failure), std::move(request));
}

Request::Request(const Request& other)
    : url(other.url),
      callback(other.callback),
      priority(other.priority),
      depth(other.depth),
      retryTimes(other.retryTimes),
      redirectTimes(other.redirectTimes),
      dontFilter(other.dontFilter),
      handleHttpstatusAll(other.handleHttpstatusAll),
      dontRedirect(other.dontRedirect),
      dontRetry(other.dontRetry),
      waitsInDownloader(other.waitsInDownloader),
      isStartRequest(other.isStartRequest),
      rare_(other.rare_ ? std::make_unique<Rare>(*other.rare_) : nullptr),
      referrer_(other.referrer_) {}

Request& Request::operator=(const Request& other) {
  Request copy(other);
  return *this = std::move(copy);
}

Request::Rare& Request::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>();
  return *rare_;
}

Request& Request::setErrback(Errback errback) {
  rare().errback = errback;
  return *this;
}

Request& Request::setMethod(std::string_view method) {
  if (!http::isToken(method)) throw http::HeaderError(method, "an HTTP method must be a token");
  std::string upper(method);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  rare().method = std::move(upper);
  return *this;
}

const http::Headers& Request::headers() const noexcept {
  static const http::Headers kNone;
  return rare_ ? rare_->headers : kNone;
}

Request& Request::setHeader(std::string_view name, std::string_view value) {
  rare().headers.set(name, value);
  return *this;
}

Request& Request::removeHeader(std::string_view name) {
  if (rare_) rare_->headers.remove(name);
  return *this;
}

Request& Request::setBody(std::string body) {
  rare().body = std::move(body);
  return *this;
}

std::string_view Request::meta(std::string_view key) const noexcept { return rare_ ? valueOf(rare_->meta, key) : std::string_view(); }

Request& Request::setMeta(std::string_view key, std::string value) {
  internal::checkMeta(key, value);
  setPair(rare().meta, key, std::move(value));
  return *this;
}

std::span<const std::pair<std::string, std::string>> Request::allMeta() const noexcept {
  return rare_ ? std::span<const std::pair<std::string, std::string>>(rare_->meta) : std::span<const std::pair<std::string, std::string>>();
}

std::string_view Request::cbKwarg(std::string_view name) const noexcept { return rare_ ? valueOf(rare_->cbKwargs, name) : std::string_view(); }

Request& Request::setCbKwarg(std::string_view name, std::string value) {
  setPair(rare().cbKwargs, name, std::move(value));
  return *this;
}

std::span<const std::pair<std::string, std::string>> Request::allCbKwargs() const noexcept {
  return rare_ ? std::span<const std::pair<std::string, std::string>>(rare_->cbKwargs) : std::span<const std::pair<std::string, std::string>>();
}

Request& Request::setCookie(std::string_view name, std::string_view value, std::string_view attributes) {
  if (name.empty() || holds(name, "=;") || holds(value, ";") || holds(attributes, ""))
    throw RequestError("the cookie \"" + std::string(name) + "\" of " + describe() + ": name and value may hold no control characters and no ';', the name no '='");
  std::string field(name);
  field += '=';
  field += value;
  if (!attributes.empty()) {
    field += "; ";
    field += attributes;
  }
  rare().cookies.push_back(std::move(field));
  return *this;
}

std::span<const std::string> Request::cookies() const noexcept { return rare_ ? std::span<const std::string>(rare_->cookies) : std::span<const std::string>(); }

Request& Request::clearCookies() noexcept {
  if (rare_) rare_->cookies.clear();
  return *this;
}

std::span<const int> Request::handleHttpstatusList() const noexcept { return rare_ ? std::span<const int>(rare_->handleHttpstatusList) : std::span<const int>(); }

Request& Request::setHandleHttpstatusList(std::vector<int> statuses) {
  for (int status : statuses)
    if (status < 100 || status > 999) throw RequestError("handleHttpstatusList of " + describe() + ": " + std::to_string(status) + " is no status");
  rare().handleHttpstatusList = std::move(statuses);
  return *this;
}

std::span<const std::string> Request::flags() const noexcept { return rare_ ? std::span<const std::string>(rare_->flags) : std::span<const std::string>(); }

Request& Request::addFlag(std::string flag) {
  if (holds(flag, "")) throw RequestError("a flag of " + describe() + " holds a control character");
  rare().flags.push_back(std::move(flag));
  return *this;
}

std::string Request::describe() const {
  std::string text = "<";
  text += method();
  text += ' ';
  text += url.href();
  text += '>';
  return text;
}

}  // namespace weft::crawler
