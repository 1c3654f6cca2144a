// One page and what a spider makes of it: `weft parse`.
#pragma once

#include <weft/crawler/internal/crawl_program.hpp>

#include <string>

namespace weft::crawler {

struct ParseOptions {
  std::string url;
  std::string callback;                                // one that Spider::callbacks names; empty: parse
  bool items = true, requests = true;                  // which of the results to print
};

/// Fetches the page as a crawl would (settings, middlewares, robots.txt, redirects), and prints to stdout what the callback yields; nothing of it is followed or written to a feed. Gives the exit
/// code; errors are printed, not thrown.
int parsePage(Spider& spider, const ParseOptions& options, CrawlOptions crawlOptions);

}  // namespace weft::crawler
