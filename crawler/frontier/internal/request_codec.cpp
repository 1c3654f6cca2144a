#include <weft/crawler/frontier/internal/request_codec.hpp>

#include <weft/crawler/error.hpp>
#include <weft/crawler/frontier/journal_error.hpp>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

namespace weft::crawler {

namespace {

enum Flag : unsigned char { kDontFilter = 1, kHandleAll = 2, kDontRedirect = 4, kDontRetry = 8, kStart = 16, kMore = 32, kExtras = 64, kReferrer = 128 };

std::uint64_t fold(std::int64_t value) noexcept { return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63); }
std::int64_t unfold(std::uint64_t value) noexcept { return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1); }

void appendSized(std::string& out, std::string_view text) {
  appendVarint(out, text.size());
  out += text;
}

std::string_view takeText(std::string_view& bytes) {
  const std::uint64_t size = takeVarint(bytes);
  if (size > bytes.size()) throw JournalDamaged("a text of a request is cut short");
  const std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return text;
}

void appendPairs(std::string& out, std::span<const std::pair<std::string, std::string>> pairs) {
  appendVarint(out, pairs.size());
  for (const auto& [name, value] : pairs) {
    appendSized(out, name);
    appendSized(out, value);
  }
}

void appendTexts(std::string& out, std::span<const std::string> texts) {
  appendVarint(out, texts.size());
  for (const std::string& text : texts) appendSized(out, text);
}

template <class C> std::uint64_t placeOf(std::vector<C>& table, C wanted) {
  const auto found = std::find(table.begin(), table.end(), wanted);
  if (found != table.end()) return static_cast<std::uint64_t>(found - table.begin());
  table.push_back(wanted);
  return table.size() - 1;
}

template <class C> C at(const std::vector<C>& table, std::uint64_t place) {
  if (place >= table.size()) throw JournalDamaged("a request names a callback that there is not");
  return table[place];
}

}  // namespace

void appendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::uint64_t takeVarint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) break;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (!(byte & 0x80)) return value;
  }
  throw JournalDamaged("a number of a request is cut short");
}

void RequestCodec::encode(const Request& request, std::string& out) {
  const bool extras = !request.allCbKwargs().empty() || !request.cookies().empty() || !request.handleHttpstatusList().empty() || !request.flags().empty();
  const bool more = request.errback() || request.method() != "GET" || !request.body().empty() || !request.headers().empty() || !request.allMeta().empty();
  unsigned char flags = 0;
  if (request.dontFilter) flags |= kDontFilter;
  if (request.handleHttpstatusAll) flags |= kHandleAll;
  if (request.dontRedirect) flags |= kDontRedirect;
  if (request.dontRetry) flags |= kDontRetry;
  if (request.isStartRequest) flags |= kStart;
  if (more) flags |= kMore;
  if (extras) flags |= kExtras;
  if (!request.referrer().empty()) flags |= kReferrer;
  out += static_cast<char>(flags);
  appendVarint(out, fold(request.priority));
  appendVarint(out, request.depth);
  appendVarint(out, request.retryTimes);
  appendVarint(out, request.redirectTimes);
  appendVarint(out, placeOf(callbacks_, request.callback));
  if (more) {
    appendVarint(out, placeOf(errbacks_, request.errback()));
    appendSized(out, request.method());
    appendSized(out, request.body());
    appendVarint(out, request.headers().size());
    for (const http::HeaderField field : request.headers()) {
      appendSized(out, field.name);
      appendSized(out, field.value);
    }
    appendPairs(out, request.allMeta());
  }
  if (extras) {
    appendPairs(out, request.allCbKwargs());
    appendTexts(out, request.cookies());
    appendTexts(out, request.flags());
    appendVarint(out, request.handleHttpstatusList().size());
    for (int status : request.handleHttpstatusList()) appendVarint(out, static_cast<std::uint64_t>(status));
  }
  const std::string& url = request.url.href();
  if (const std::string_view referrer = request.referrer(); !referrer.empty()) {
    const auto differ = std::mismatch(referrer.begin(), referrer.end(), url.begin(), url.end()).first - referrer.begin();
    appendVarint(out, static_cast<std::uint64_t>(differ));
    appendSized(out, referrer.substr(static_cast<std::size_t>(differ)));
  }
  out += url;
}

Request RequestCodec::decode(std::string_view bytes) const {
  if (bytes.empty()) throw JournalDamaged("a request is empty");
  const auto flags = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  Request request;
  request.dontFilter = flags & kDontFilter;
  request.handleHttpstatusAll = flags & kHandleAll;
  request.dontRedirect = flags & kDontRedirect;
  request.dontRetry = flags & kDontRetry;
  request.isStartRequest = flags & kStart;
  request.priority = static_cast<int>(unfold(takeVarint(bytes)));
  request.depth = static_cast<std::uint32_t>(takeVarint(bytes));
  request.retryTimes = static_cast<std::uint16_t>(takeVarint(bytes));
  request.redirectTimes = static_cast<std::uint16_t>(takeVarint(bytes));
  request.callback = at(callbacks_, takeVarint(bytes));
  try {
    if (flags & kMore) {
      if (const Errback errback = at(errbacks_, takeVarint(bytes))) request.setErrback(errback);
      if (const std::string_view method = takeText(bytes); method != "GET") request.setMethod(method);
      if (const std::string_view body = takeText(bytes); !body.empty()) request.setBody(std::string(body));
      for (std::uint64_t left = takeVarint(bytes); left; --left) {
        const std::string_view name = takeText(bytes);
        request.setHeader(name, takeText(bytes));
      }
      for (std::uint64_t left = takeVarint(bytes); left; --left) {
        const std::string_view name = takeText(bytes);
        request.setMeta(name, std::string(takeText(bytes)));
      }
    }
    if (flags & kExtras) {
      for (std::uint64_t left = takeVarint(bytes); left; --left) {
        const std::string_view name = takeText(bytes);
        request.setCbKwarg(name, std::string(takeText(bytes)));
      }
      for (std::uint64_t left = takeVarint(bytes); left; --left) {
        const std::string_view field = takeText(bytes);
        const std::size_t equals = std::min(field.find('='), field.size() - 1), semicolon = std::min(field.find("; "), field.size());
        if (field.empty() || equals > semicolon) throw JournalDamaged("a request has a cookie that is none");
        request.setCookie(field.substr(0, equals), field.substr(equals + 1, semicolon - equals - 1), field.substr(std::min(semicolon + 2, field.size())));
      }
      for (std::uint64_t left = takeVarint(bytes); left; --left) request.addFlag(std::string(takeText(bytes)));
      std::vector<int> statuses;
      for (std::uint64_t left = takeVarint(bytes); left; --left) statuses.push_back(static_cast<int>(takeVarint(bytes)));
      if (!statuses.empty()) request.setHandleHttpstatusList(std::move(statuses));
    }
  } catch (const http::HeaderError& error) {
    throw JournalDamaged(error.what());
  } catch (const RequestError& error) {
    throw JournalDamaged(error.what());
  }
  std::uint64_t shared = 0;
  std::string_view referrerEnd;
  if (flags & kReferrer) {
    shared = takeVarint(bytes);
    referrerEnd = takeText(bytes);
  }
  if (!request.url.assign(bytes)) throw JournalDamaged("a request has no URL");
  if (flags & kReferrer) {
    if (shared > request.url.href().size()) throw JournalDamaged("a request has a referrer that is cut short");
    std::string referrer(request.url.href(), 0, shared);
    referrer += referrerEnd;
    request.setReferrer(std::make_shared<const std::string>(std::move(referrer)));
  }
  return request;
}

}  // namespace weft::crawler
