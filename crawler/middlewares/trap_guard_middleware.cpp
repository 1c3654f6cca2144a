#include <weft/crawler/middlewares/trap_guard_middleware.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/core/log.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/stats.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::size_t kPatterns = 4096, kSaid = 65536; // 96 KiB and 512 KiB
constexpr std::uint32_t kSamePages = 16;               // of a pattern, before its pages are looked at
constexpr std::uint32_t kReadEvery = 16;                   // of which each so many is: reading a page costs as much as all else that the engine does with it

using weft::detail::isDigit, weft::detail::isLetter;

constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 29);
}

std::uint64_t printOfText(std::string_view text) noexcept {
  std::uint64_t hash = 0x51ED270B;
  for (char c : text) hash = mixed(hash, static_cast<unsigned char>(c));
  return hash;
}

// What a byte of a page is to its print.
enum class PieceKind : std::uint8_t { Text, Space, Digit, Tag };
constexpr auto kKinds = [] {
  std::array<PieceKind, 256> kinds{};
  for (char c : {' ', '\t', '\n', '\v', '\f', '\r'}) kinds[static_cast<unsigned char>(c)] = PieceKind::Space;
  for (char c = '0'; c <= '9'; ++c) kinds[static_cast<unsigned char>(c)] = PieceKind::Digit;
  kinds['<'] = PieceKind::Tag;
  return kinds;
}();

// A hash of bytes that come one at a time.
class Print {
 public:
  void add(char c) noexcept {
    word_ = word_ << 8 | static_cast<unsigned char>(c);
    if (++count_ % 8 == 0) hash_ = mixed(hash_, word_);
  }
  void add(std::string_view text) noexcept {
    for (char c : text) add(c);
  }
  std::uint64_t done() const noexcept { return mixed(mixed(hash_, word_), count_); }

 private:
  std::uint64_t hash_ = 0x2545F491, word_ = 0, count_ = 0;
};

// A number that a page of a calendar may hold: of a day, a month, or a year.
bool isOfDate(std::string_view digits) noexcept {
  if (digits.size() > 4) return false;
  int value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value < 32 || (digits.size() == 4 && value >= 1000 && value < 3000);
}

}  // namespace

// A word of letters stays what it is; with digits among them it is an id.
bool trap::shapeOf(const http::Url& url, std::string& shape) {
  shape = url.host();
  const std::string_view target = url.target();
  bool varies = false;
  for (std::size_t at = 0; at < target.size();) {
    if (target[at] == '%') {                           // two digits of a byte follow, of which none is a number
      const std::size_t length = std::min<std::size_t>(3, target.size() - at);
      shape += target.substr(at, length);
      at += length;
      continue;
    }
    std::size_t end = at;
    bool digits = false;
    for (; end < target.size() && (isLetter(target[end]) || isDigit(target[end])); ++end) digits = digits || isDigit(target[end]);
    if (end == at) {
      shape += target[at++];
      continue;
    }
    if (digits) shape += '#';
    else shape += target.substr(at, end - at);
    varies = varies || digits;
    at = end;
  }
  return varies;
}

bool trap::repeatsItself(std::string_view path) noexcept {
  constexpr std::size_t kShortest = 8, kMost = 64, kLongest = 4, kTimes = 4;
  if (static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) < kShortest) return false;
  std::array<std::string_view, kMost> segments{};
  std::size_t count = 0;
  for (std::size_t at = 0; at < path.size() && count < kMost;) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    segments[count++] = path.substr(at, end - at);
    at = end;
  }
  for (std::size_t length = 1; length <= kLongest; ++length) {
    std::size_t same = 0;                              // segments in a row that are those of `length` before
    for (std::size_t i = length; i < count; ++i) {
      same = segments[i].size() > 1 && segments[i] == segments[i - length] ? same + 1 : 0;
      if (same >= length * (kTimes - 1)) return true;
    }
  }
  return false;
}

std::uint64_t trap::printOf(std::string_view html) noexcept {
  Print print;
  for (std::size_t at = 0; at < html.size();) {
    const char c = html[at];
    const PieceKind kind = kKinds[static_cast<unsigned char>(c)];
    if (kind == PieceKind::Tag) {
      const std::size_t end = std::min(html.find('>', at), html.size());
      const std::string_view tag = html.substr(at, end - at);
      if (const std::size_t source = tag.find("src="); source != std::string_view::npos) print.add(tag.substr(source + 4));
      at = end + 1;
      for (std::string_view name : {"script", "style"})
        if (tag.substr(1).starts_with(name)) at = std::min(html.find("</", at), html.size());
    } else if (kind == PieceKind::Digit) {
      std::size_t end = at;
      while (end < html.size() && isDigit(html[end])) ++end;
      const std::string_view digits = html.substr(at, end - at);
      if (!isOfDate(digits)) print.add(digits);
      at = end;
    } else {
      if (kind == PieceKind::Text) print.add(c);
      ++at;
    }
  }
  return print.done();
}

void TrapGuardMiddleware::open(const CrawlContext& crawl) {
  crawl_.emplace(crawl);
  if (!crawl.settings.trapGuardEnabled) return;
  patterns_.resize(kPatterns);
  said_.resize(kSaid);
}

Deferred<Called> TrapGuardMiddleware::handle(std::shared_ptr<const Request> request, Outcome<Response> page, PageHandler& next) {
  if (page && page->status == 200 && crawl_->settings.trapGuardEnabled && trap::shapeOf(request->url, shape_)) {
    const std::uint64_t print = printOfText(shape_);
    Pattern& pattern = place(print);
    if (pattern.print != print && !pattern.closed) pattern = Pattern{print, 0, 0, false};
    if (pattern.print == print && ++pattern.pages > kSamePages && pattern.pages % kReadEvery == 0 && !pattern.closed) {
      pattern.barren = saysNothingNew(print, *page) ? pattern.barren + kReadEvery : 0;
      if (pattern.barren >= static_cast<std::uint32_t>(crawl_->settings.trapGuardPages)) {
        pattern.closed = true;
        ++closed_;
        crawl_->stats.incValue("trap/count");
        kTrapGuardLog.warning("A trap, it seems: the last ", pattern.barren, " pages like ", shape_, " said nothing new; no more of them are requested (TRAP_GUARD_PAGES, TRAP_GUARD_ENABLED)");
      }
    }
  }
  return next.handle(std::move(request), std::move(page));
}

bool TrapGuardMiddleware::saysNothingNew(std::uint64_t pattern, const Response& page) noexcept {
  const std::uint64_t print = mixed(pattern, trap::printOf(page.body));
  std::uint64_t& held = said_[print % said_.size()];
  return std::exchange(held, print) == print;
}

bool TrapGuardMiddleware::accepts(Request& request, const Request* from) {
  if (!crawl_->settings.trapGuardEnabled || !from) return true;
  if (trap::repeatsItself(request.url.path())) {
    crawl_->stats.incValue("trap/request_ignored_count");
    if (repeating_ != request.url.host()) {
      repeating_ = request.url.host();
      kTrapGuardLog.warning("Ignoring a path that repeats itself (TRAP_GUARD_ENABLED): ", request.url.href().substr(0, 200), "; found on ", from->url.href());
    }
    return false;
  }
  if (!closed_ || !trap::shapeOf(request.url, shape_)) return true;
  const std::uint64_t print = printOfText(shape_);
  const Pattern& pattern = place(print);
  if (pattern.print != print || !pattern.closed) return true;
  crawl_->stats.incValue("trap/request_ignored_count");
  return false;
}

}  // namespace weft::crawler
