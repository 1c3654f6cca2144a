// The summary at the end of a crawl.
#pragma once

#include <weft/crawler/engine.hpp>

#include <string>

namespace weft::crawler {

/// Pages by status, items, bytes, time, counts that add up, and what failed and why; some lines, each ended.
std::string crawlReport(const Engine& engine);

}  // namespace weft::crawler
