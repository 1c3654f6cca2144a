#include <weft/crawler/robots/robots_txt.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/crawler/robots/internal/pattern.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace weft::crawler {

namespace {

constexpr std::string_view kBlanks = " \t\v\f";

using weft::detail::lower, weft::detail::lowered;

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

enum class Field : std::uint8_t { Unknown, UserAgent, Allow, Disallow, CrawlDelay, RequestRate, VisitTime, Sitemap, Host };

struct FieldName {
  std::string_view name;
  Field field;
};

// With the misspellings that Google's parser and Scrapy's accept.
constexpr FieldName kFieldNames[] = {
    {"user-agent", Field::UserAgent},     {"useragent", Field::UserAgent},      {"user agent", Field::UserAgent},   {"allow", Field::Allow},
    {"disallow", Field::Disallow},        {"dissallow", Field::Disallow},       {"dissalow", Field::Disallow},      {"disalow", Field::Disallow},
    {"diasllow", Field::Disallow},        {"disallaw", Field::Disallow},        {"crawl-delay", Field::CrawlDelay}, {"crawl delay", Field::CrawlDelay},
    {"request-rate", Field::RequestRate}, {"request rate", Field::RequestRate}, {"visit-time", Field::VisitTime},   {"visit time", Field::VisitTime},
    {"sitemap", Field::Sitemap},          {"sitemaps", Field::Sitemap},         {"site-map", Field::Sitemap},       {"host", Field::Host},
};

bool startsWithName(std::string_view text, std::string_view name) noexcept {
  return text.size() >= name.size() && std::equal(name.begin(), name.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

struct Line {
  Field field = Field::Unknown;
  std::string_view value;
};

Line readLine(std::string_view text) noexcept {
  text = trimmed(text.substr(0, text.find('#')));
  const std::size_t colon = text.find(':');
  const std::string_view name = trimmed(text.substr(0, colon));
  for (const FieldName& known : kFieldNames) {
    if (!startsWithName(name, known.name)) continue;
    const std::string_view rest = name.substr(known.name.size());
    if (colon != std::string_view::npos) {
      if (rest.empty()) return {known.field, trimmed(text.substr(colon + 1))};
    } else if (!rest.empty() && kBlanks.find(rest.front()) != std::string_view::npos) {
      return {known.field, trimmed(rest)};
    }
  }
  return {};
}

// The number that `text` begins with, taken off it.
std::optional<std::uint32_t> takeNumber(std::string_view& text) noexcept {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<std::chrono::milliseconds> readDelay(std::string_view text) noexcept {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(seconds) || seconds < 0) return std::nullopt;
  constexpr double kMost = std::chrono::duration<double>(RobotsTxt::kMaxCrawlDelay).count();
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(std::min(seconds, kMost)));
}

// "0845": hours and minutes.
std::optional<std::chrono::minutes> readTimeOfDay(std::string_view text) noexcept {
  const std::size_t digits = text.size();
  const auto value = takeNumber(text);
  if (digits != 4 || !value || !text.empty() || *value / 100 > 24 || *value % 100 > 59) return std::nullopt;
  return std::chrono::minutes(*value / 100 * 60 + *value % 100);
}

// "0600-0845", or with a blank between them.
std::optional<DailyWindow> readWindow(std::string_view text) noexcept {
  if (text.size() < 9 || (text[4] != '-' && text[4] != ' ')) return std::nullopt;
  const auto start = readTimeOfDay(text.substr(0, 4));
  const auto end = readTimeOfDay(trimmed(text.substr(5)));
  if (!start || !end) return std::nullopt;
  return DailyWindow{*start, *end};
}

std::optional<RequestRate> readRate(std::string_view text) noexcept {
  const std::size_t blank = std::min(text.find_first_of(kBlanks), text.size());
  const std::string_view window = trimmed(text.substr(blank));
  text = text.substr(0, blank);
  const auto requests = takeNumber(text);
  if (!requests || *requests == 0 || !text.starts_with('/')) return std::nullopt;
  text.remove_prefix(1);
  const auto count = takeNumber(text);
  if (!count || *count == 0) return std::nullopt;
  std::chrono::seconds period(*count);
  switch (text.empty() ? 's' : lower(text.front())) {
    case 's': break;
    case 'm': period *= 60; break;
    case 'h': period *= 3600; break;
    case 'd': period *= 86400; break;
    default: return std::nullopt;
  }
  return RequestRate{*requests, period, readWindow(window)};
}

}  // namespace

// Reads line by line. A line of rules ends the list of user agents before it, and the next User-agent line opens a group. No other line does (RFC 9309 section 2.2.4): a Crawl-delay
// between two User-agent lines leaves both in one group, but is for those named so far only.
class RobotsTxt::Reader {
 public:
  explicit Reader(RobotsTxt& robots) noexcept : robots_(robots) {}

  void line(std::string_view text) {
    const Line line = readLine(text);
    switch (line.field) {
      case Field::Unknown: break;
      case Field::UserAgent: userAgent(line.value); break;
      case Field::Allow: rule(line.value, true); break;
      case Field::Disallow: rule(line.value, false); break;
      case Field::CrawlDelay: pace(&Pace::delay, readDelay(line.value)); break;
      case Field::RequestRate: pace(&Pace::rate, readRate(line.value)); break;
      case Field::VisitTime: pace(&Pace::visit, readWindow(line.value)); break;
      case Field::Sitemap:
        if (!line.value.empty()) robots_.sitemaps_.emplace_back(line.value);
        break;
      case Field::Host:
        if (robots_.host_.empty()) robots_.host_ = line.value;
        break;
    }
  }

  void finish() {
    for (const Group& group : robots_.groups_) robots_.sortRules(group);
    robots_.text_.shrink_to_fit();
    robots_.rules_.shrink_to_fit();
    robots_.agents_.shrink_to_fit();
  }

 private:
  void userAgent(std::string_view value) {
    const auto agents = static_cast<std::uint32_t>(robots_.agents_.size());
    const auto rules = static_cast<std::uint32_t>(robots_.rules_.size());
    if (robots_.groups_.empty() || sawRule_) {
      robots_.groups_.push_back({rules, rules});
      pacedFrom_ = agents;
    } else if (sawPace_) {
      pacedFrom_ = agents;
    }
    sawRule_ = sawPace_ = false;
    if (value.empty()) return;
    // Stars in names mean nothing; "*" does, also with something behind it.
    std::string name = lowered(value);
    if (name.front() == '*' && (name.size() == 1 || kBlanks.find(name[1]) != std::string_view::npos)) name.resize(1);
    if (name != "*") std::erase(name, '*');
    if (name.empty()) return;
    robots_.agents_.push_back({static_cast<std::uint32_t>(robots_.text_.size()), static_cast<std::uint32_t>(name.size()),
                               static_cast<std::uint32_t>(robots_.groups_.size() - 1), kNone});
    robots_.text_ += name;
  }

  void rule(std::string_view value, bool allow) {
    if (robots_.groups_.empty()) return;
    sawRule_ = true;
    if (value.empty()) return;
    pattern_.clear();
    robots::appendNormalised(pattern_, value, true);
    if (value.ends_with('$')) {
      // The end of the URL, or the character itself, which is escaped by now.
      const std::string_view withoutDollar = std::string_view(pattern_).substr(0, pattern_.size() - 3);
      robots_.addRule(withoutDollar, withoutDollar.size() + 1, allow, true);
    }
    robots_.addRule(pattern_, pattern_.size(), allow, false);
    constexpr std::string_view kIndex = "/index.html";
    if (allow && value.ends_with(kIndex)) {
      const std::string_view folder = std::string_view(pattern_).substr(0, pattern_.size() - kIndex.size() + 1);
      robots_.addRule(folder, folder.size() + 1, true, true);
    }
    robots_.groups_.back().rulesEnd = static_cast<std::uint32_t>(robots_.rules_.size());
  }

  template <class T> void pace(std::optional<T> Pace::* member, std::optional<T> value) {
    sawPace_ = true;
    if (!value || pacedFrom_ >= robots_.agents_.size()) return;
    const std::uint32_t known = robots_.agents_[pacedFrom_].pace;
    if (known == kNone) {
      for (std::size_t at = pacedFrom_; at < robots_.agents_.size(); ++at) robots_.agents_[at].pace = static_cast<std::uint32_t>(robots_.paces_.size());
      robots_.paces_.emplace_back();
    }
    robots_.paces_[robots_.agents_[pacedFrom_].pace].*member = value;
  }

  RobotsTxt& robots_;
  std::string pattern_;                                // kept for its memory
  std::uint32_t pacedFrom_ = 0;                        // the first agent that a Crawl-delay would be for
  bool sawRule_ = false;                               // since the last User-agent line
  bool sawPace_ = false;
};

RobotsTxt RobotsTxt::parse(BytesView file) {
  RobotsTxt robots;
  std::string_view text = file.text();
  if (text.size() > kMaxSize) {
    robots.truncated_ = true;
    text = text.substr(0, kMaxSize);
    const std::size_t lineEnd = text.find_last_of("\r\n");
    text = text.substr(0, lineEnd == std::string_view::npos ? 0 : lineEnd);   // half a rule might forbid more than the whole one
  }
  for (char mark : std::string_view("\xEF\xBB\xBF"))   // also a part of the mark, as some editors leave it
    if (text.starts_with(mark)) text.remove_prefix(1);
  Reader reader(robots);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    reader.line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  reader.finish();
  return robots;
}

RobotsTxt RobotsTxt::disallowAll() { return parse("User-agent: *\nDisallow: /\n"); }

void RobotsTxt::addRule(std::string_view pattern, std::size_t priority, bool allow, bool anchored) {
  const std::size_t start = text_.size();
  for (char c : pattern)
    if (c != '*' || text_.size() == start || text_.back() != '*') text_ += c;
  rules_.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(text_.size() - start), static_cast<std::uint32_t>(priority), allow, anchored});
}

void RobotsTxt::sortRules(const Group& group) {
  std::stable_sort(rules_.begin() + group.rulesBegin, rules_.begin() + group.rulesEnd,
                   [](const Rule& a, const Rule& b) { return a.priority != b.priority ? a.priority > b.priority : a.allow > b.allow; });
}

// 0: it is not meant. `userAgent` is in lower case.
std::size_t RobotsTxt::score(const Agent& agent, std::string_view userAgent) const noexcept {
  const std::string_view name = slice(agent.start, agent.length);
  if (name == "*") return 1;
  if (userAgent.find(name) != std::string_view::npos) return 1 + name.size();
  // A user agent that poses as a browser is not meant by rules for one browser or another ("Mozilla/4.0 (compatible; MSIE 4.0)").
  const std::string_view token = robots::productToken(name);
  return !token.empty() && token == robots::productToken(userAgent) && token != "mozilla" ? 1 + token.size() : 0;
}

std::vector<const RobotsTxt::Agent*> RobotsTxt::agentsFor(std::string_view userAgent) const {
  std::string name = lowered(userAgent);
  std::erase(name, '*');
  std::vector<const Agent*> best;
  std::size_t most = 1;
  for (const Agent& agent : agents_) {
    const std::size_t points = score(agent, name);
    if (points < most) continue;
    if (points > most) best.clear();
    most = points;
    best.push_back(&agent);
  }
  return best;
}

bool RobotsTxt::allowed(const http::Url& url, std::string_view userAgent) const {
  std::string_view target = url.target();
  if (target == "/robots.txt") return true;
  std::string spelled;
  if (!robots::isNormalised(target)) {
    robots::appendNormalised(spelled, target, false);
    target = spelled;
  }
  const Rule* strongest = nullptr;
  std::uint32_t looked = kNone;                        // the group before: names of one group stand side by side, and may all be meant
  for (const Agent* agent : agentsFor(userAgent)) {
    if (agent->group == looked) continue;
    looked = agent->group;
    for (std::uint32_t at = groups_[looked].rulesBegin; at < groups_[looked].rulesEnd; ++at) {
      const Rule& rule = rules_[at];
      if (strongest && (rule.priority < strongest->priority || (rule.priority == strongest->priority && strongest->allow))) break;
      if (!robots::matches(slice(rule.start, rule.length), rule.anchored, target)) continue;
      strongest = &rule;
      break;
    }
  }
  return !strongest || strongest->allow;
}

template <class T> std::optional<T> RobotsTxt::lastPace(std::string_view userAgent, std::optional<T> Pace::* member) const {
  std::optional<T> last;
  if (paces_.empty()) return last;
  for (const Agent* agent : agentsFor(userAgent))
    if (agent->pace != kNone && paces_[agent->pace].*member) last = paces_[agent->pace].*member;
  return last;
}

std::optional<std::chrono::milliseconds> RobotsTxt::crawlDelay(std::string_view userAgent) const { return lastPace(userAgent, &Pace::delay); }
std::optional<RequestRate> RobotsTxt::requestRate(std::string_view userAgent) const { return lastPace(userAgent, &Pace::rate); }
std::optional<DailyWindow> RobotsTxt::visitTime(std::string_view userAgent) const { return lastPace(userAgent, &Pace::visit); }

RobotsTxt RobotsTxt::forAgent(std::string_view userAgent) const {
  RobotsTxt mine;
  mine.sitemaps_ = sitemaps_;
  mine.host_ = host_;
  mine.truncated_ = truncated_;
  const auto agents = agentsFor(userAgent);
  if (agents.empty()) return mine;
  std::uint32_t looked = kNone;
  for (const Agent* agent : agents) {
    if (agent->group == looked) continue;
    looked = agent->group;
    for (std::uint32_t at = groups_[looked].rulesBegin; at < groups_[looked].rulesEnd; ++at) {
      const Rule& rule = rules_[at];
      mine.addRule(slice(rule.start, rule.length), rule.priority, rule.allow, rule.anchored);
    }
  }
  mine.groups_.push_back({0, static_cast<std::uint32_t>(mine.rules_.size())});
  mine.sortRules(mine.groups_.back());
  const Pace pace{crawlDelay(userAgent), requestRate(userAgent), visitTime(userAgent)};
  const bool paced = pace.delay || pace.rate || pace.visit;
  if (paced) mine.paces_.push_back(pace);
  mine.agents_.push_back({static_cast<std::uint32_t>(mine.text_.size()), 1, 0, paced ? 0 : kNone});
  mine.text_ += '*';
  mine.text_.shrink_to_fit();
  mine.rules_.shrink_to_fit();
  return mine;
}

}  // namespace weft::crawler
