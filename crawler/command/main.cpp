// weft: the command. What each subcommand does is in a file of its own; this one reads the command line.

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/spider_program.hpp>
#include <weft/crawler/internal/option_hint.hpp>

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
  weft runspider quotes.cpp -o quotes.jsonl             a spider's file, compiled and run
  weft fetch http://example.com/ -o page.html           one page, or anything else
  weft demo                                             a site to try it on, at http://127.0.0.1:8000/
  weft serve public --list                              a folder, at http://127.0.0.1:8000/

Exit codes: 0 complete, 1 could not start, 2 usage, 3 some pages failed, 4 nothing fetched, 5 stopped early.)";

int run(int argc, char** argv) {
  CLI::App app("Crawls the web. A framework for networking in C++ as Twisted is in Python, with a crawler as Scrapy.", "weft");
  app.get_formatter()->column_width(34);
  app.footer(kExamples);
  app.require_subcommand(0, 1);
  int code = kComplete;

  command::addCrawl(app, code);
  command::addFetch(app, code);
  command::addRunSpider(app, code);
  command::addParse(app, code);
  command::addBench(app, code);
  command::addDemo(app, code);
  command::addServe(app, code);
  command::addCheck(app, code);
  command::addView(app, code);
  command::addShell(app, code);
  command::addWhy(app, code);
  command::addStartProject(app, code);
  command::addGenSpider(app, code);
  command::addCompletion(app, code);
  command::addList(app, code);
  command::addSettingsCommand(app, code);
  command::addVersion(app, code);

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
  // What stands behind the file is not ours to read.
  if (argc > 2 && std::string_view(argv[1]) == "runspider" && argv[2][0] != '-') return command::runSpiderFile(argv[2], std::vector<std::string>(argv + 3, argv + argc));
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const CLI::App* within = &app;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
      if (argc > 1 && command->get_name() == argv[1]) within = command;
    return complain(error.what() + optionHint(*within, argc, argv) + std::string("; weft ") + (argc > 1 && argv[1][0] != '-' ? std::string(argv[1]) + " " : "") + "--help lists the options", kUsage);
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
