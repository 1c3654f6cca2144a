// A CrawlControl of a crawl that is not run. For tests of single components only.
#pragma once

#include <weft/crawler/crawl_context.hpp>
#include <weft/crawler/request.hpp>

#include <string_view>

namespace weft::testing {

struct NoControl final : crawler::CrawlControl {
  void crawl(crawler::Request) override {}
  void stop(std::string_view) override {}
};

}  // namespace weft::testing
