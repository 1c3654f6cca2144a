// robots.txt. What stands before the first NUL is a path, the rest is the file. Any bytes give rules, which are the same when only what one agent needs of them is kept, and no pattern costs more than
// its length and the path's.
#include "fuzz/check.hpp"

#include <weft/crawler/robots/internal/pattern.hpp>
#include <weft/crawler/robots/robots_txt.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace weft;
using namespace weft::crawler;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view path = input.substr(0, input.find('\0'));
  const std::string_view file = input.substr(std::min(path.size() + 1, input.size()));
  const RobotsTxt robots = RobotsTxt::parse(file);
  const auto url = http::Url::tryParse(path, http::Url("https://example.com/"));
  for (std::string_view agent : {"", "*", "weftbot/1.0 (+https://example.com)", "Mozilla/5.0 (compatible; Googlebot/2.1)", "a"}) {
    const RobotsTxt mine = robots.forAgent(agent);
    FUZZ_CHECK(mine.crawlDelay("x") == robots.crawlDelay(agent));
    FUZZ_CHECK(mine.requestRate("x") == robots.requestRate(agent));
    FUZZ_CHECK(mine.visitTime("x") == robots.visitTime(agent));
    if (const auto delay = robots.crawlDelay(agent)) FUZZ_CHECK(delay->count() >= 0 && *delay <= RobotsTxt::kMaxCrawlDelay);
    if (url) FUZZ_CHECK(mine.allowed(*url, "x") == robots.allowed(*url, agent));
  }
  std::string pattern, again, target;
  robots::appendNormalised(pattern, file, true);
  robots::appendNormalised(again, pattern, true);
  FUZZ_CHECK(pattern == again);
  robots::appendNormalised(target, path, false);
  FUZZ_CHECK(robots::isNormalised(target));
  std::size_t work = 0;
  const bool whole = robots::matches(pattern, true, target, &work);
  FUZZ_CHECK(work <= pattern.size() + target.size());
  FUZZ_CHECK(!whole || robots::matches(pattern, false, target));
  return 0;
}
