#include <weft/crawler/link_extractor.hpp>

#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/html/link_scanner.hpp>

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::string_view kDeniedExtensions[] = {
    // archives
    "7z", "7zip", "bz2", "rar", "tar", "tar.gz", "xz", "zip",
    // pictures
    "mng", "pct", "bmp", "gif", "jpg", "jpeg", "png", "pst", "psp", "image", "pspimage", "tif", "tiff", "ai", "drw", "dxf", "eps", "ps", "svg", "cdr",
    "ico", "webp",
    // sound
    "mp3", "wma", "ogg", "wav", "ra", "aac", "mid", "au", "aiff",
    // video
    "3gp", "asf", "asx", "avi", "mov", "mp4", "mpg", "qt", "rm", "swf", "wmv", "m4a", "m4v", "flv", "webm",
    // office
    "xls", "xlsm", "xlsx", "xltm", "xltx", "potm", "potx", "ppt", "pptm", "pptx", "pps", "doc", "docb", "docm", "docx", "dotm", "dotx", "odt", "ods",
    "odg", "odp",
    // others
    "css", "pdf", "exe", "bin", "rss", "dmg", "iso", "apk", "jar", "sh", "rb", "js", "hta", "bat", "cpl", "msi", "msp", "py"};

// Remembers small numbers of hashes for the length of one page; forgetting them all is one addition.
class PageSet {
 public:
  void clear() noexcept {
    count_ = 0;
    if (++page_ == 0) {
      std::fill(places_.begin(), places_.end(), Place());
      page_ = 1;
    }
  }
  bool insert(std::uint64_t hash) {
    if (count_ * 2 >= places_.size()) grow();
    std::size_t i = static_cast<std::size_t>(hash) & (places_.size() - 1);
    for (; places_[i].page == page_; i = (i + 1) & (places_.size() - 1))
      if (places_[i].hash == hash) return false;
    places_[i] = {hash, page_};
    ++count_;
    return true;
  }

 private:
  struct Place {
    std::uint64_t hash = 0;
    std::uint32_t page = 0;
  };
  void grow() {
    std::vector<Place> old(std::max<std::size_t>(256, places_.size() * 2));
    old.swap(places_);
    for (const Place& place : old) {
      if (place.page != page_) continue;
      std::size_t i = static_cast<std::size_t>(place.hash) & (places_.size() - 1);
      while (places_[i].page == page_) i = (i + 1) & (places_.size() - 1);
      places_[i] = place;
    }
  }
  std::vector<Place> places_;
  std::size_t count_ = 0;
  std::uint32_t page_ = 1;
};

// Links as written and as resolved stand in one set: the seed keeps them apart.
constexpr std::uint64_t kAsWritten = 1;

std::string_view withoutFragment(std::string_view href) noexcept { return href.substr(0, href.find('#')); }

}  // namespace

struct LinkExtractor::Impl final : html::LinkVisitor {
  Impl() : denied(std::begin(kDeniedExtensions), std::end(kDeniedExtensions)), scanner(*this) { std::sort(denied.begin(), denied.end()); }

  // ---- the rules
  std::vector<std::unique_ptr<RE2>> allow, deny;
  std::vector<std::string> denied;                     // sorted
  std::optional<http::Url> origin;
  // URLs that did not match, so that the menu that stands on each page costs the patterns' time once. Lossy: a newcomer takes the place.
  std::array<Fingerprint, 4096> refused;

  // ---- one page
  html::LinkScanner scanner;
  PageSet hrefs;                                       // as written, and as resolved
  const Spider* skip = nullptr;
  const http::Url* page = nullptr;
  const http::Url* against = nullptr;                  // page, or declaredBase
  http::Url declaredBase, url;                         // reused from link to link: most links cost no allocation
  std::size_t given = 0;
  bool lateBase = false;                               // <base> came after links, which it holds for as well: they have to be read again
  std::vector<http::Url>* found = nullptr;

  static std::unique_ptr<RE2> compile(std::string_view pattern) {
    RE2::Options options;
    options.set_log_errors(false);
    auto regex = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (!regex->ok()) throw SpiderError("\"" + std::string(pattern) + "\" is no regular expression: " + regex->error());
    return regex;
  }

  bool deniedExtension(std::string_view path) const {
    if (denied.empty()) return false;
    const std::size_t slash = path.rfind('/');
    const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || name.size() - dot > 20) return false;
    char lower[48];
    const auto denies = [&](std::size_t at) {
      std::size_t size = 0;
      for (char c : name.substr(at + 1)) lower[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      return std::binary_search(denied.begin(), denied.end(), std::string_view(lower, size));
    };
    if (denies(dot)) return true;
    const std::size_t before = dot ? name.rfind('.', dot - 1) : std::string_view::npos;
    return before != std::string_view::npos && name.size() - before <= 20 && denies(before);      // tar.gz
  }

  static bool search(const std::vector<std::unique_ptr<RE2>>& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [text](const auto& pattern) { return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern); });
  }

  bool matches(const http::Url& candidate) const {
    if (!candidate.isHttp() || (origin && !candidate.sameOrigin(*origin))) return false;
    const std::string_view text = candidate.withoutFragment();
    return !deniedExtension(candidate.path()) && (allow.empty() || search(allow, text)) && !search(deny, text);
  }

  void link(const html::ScannedLink& link) override {
    if (link.kind != html::ScannedLink::Kind::kAnchor && link.kind != html::ScannedLink::Kind::kArea) return;
    ++given;
    const std::string_view href = withoutFragment(link.href);
    if (href.empty() || !hrefs.insert(hash128(href, kAsWritten).low)) return;
    if (!url.assign(href, against) || !url.isHttp() || (origin && !url.sameOrigin(*origin))) return;
    if (skip && skip->seen(url)) return;
    const Fingerprint print = hash128(url.href());
    Fingerprint& memory = refused[static_cast<std::size_t>(print.low) & (refused.size() - 1)];
    if (memory == print) return;
    if (!matches(url)) {
      memory = print;
      return;
    }
    if (hrefs.insert(print.low)) found->push_back(url);
  }

  void base(std::string_view href) override {
    if (against == &declaredBase || !declaredBase.assign(href, page) || !declaredBase.isHttp()) return;
    against = &declaredBase;
    lateBase = given > 0;
  }

  void scan(std::string_view text) {
    found->clear();
    hrefs.clear();
    given = 0;
    lateBase = false;
    scanner.reset();
    scanner.feed(text);
    scanner.finish();
  }
};

LinkExtractor::LinkExtractor() : impl_(std::make_unique<Impl>()) {}
LinkExtractor::~LinkExtractor() = default;
LinkExtractor::LinkExtractor(LinkExtractor&&) noexcept = default;
LinkExtractor& LinkExtractor::operator=(LinkExtractor&&) noexcept = default;

LinkExtractor& LinkExtractor::allow(std::string_view pattern) {
  impl_->allow.push_back(Impl::compile(pattern));
  impl_->refused.fill({});
  return *this;
}

LinkExtractor& LinkExtractor::deny(std::string_view pattern) {
  impl_->deny.push_back(Impl::compile(pattern));
  impl_->refused.fill({});
  return *this;
}

LinkExtractor& LinkExtractor::denyExtensions(std::vector<std::string> extensions) {
  std::sort(extensions.begin(), extensions.end());
  impl_->denied = std::move(extensions);
  impl_->refused.fill({});
  return *this;
}

LinkExtractor& LinkExtractor::sameOrigin(const http::Url& url) {
  impl_->origin = url;
  impl_->refused.fill({});
  return *this;
}

PageLinks LinkExtractor::read(const Response& response, const Spider* skip) {
  PageLinks result;
  Impl& impl = *impl_;
  impl.skip = skip;
  impl.page = impl.against = &response.url;
  impl.found = &result.links;
  impl.scan(response.text());
  if (impl.lateBase) impl.scan(response.text());
  result.title = impl.scanner.title();
  result.anchors = impl.scanner.anchors();
  return result;
}

bool LinkExtractor::matches(const http::Url& url) const { return impl_->matches(url); }

}  // namespace weft::crawler
