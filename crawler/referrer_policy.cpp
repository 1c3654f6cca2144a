#include <weft/crawler/referrer_policy.hpp>

#include <weft/crawler/response.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/http/headers.hpp>

#include <array>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::array<std::pair<std::string_view, ReferrerPolicy>, 9> kNames{{
    {"no-referrer", ReferrerPolicy::NoReferrer},
    {"no-referrer-when-downgrade", ReferrerPolicy::NoReferrerWhenDowngrade},
    {"same-origin", ReferrerPolicy::SameOrigin},
    {"origin", ReferrerPolicy::Origin},
    {"strict-origin", ReferrerPolicy::StrictOrigin},
    {"origin-when-cross-origin", ReferrerPolicy::OriginWhenCrossOrigin},
    {"strict-origin-when-cross-origin", ReferrerPolicy::StrictOriginWhenCrossOrigin},
    {"unsafe-url", ReferrerPolicy::UnsafeUrl},
    {"scrapy-default", ReferrerPolicy::ScrapyDefault},
}};

bool isProtected(const http::Url& url) noexcept { return url.scheme() == "https" || url.scheme() == "ftps"; }

// Pages that are nowhere have nothing to tell (section 8.4).
bool isLocal(const http::Url& url) noexcept {
  const std::string_view scheme = url.scheme();
  return !url.hasHost() || scheme == "about" || scheme == "blob" || scheme == "data" || scheme == "filesystem";
}

std::shared_ptr<const std::string> referrer(const http::Url& page, bool whole) {
  std::string text(page.scheme());
  text += "://";
  text += page.hostAndPort();
  if (whole && !page.path().empty()) text += page.target();
  else text += '/';
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

std::optional<ReferrerPolicy> parseReferrerPolicy(std::string_view name) noexcept {
  name = http::trimmed(name);
  for (const auto& [known, policy] : kNames)
    if (http::equalIgnoringCase(known, name)) return policy;
  return std::nullopt;
}

std::optional<ReferrerPolicy> lastReferrerPolicy(std::string_view field) noexcept {
  std::optional<ReferrerPolicy> last;
  for (;;) {
    const std::size_t comma = field.find(',');
    if (const auto policy = parseReferrerPolicy(field.substr(0, comma))) last = policy;
    if (comma == std::string_view::npos) return last;
    field.remove_prefix(comma + 1);
  }
}

std::shared_ptr<const std::string> PageReferrer::to(const http::Url& target, ReferrerPolicy policy) {
  enum class Tell { kNothing, kOrigin, kWhole };
  const auto within = [&] { return page_->sameOrigin(target); };
  const auto downgrade = [&] { return isProtected(*page_) && !isProtected(target); };
  const Tell tell = [&] {
    switch (policy) {
      case ReferrerPolicy::NoReferrer: return Tell::kNothing;
      case ReferrerPolicy::ScrapyDefault:
      case ReferrerPolicy::NoReferrerWhenDowngrade: return downgrade() ? Tell::kNothing : Tell::kWhole;
      case ReferrerPolicy::SameOrigin: return within() ? Tell::kWhole : Tell::kNothing;
      case ReferrerPolicy::Origin: return Tell::kOrigin;
      case ReferrerPolicy::StrictOrigin: return downgrade() ? Tell::kNothing : Tell::kOrigin;
      case ReferrerPolicy::OriginWhenCrossOrigin: return within() ? Tell::kWhole : Tell::kOrigin;
      case ReferrerPolicy::StrictOriginWhenCrossOrigin: return within() ? Tell::kWhole : downgrade() ? Tell::kNothing : Tell::kOrigin;
      case ReferrerPolicy::UnsafeUrl: return Tell::kWhole;
    }
    return Tell::kNothing;
  }();
  if (tell == Tell::kNothing || isLocal(*page_)) return nullptr;
  if (policy == ReferrerPolicy::ScrapyDefault && (page_->scheme() == "file" || page_->scheme() == "s3")) return nullptr;
  auto& text = tell == Tell::kWhole ? whole_ : origin_;
  if (!text) text = referrer(*page_, tell == Tell::kWhole);
  return text;
}

PageReferrer referrerOf(const Response& response, const http::Url& url, const Settings& settings) {
  std::optional<ReferrerPolicy> policy;
  if (const auto field = response.headers.get("Referrer-Policy")) policy = lastReferrerPolicy(*field);
  if (!policy) policy = parseReferrerPolicy(settings.referrerPolicy);
  return PageReferrer(url, policy.value_or(ReferrerPolicy::ScrapyDefault));
}

void refer(Request& request, PageReferrer& page) {
  const auto own = parseReferrerPolicy(request.meta("referrer_policy"));
  request.setReferrer(own ? page.to(request.url, *own) : page.to(request.url));
}

}  // namespace weft::crawler
