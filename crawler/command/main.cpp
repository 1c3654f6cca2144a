// weft: the command. What each subcommand does is in a file of its own; this one reads the command line.

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/command/command.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

using namespace weft::crawler;

namespace {

constexpr const char* kExamples = R"(
Examples:
  weft crawl http://example.com/ -o pages.jsonl        every page of a site, one JSON line each
  weft crawl http://example.com/docs/ -c 4 -a 'allow=/docs/' -a 'deny=\?' -o docs.jsonl
  weft crawl http://example.com/ -s DEPTH_LIMIT=2 -L DEBUG
  weft demo                                             a site to try it on, at http://127.0.0.1:8000/

Exit codes: 0 complete, 1 could not start, 2 usage, 3 some pages failed, 4 nothing fetched, 5 stopped early.)";

constexpr const char* kCrawlNotes = R"(
For a URL: fetches every page of its scheme, host and port once, and writes a line with url, status, title, links, bytes
and depth for each. Takes the arguments allow=REGEX (follow only URLs that match) and deny=REGEX (do not follow those).
Without allow, links to pictures, archives, styles and scripts are not followed.)";

int run(int argc, char** argv) {
  CLI::App app("Crawls the web. A framework for networking in C++ as Twisted is in Python, with a crawler as Scrapy.", "weft");
  app.get_formatter()->column_width(34);
  app.footer(kExamples);
  app.require_subcommand(0, 1);
  int code = kComplete;

  std::string target;
  CrawlOptions crawlOptions;
  CLI::App* crawl = app.add_subcommand("crawl", "Crawl a site, or run a spider");
  crawl->add_option("target", target, "A URL, or a spider's name")->option_text("URL or SPIDER")->required();
  addCrawlOptions(*crawl, crawlOptions);
  crawl->footer(kCrawlNotes);
  crawl->callback([&] { code = command::crawl(target, crawlOptions); });

  command::DemoOptions demoOptions;
  CLI::App* demo = app.add_subcommand("demo", "Serve the demo site: quotes with authors and tags");
  demo->add_option("--port", demoOptions.port, "Listen there; 0 for any free port (8000)")->option_text("PORT");
  demo->add_option("--interface", demoOptions.interface, "Listen at that address (127.0.0.1)")->option_text("ADDRESS");
  demo->add_option("--port-file", demoOptions.portFile, "Write the port's number there once the site is up")->option_text("FILE");
  demo->callback([&] { code = command::demo(demoOptions); });

  app.add_subcommand("list", "List the spiders of this program")->callback([&] { code = command::list(); });
  app.add_subcommand("settings", "List the settings and their defaults")->callback([&] { code = command::settings(); });
  app.add_subcommand("version", "Say which version this is")->callback([&] { code = command::version(); });

  std::vector<std::string> names;
  for (const CLI::App* subcommand : app.get_subcommands([](CLI::App*) { return true; })) names.push_back(subcommand->get_name());
  if (argc > 1 && argv[1][0] != '-') {
    const std::string_view given = argv[1];
    const std::vector<std::string_view> known(names.begin(), names.end());
    if (std::find(known.begin(), known.end(), given) == known.end()) {
      std::string problem = "there is no command \"" + std::string(given) + "\"" + weft::suggestion(given, known);
      if (given.find("://") != std::string_view::npos) problem += "; to crawl a site: weft crawl " + std::string(given);
      return complain(problem + " (weft --help lists them)", kUsage);
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return complain(error.what() + std::string("; weft ") + (argc > 1 && argv[1][0] != '-' ? std::string(argv[1]) + " " : "") + "--help lists the options", kUsage);
  }
  if (app.get_subcommands().empty()) std::fputs(app.help().c_str(), stdout);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return complain(error.what(), kStartError);
  }
}
