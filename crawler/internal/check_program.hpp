// Whether spiders keep their contracts: `weft check`, and --check of a spider's program.
#pragma once

#include <weft/crawler/internal/crawl_program.hpp>

namespace weft::crawler {

/// Fetches the page of each of Spider::contracts, calls its callback, and prints to stdout what holds and what does not. Gives 0 when all hold, 1 (kStartError) when one does not, 2 when there is
/// none, or runCrawl()'s code when there was no crawl.
int checkContracts(Spider& spider, const CrawlOptions& options);

/// Prints the contracts. Gives 0.
int listContracts(const Spider& spider);

}  // namespace weft::crawler
