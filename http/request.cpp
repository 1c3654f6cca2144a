#include <weft/http/request.hpp>

#include <weft/http/client/errors.hpp>
#include <weft/http/internal/body_files.hpp>
#include <weft/http/text/text_decoder.hpp>

#include <algorithm>

namespace weft::http {
namespace {

AsyncGenerator<std::string> piecesOf(std::shared_ptr<BodySource> source, std::string url, std::size_t limit) {
  auto opening = source->open();
  const auto length = co_await opening;
  if (length && *length > limit) throw BodyTooLarge(url, limit, *length);
  auto chunks = source->chunks();
  std::size_t left = limit;
  while (auto chunk = co_await chunks.next()) {
    if (chunk->size() > left) throw BodyTooLarge(url, limit, 0);
    left -= chunk->size();
    co_yield std::move(*chunk);
  }
}

}  // namespace

Request& Request::setMethod(std::string_view method) {
  if (!isToken(method)) throw HeaderError(method, "a method must be a token such as GET");
  method_ = method;
  return *this;
}

Request& Request::setBody(std::string bytes, std::string_view contentType) {
  headers.set("Content-Type", contentType);
  return setBody(std::move(bytes));
}

Request& Request::setForm(const Form& form) { return setBody(form.toString(), "application/x-www-form-urlencoded"); }

Request& Request::setMultipart(const Multipart& form) { return setBody(form.toString(), form.contentType()); }

Deferred<std::string> Request::bytes(std::size_t limit) {
  limit = std::min(limit, maxBody.value_or(limit));
  if (bodySource) return bodySource->bytes(limit).addBoth([kept = bodySource](Outcome<std::string> bytes) { return bytes; });
  if (body.size() > limit) return fail<std::string>(BodyTooLarge(url.href(), limit, body.size()));
  return succeed(std::exchange(body, {}));
}

Deferred<std::string> Request::text(std::size_t limit) {
  return bytes(limit).addCallback([type = headers.getCombined("Content-Type")](std::string bytes) { return decodeText(std::move(bytes), type).text; });
}

Deferred<Json> Request::json(JsonOptions options) {
  return bytes(options.maxBytes).addCallback([options](std::string bytes) { return Json::parse(bytes, options); });
}

AsyncGenerator<std::string> Request::chunks() {
  return piecesOf(bodySource ? bodySource : bytesBody(std::exchange(body, {})), std::string(url.href()), maxBody.value_or(Body::kUnlimited));
}

Deferred<std::uint64_t> Request::saveTo(std::string path) { return detail::saveChunks(chunks(), std::move(path)); }

std::string_view Request::pathValue(std::string_view name) const noexcept {
  for (const auto& [known, value] : pathValues)
    if (known == name) return value;
  return {};
}

void* Request::attachedOf(std::type_index type) const noexcept {
  for (const auto& [known, thing] : attached_)
    if (known == type) return thing.get();
  return nullptr;
}

void Request::attachOf(std::type_index type, std::shared_ptr<void> thing) {
  for (auto& [known, old] : attached_) {
    if (known != type) continue;
    old = std::move(thing);
    return;
  }
  attached_.emplace_back(type, std::move(thing));
}

bool isIdempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS" ||
         method == "TRACE";
}

}  // namespace weft::http
