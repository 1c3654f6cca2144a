#include <weft/crawler/link_extractor.hpp>

#include <weft/crawler/canonical_url.hpp>
#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/html/css.hpp>
#include <weft/crawler/html/link_scanner.hpp>
#include <weft/crawler/html/xpath.hpp>
#include <weft/http/headers.hpp>

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

bool isWithin(std::string_view host, const std::vector<std::string>& domains) noexcept {
  return std::any_of(domains.begin(), domains.end(), [host](std::string_view domain) {
    if (host.size() < domain.size() || !http::equalIgnoringCase(host.substr(host.size() - domain.size()), domain)) return false;
    return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
  });
}

// Which names are meant, as tags() and attrs() say.
struct WantedNames {
  std::vector<std::string> wanted, denied;
  bool has(std::string_view name) const noexcept {
    const auto isIn = [name](const std::vector<std::string>& names) { return std::any_of(names.begin(), names.end(), [name](const std::string& one) { return one == name || one == "*"; }); };
    return isIn(wanted) && !isIn(denied);
  }
};

// The text within an element, as far as it goes: hostile pages nest a hundred thousand of them.
std::string textOf(const html::Document& document, html::NodeId element) {
  std::string text;
  std::size_t looks = 1000;
  for (html::NodeId node = document.following(element, element); node && looks--; node = document.following(node, element)) {
    if (!document.isText(node)) continue;
    std::string_view more = document.text(node);
    std::size_t size = std::min(more.size(), html::LinkScanner::kMaxText - text.size());
    while (size < more.size() && size && (static_cast<unsigned char>(more[size]) & 0xC0) == 0x80) --size;      // whole characters
    text += more.substr(0, size);
    if (size < more.size()) break;
  }
  return text;
}

// The <a> and <area> of a page as they stand there, each href once if asked.
struct WrittenLinks final : html::LinkVisitor {
  struct Written {
    std::string href, text;
    bool nofollow;
  };
  explicit WrittenLinks(bool unique) : unique(unique) {}
  void link(const html::ScannedLink& link) override {
    const bool isAnchor = link.kind == html::ScannedLink::Kind::kAnchor;
    if (!isAnchor && link.kind != html::ScannedLink::Kind::kArea) return;
    if (isAnchor) open.reset();
    if (unique && !hrefs.insert(hash128(link.href).low)) return;
    all.push_back({std::string(link.href), std::string(), link.nofollow});
    if (isAnchor) open = all.size() - 1;
  }
  void linkText(std::string_view text) override {
    if (open) all[*open].text = text;
  }

  const bool unique;
  PageSet hrefs;
  std::vector<Written> all;
  std::optional<std::size_t> open;                     // the last <a>, if it is among them
};

}  // namespace

struct LinkExtractor::Impl final : html::LinkVisitor {
  Impl() : denied(std::begin(kDeniedExtensions), std::end(kDeniedExtensions)), scanner(*this) { std::sort(denied.begin(), denied.end()); }

  // ---- the rules
  std::vector<std::unique_ptr<RE2>> allow, deny, texts;
  std::vector<std::string> denied;                     // sorted
  std::vector<std::string> allowedDomains, deniedDomains, xpaths, queries;
  std::optional<http::Url> origin;
  WantedNames tags{{"a", "area"}, {}}, attrs{{"href"}, {}};
  bool needsTree = false, canonical = false, unique = true;
  std::function<std::optional<std::string>(std::string)> process;
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
    if (!allowedDomains.empty() && !isWithin(candidate.host(), allowedDomains)) return false;
    if (!deniedDomains.empty() && isWithin(candidate.host(), deniedDomains)) return false;
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

  // ---- with texts, or from the tree
  bool isPlain() const noexcept { return !needsTree && texts.empty() && !canonical && !process; }

  // The link's URL by all rules but those of texts, or nullopt.
  std::optional<http::Url> judged(std::string_view href, const http::Url& base) const {
    auto target = http::Url::tryParse(href, base);
    if (process) {
      const auto given = process(target ? target->href() : std::string(href));
      if (!given) return std::nullopt;
      target = http::Url::tryParse(*given, *page);
    }
    if (!target) return std::nullopt;
    if (target->fragment().empty()) target->setHash("");
    if ((skip && skip->seen(*target)) || !matches(*target)) return std::nullopt;
    if (canonical) return http::Url(canonicalUrl(*target));
    return target;
  }

  // `textOf` gives the text, which may be costly.
  template <class TextOf> void take(std::vector<Link>& links, std::string_view href, const http::Url& base, bool nofollow, TextOf textOf) {
    auto target = judged(href, base);
    if (!target) return;
    if (unique && !hrefs.insert(hash128(target->href()).low)) return;
    std::string text = textOf();
    if (!texts.empty() && !search(texts, text)) return;
    links.emplace_back(std::move(*target), std::move(text), nofollow);
  }

  std::vector<Link> scanned(const Response& response) {
    WrittenLinks written(unique);
    html::LinkScanner reader(written, html::LinkScope::kPages, html::LinkText::kWanted);
    reader.feed(response.text());
    reader.finish();
    base(reader.base());
    std::vector<Link> links;
    for (auto& one : written.all) take(links, one.href, *against, one.nofollow, [&one] { return std::move(one.text); });
    return links;
  }

  std::vector<Link> selected(const Response& response) {
    const http::Url base = response.urljoin("");
    std::vector<Link> links;
    if (xpaths.empty() && queries.empty()) within(links, response.selector(), base);
    for (const std::string& expression : xpaths)
      for (const Selector& region : response.xpath(expression)) within(links, region, base);
    for (const std::string& query : queries)
      for (const Selector& region : response.css(query)) within(links, region, base);
    return links;
  }

  void within(std::vector<Link>& links, const Selector& region, const http::Url& base) {
    const html::Document& document = region.document();
    if (!region.isElement() && region.node() != html::kDocumentNode) return;                 // a text or a value
    for (html::NodeId node = region.node(); node; node = document.following(node, region.node())) {
      if (!document.isElement(node) || !tags.has(document.name(node))) continue;
      const auto rel = document.attribute(node, "rel");
      for (const html::StoredAttribute& attribute : document.attributes(node))
        if (attrs.has(document.name(attribute)))
          take(links, document.value(attribute), base, rel && html::hasWord(*rel, "nofollow"), [&] { return textOf(document, node); });
    }
  }

  std::vector<Link> extract(const Response& response) {
    page = against = &response.url;
    hrefs.clear();
    return needsTree ? selected(response) : scanned(response);
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

LinkExtractor& LinkExtractor::allowDomains(const std::vector<std::string>& domains) {
  impl_->allowedDomains.insert(impl_->allowedDomains.end(), domains.begin(), domains.end());
  impl_->refused.fill({});
  return *this;
}

LinkExtractor& LinkExtractor::denyDomains(const std::vector<std::string>& domains) {
  impl_->deniedDomains.insert(impl_->deniedDomains.end(), domains.begin(), domains.end());
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

LinkExtractor& LinkExtractor::restrictCss(std::string_view query) {
  const html::CssSelector check(query);
  impl_->queries.emplace_back(query);
  impl_->needsTree = true;
  return *this;
}

LinkExtractor& LinkExtractor::restrictXpaths(std::string_view expression) {
  const html::XPath check(expression);
  impl_->xpaths.emplace_back(expression);
  impl_->needsTree = true;
  return *this;
}

LinkExtractor& LinkExtractor::restrictText(std::string_view pattern) {
  impl_->texts.push_back(Impl::compile(pattern));
  return *this;
}

LinkExtractor& LinkExtractor::tags(std::vector<std::string> names) {
  impl_->tags.wanted = std::move(names);
  impl_->needsTree = true;
  return *this;
}

LinkExtractor& LinkExtractor::attrs(std::vector<std::string> names) {
  impl_->attrs.wanted = std::move(names);
  impl_->needsTree = true;
  return *this;
}

LinkExtractor& LinkExtractor::denyTags(std::vector<std::string> names) {
  impl_->tags.denied = std::move(names);
  impl_->needsTree = true;
  return *this;
}

LinkExtractor& LinkExtractor::denyAttrs(std::vector<std::string> names) {
  impl_->attrs.denied = std::move(names);
  impl_->needsTree = true;
  return *this;
}

LinkExtractor& LinkExtractor::canonicalize(bool value) {
  impl_->canonical = value;
  return *this;
}

LinkExtractor& LinkExtractor::unique(bool value) {
  impl_->unique = value;
  return *this;
}

LinkExtractor& LinkExtractor::processValue(std::function<std::optional<std::string>(std::string)> process) {
  impl_->process = std::move(process);
  return *this;
}

std::vector<Link> LinkExtractor::extractLinks(const Response& response, const Spider* skip) {
  impl_->skip = skip;
  return impl_->extract(response);
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
  if (impl.isPlain()) return result;
  std::vector<Link> links = impl.extract(response);
  result.links.clear();
  impl.hrefs.clear();
  for (Link& link : links) {
    link.url.setHash("");
    if (impl.hrefs.insert(hash128(link.url.href()).low)) result.links.push_back(std::move(link.url));
  }
  return result;
}

bool LinkExtractor::matches(const http::Url& url) const { return impl_->matches(url); }

}  // namespace weft::crawler
