#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/fetched_page.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/spider.hpp>

#include <cstdio>
#include <memory>

namespace weft::crawler::command {

namespace {

struct Options {
  std::string url;
  CrawlOptions crawl;
  bool noBrowser = false;
};

int view(const Options& options) {
  try {
    const http::Url url = pageUrl(options.url);
    Spider spider("view");
    FetchedPage page = fetchPage(spider, Request(url), options.crawl);
    if (!page.response) return page.code;
    const std::string path = saveForBrowser(*page.response);
    std::fprintf(stderr, "%d %s, %zu bytes\n", page.response->status, page.response->url.href().c_str(), page.response->body.size());
    std::puts(path.c_str());
    std::fflush(stdout);
    if (!options.noBrowser && !openBrowser(path)) complain("no browser was opened: set BROWSER to one, or open the file by hand", kComplete);
    return kComplete;
  } catch (const weft::Error& error) {
    return complain(error.what(), kUsage);
  }
}

}  // namespace

void addView(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  options->crawl.logLevel = "WARNING";
  CommandLine command(app, "view", "Open a page in the browser, as a spider sees it");
  command.option("url", options->url, "What to fetch").text("URL").required();
  command.option("-s,--set", options->crawl.settings, "Set a setting; may be repeated").text("NAME=VALUE");
  command.option("-L,--loglevel", options->crawl.logLevel, "Log from this level on (WARNING)").text("LEVEL");
  command.flag("--no-browser", options->noBrowser, "Only write the file, and print its path");
  command.notes(R"(
Examples:
  weft view https://example.com/
  weft view https://example.com/ --no-browser -s USER_AGENT=me

What is shown came through the middlewares, and no script has run: what is not there, a spider will not find. It is a file in
$TMPDIR (/tmp), with a <base> so that links and pictures work; $BROWSER or else xdg-open opens it.
Exit codes: 0 done, 1 could not start, 2 usage, 4 the page could not be fetched.)");
  command.run([options, &code] { code = view(*options); });
}

}  // namespace weft::crawler::command
