// RobotsTxt: what a site's robots.txt asks of crawlers.
#pragma once

#include <weft/core/bytes.hpp>
#include <weft/http/url.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A part of the day, in UTC. Where `end` is before `start` it goes on past midnight.
struct DailyWindow {
  std::chrono::minutes start{};
  std::chrono::minutes end{};
  friend bool operator==(const DailyWindow&, const DailyWindow&) = default;
};

/// "Request-rate: 10/1m 0600-0845": so many requests per so much time, perhaps only for a part of the day.
struct RequestRate {
  std::uint32_t requests = 0;                          ///< never 0 when it was parsed
  std::chrono::seconds period{};                       ///< never 0 when it was parsed
  std::optional<DailyWindow> window;
  friend bool operator==(const RequestRate&, const RequestRate&) = default;
};

/// The rules of one robots.txt, by RFC 9309 and what sites write beside it. Any bytes give rules: what is no line of robots.txt (HTML, NULs, noise) is passed over. A value; any thread
/// may use its own. About as large as the file's patterns.
///
///     const RobotsTxt robots = RobotsTxt::parse(body);
///     if (robots.allowed(url, "weftbot/1.0 (+https://example.com/bot)")) ...
///
/// Which group counts: one whose name is part of the user agent, in any case; of several the longest name, and "*" only when there is no other. Where a name has more than a product
/// token ("foo/1.0", "foo bar"), its product token being the user agent's is enough, except for "Mozilla". All groups of the name that won count together.
///
/// Which rule counts: of those that match, the one with the longest pattern, and of equals the one that allows. '*' is any run of bytes, '$' at the end is the end of the URL. As
/// Scrapy's users expect, a '$' may also be meant literally, "Allow: /x/index.html" allows /x/ too, common misspellings ("dissallow", "user agent") are read, and so is a line
/// that lacks its colon. Patterns and URLs are compared in one spelling of percent-encoding (section 2.2.2).
///
/// Deciding takes time in proportion to the lengths of the patterns and the URL, whatever the patterns are.
class RobotsTxt {
 public:
  /// What is behind this many bytes is not read, nor the line that they end in (section 2.5): truncated() tells.
  static constexpr std::size_t kMaxSize = std::size_t{500} * 1024;
  /// Longer delays are cut to this.
  static constexpr std::chrono::milliseconds kMaxCrawlDelay = std::chrono::hours(24);

  /// No rules: everything is allowed. What an unavailable robots.txt (status 4xx) means, section 2.3.1.3.
  RobotsTxt() = default;
  /// Reads the file, with or without a byte order mark, its lines ended by LF, CR or both. Never fails.
  static RobotsTxt parse(BytesView file);
  /// Nothing is allowed. What an unreachable robots.txt (status 5xx, no answer) means, section 2.3.1.4.
  static RobotsTxt disallowAll();

  /// May `userAgent` fetch `url`? Of the URL only path and query are looked at: that it is this robots.txt's site is the caller's business. /robots.txt itself always may be fetched.
  /// `userAgent` is the whole header value or the product token.
  bool allowed(const http::Url& url, std::string_view userAgent) const;
  /// The pause between two requests that the site asks for ("Crawl-delay: 2.5", in seconds); nullopt when it does not, or not with a number. Like the two below, only what the groups for
  /// this user agent say: no falling back to "*" line by line.
  std::optional<std::chrono::milliseconds> crawlDelay(std::string_view userAgent) const;
  /// "Request-rate: 1/5", "10/1m 0600-0845"; units s, m, h, d.
  std::optional<RequestRate> requestRate(std::string_view userAgent) const;
  /// "Visit-time: 0600-0845".
  std::optional<DailyWindow> visitTime(std::string_view userAgent) const;
  /// The sitemaps, as written, in the order of the file. They belong to no group.
  const std::vector<std::string>& sitemaps() const noexcept { return sitemaps_; }
  /// "Host: www.example.com": the name that the site prefers. Empty without one.
  const std::string& host() const noexcept { return host_; }
  /// Whether the file was longer than kMaxSize.
  bool truncated() const noexcept { return truncated_; }

  /// The same without what is for others: what to keep of a site where one user agent crawls. The result gives its answers to any name.
  RobotsTxt forAgent(std::string_view userAgent) const;

 private:
  class Reader;
  struct Rule {
    std::uint32_t start;                               // its pattern in text_, normalised, without runs of stars and the '$'
    std::uint32_t length;
    std::uint32_t priority;                            // the pattern's length with them
    bool allow;
    bool anchored;
  };
  struct Group {
    std::uint32_t rulesBegin;                          // in rules_, the strongest first
    std::uint32_t rulesEnd;
  };
  struct Pace {
    std::optional<std::chrono::milliseconds> delay;
    std::optional<RequestRate> rate;
    std::optional<DailyWindow> visit;
  };
  struct Agent {
    std::uint32_t start;                               // its name in text_, in lower case
    std::uint32_t length;
    std::uint32_t group;                               // agents of one group stand side by side
    std::uint32_t pace;                                // kNone: none
  };
  static constexpr std::uint32_t kNone = UINT32_MAX;

  std::string_view slice(std::uint32_t start, std::uint32_t length) const noexcept { return std::string_view(text_).substr(start, length); }
  std::size_t score(const Agent& agent, std::string_view userAgent) const noexcept;
  std::vector<const Agent*> agentsFor(std::string_view userAgent) const;
  template <class T> std::optional<T> lastPace(std::string_view userAgent, std::optional<T> Pace::* member) const;
  void addRule(std::string_view pattern, std::size_t priority, bool allow, bool anchored);
  void sortRules(const Group& group);

  std::string text_;                                   // all patterns and names
  std::vector<Rule> rules_;
  std::vector<Group> groups_;
  std::vector<Agent> agents_;
  std::vector<Pace> paces_;
  std::vector<std::string> sitemaps_;
  std::string host_;
  bool truncated_ = false;
};

}  // namespace weft::crawler
