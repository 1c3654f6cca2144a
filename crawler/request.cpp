#include <weft/crawler/request.hpp>

#include <weft/crawler/spider.hpp>

namespace weft::crawler {

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
      isStartRequest(other.isStartRequest),
      rare_(other.rare_ ? std::make_unique<Rare>(*other.rare_) : nullptr) {}

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

std::string_view Request::meta(std::string_view key) const noexcept {
  if (rare_) {
    for (const auto& [name, value] : rare_->meta)
      if (name == key) return value;
  }
  return {};
}

Request& Request::setMeta(std::string_view key, std::string value) {
  for (auto& [name, held] : rare().meta) {
    if (name == key) {
      held = std::move(value);
      return *this;
    }
  }
  rare_->meta.emplace_back(key, std::move(value));
  return *this;
}

std::span<const std::pair<std::string, std::string>> Request::allMeta() const noexcept {
  return rare_ ? std::span<const std::pair<std::string, std::string>>(rare_->meta) : std::span<const std::pair<std::string, std::string>>();
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
