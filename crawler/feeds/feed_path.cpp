#include <weft/crawler/feeds/feed_path.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/settings.hpp>

#include <cstdio>
#include <ctime>
#include <optional>
#include <vector>

namespace weft::crawler {

namespace {

constexpr std::size_t kWidest = 20;                    // of a number

struct Place {
  std::size_t begin, end;                              // of all of it
  std::string_view key;
  std::size_t width;
  bool isNumber;
};

// The first place from `at` on.
std::optional<Place> nextPlace(std::string_view path, std::size_t at) noexcept {
  for (std::size_t begin = path.find("%(", at); begin != std::string_view::npos; begin = path.find("%(", begin + 1)) {
    const std::size_t close = path.find(')', begin);
    if (close == std::string_view::npos) return std::nullopt;
    std::size_t end = close + 1, width = 0;
    while (end < path.size() && path[end] >= '0' && path[end] <= '9' && width <= kWidest) width = width * 10 + static_cast<std::size_t>(path[end++] - '0');
    if (end >= path.size() || (path[end] != 's' && path[end] != 'd') || width > kWidest) continue;
    return Place{begin, end + 1, path.substr(begin + 2, close - begin - 2), width, path[end] == 'd'};
  }
  return std::nullopt;
}

}  // namespace

std::string expandFeedPath(std::string_view path, const std::map<std::string, std::string>& values) {
  std::string out;
  std::size_t at = 0;
  while (const auto place = nextPlace(path, at)) {
    const auto found = values.find(std::string(place->key));
    if (found == values.end()) {
      std::vector<std::string_view> known;
      for (const auto& [key, value] : values) known.push_back(key);
      throw SettingError("the output \"" + std::string(path) + "\": there is no value for %(" + std::string(place->key) + ")s" + suggestion(place->key, known));
    }
    out += path.substr(at, place->begin - at);
    if (place->isNumber && found->second.size() < place->width) out.append(place->width - found->second.size(), '0');
    for (const char c : found->second) out += c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '_' : c;
    at = place->end;
  }
  return out += path.substr(at);
}

bool feedPathHas(std::string_view path, std::string_view key) noexcept {
  for (auto place = nextPlace(path, 0); place; place = nextPlace(path, place->end))
    if (place->key == key) return true;
  return false;
}

std::string feedTime(std::chrono::system_clock::time_point time, bool microseconds) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(second);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  std::string out(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%S", &parts));
  if (!microseconds) return out;
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(time - second).count();
  std::snprintf(text, sizeof text, ".%06d", static_cast<int>(rest));
  return out + text;
}

}  // namespace weft::crawler
