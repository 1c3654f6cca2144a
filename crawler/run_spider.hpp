// runSpider: a spider as a program.
#pragma once

#include <weft/crawler/spider.hpp>

#include <memory>

namespace weft::crawler {

/// Runs a spider with the options of a command line, and gives the program's exit code: `--url URL` (in place of startUrls; may be repeated), and -o, -O, -a, -s, -c, -L, --nolog
/// as `weft crawl` takes them; --help lists them. Items go to the standard output unless -o or -O says where. Prints a summary to stderr. Never throws. `another` makes the spiders of
/// further threads when PARSE_THREADS is more than 1; without it there is one at the most.
int runSpider(Spider& spider, int argc, char** argv, SpiderFactory another = nullptr);

/// The same for a spider class: all of a program's main.
///
///     int main(int argc, char** argv) { return weft::runSpider<QuotesSpider>(argc, argv); }
template <class S> int runSpider(int argc, char** argv) {
  const std::unique_ptr<Spider> spider = std::make_unique<S>();
  return runSpider(*spider, argc, argv, []() -> std::unique_ptr<Spider> { return std::make_unique<S>(); });
}

/// The same for the spiders that WEFT_SPIDER made known: all of the main of a program with several. `--spider NAME` says which is meant, where there is more than one; `--list` names them.
///
///     int main(int argc, char** argv) { return weft::runSpiders(argc, argv); }
int runSpiders(int argc, char** argv);

}  // namespace weft::crawler

namespace weft {
using crawler::runSpider;
using crawler::runSpiders;
}  // namespace weft
