#include <weft/crawler/spiders/sitemap_spider.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/robots/robots_txt.hpp>
#include <weft/http/content_coding/content_decoder.hpp>

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace weft::crawler {

namespace {

std::unique_ptr<RE2> compile(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!regex->ok()) throw SpiderError("the sitemap pattern \"" + std::string(pattern) + "\" is no regular expression: " + regex->error());
  return regex;
}

bool search(const RE2& pattern, std::string_view text) { return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern); }

}  // namespace

struct SitemapSpider::Patterns {
  std::vector<std::pair<std::unique_ptr<RE2>, Callback>> rules;
  std::vector<std::unique_ptr<RE2>> follow;
};

SitemapSpider::SitemapSpider(std::string name) : Spider(std::move(name)) { callbacks = {{"parseSitemap", Callback(&SitemapSpider::parseSitemap)}}; }
SitemapSpider::~SitemapSpider() = default;

bool SitemapSpider::sitemapFilter(SitemapEntry&) { return true; }

const SitemapSpider::Patterns& SitemapSpider::patterns() {
  if (patterns_) return *patterns_;
  auto made = std::make_unique<Patterns>();
  for (const auto& [pattern, callback] : sitemapRules) made->rules.emplace_back(compile(pattern), callback);
  if (sitemapRules.empty()) made->rules.emplace_back(compile(""), Callback());
  for (const std::string& pattern : sitemapFollow) made->follow.push_back(compile(pattern));
  if (sitemapFollow.empty()) made->follow.push_back(compile(""));
  patterns_ = std::move(made);
  return *patterns_;
}

Results SitemapSpider::startRequests() {
  patterns();
  const std::array<const std::vector<std::string>*, 2> lists{&sitemapUrls, &startUrls};
  for (const auto* urls : lists) {
    for (const std::string& url : *urls) {
      Request request(std::string_view(url), &SitemapSpider::parseSitemap);
      co_yield std::move(request);
    }
  }
}

Results SitemapSpider::parseSitemap(Response response) {
  const Patterns& known = patterns();
  if (response.url.path().ends_with("/robots.txt")) {
    const RobotsTxt robots = RobotsTxt::parse(response.body);
    for (const std::string& sitemap : robots.sitemaps()) {
      auto target = http::Url::tryParse(sitemap, response.url);
      if (!target) continue;
      Request request(std::move(*target), &SitemapSpider::parseSitemap);
      co_yield std::move(request);
    }
    co_return;
  }

  if (response.body.starts_with("\x1F\x8B")) {
    try {
      http::ContentDecoder decoder("gzip", http::ContentDecoderOptions().setMaxBytes(sitemapMaxBytes));
      std::string plain;
      decoder.feed(response.body, plain);
      decoder.finish();
      response.body = std::move(plain);
    } catch (const weft::Error& error) {
      kSitemapLog.warning("Ignoring sitemap <", response.status, " ", response.url.href(), ">: ", error);
      co_return;
    }
  }
  Sitemap sitemap(response.body);
  const bool isIndex = sitemap.type() == "sitemapindex";
  if (!isIndex && sitemap.type() != "urlset") {
    kSitemapLog.warning("Ignoring invalid sitemap: <", response.status, " ", response.url.href(), ">");
    co_return;
  }
  for (;;) {
    std::optional<SitemapEntry> entry;
    try {
      entry = sitemap.next();
    } catch (const XmlError& error) {
      kSitemapLog.warning("Sitemap ", response.url.href(), " ends early: ", error);
    }
    if (!entry) break;
    if (!sitemapFilter(*entry)) continue;
    std::vector<std::string> locations{std::move(entry->loc)};
    if (sitemapAlternateLinks) std::move(entry->alternates.begin(), entry->alternates.end(), std::back_inserter(locations));
    for (const std::string& location : locations) {
      auto target = http::Url::tryParse(location, response.url);
      if (!target) continue;
      Callback callback = &SitemapSpider::parseSitemap;
      bool wanted = false;
      if (isIndex) {
        wanted = std::any_of(known.follow.begin(), known.follow.end(), [&](const auto& pattern) { return search(*pattern, location); });
      } else if (const auto rule = std::find_if(known.rules.begin(), known.rules.end(), [&](const auto& each) { return search(*each.first, location); }); rule != known.rules.end()) {
        wanted = true;
        callback = rule->second;
      }
      if (!wanted) continue;
      Request request(std::move(*target), callback);
      co_yield std::move(request);
    }
  }
}

}  // namespace weft::crawler
