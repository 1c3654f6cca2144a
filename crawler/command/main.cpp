// weft: the command. What each subcommand does is in a file of its own; this one reads the command line.

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/project_program.hpp>
#include <weft/crawler/command/spider_program.hpp>
#include <weft/crawler/internal/usage.hpp>
#include <weft/crawler/settings.hpp>

#include <CLI/CLI.hpp>

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
  app.set_version_flag("-V,--version", "weft " WEFT_VERSION, "Say which version this is and leave");
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
  command::addHelp(app, code);

  const auto commands = app.get_subcommands([](CLI::App*) { return true; });
  const CLI::App* within = &app;
  if (argc > 1 && argv[1][0] != '-') {
    const std::string_view given = argv[1];
    std::vector<std::string_view> known;
    for (const CLI::App* command : commands) {
      if (command->get_name() == given) within = command;
      known.push_back(command->get_name());
    }
    if (within == &app) {
      std::string problem = "there is no command \"" + std::string(given) + "\"" + weft::suggestion(given, known);
      if (given.find("://") != std::string_view::npos) problem += "; to crawl a site: weft crawl " + std::string(given);
      return complain(problem + " (weft --help lists them)", kUsage);
    }
  }
  // What stands behind the file is not ours to read.
  const bool runs = argc > 2 && within->get_name() == "runspider";
  if (runs && argv[2][0] == '-' && command::isSpiderFile(argv[argc - 1])) return complain("the file comes before the options of its spider: weft runspider " + std::string(argv[argc - 1]) + " " + argv[2] + " ...", kUsage);
  if (runs && argv[2][0] != '-') return command::runSpiderFile(argv[2], std::vector<std::string>(argv + 3, argv + argc));
  try {
    // A project's spiders are in a program of its own, which reads the options of a crawl.
    const std::string target = argc > 2 && within->get_name() == "crawl" ? argv[2] : "";
    if (!target.empty() && target[0] != '-' && target.find("://") == std::string::npos && !command::isSpiderFile(target)) {
      if (const auto project = command::findProject()) {
        std::vector<std::string> words{"--spider", target};
        words.insert(words.end(), argv + 3, argv + argc);
        return command::runProject(*project, words);
      }
    }
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {                // --help, --version
    return app.exit(asked);
  } catch (const SettingError& error) {                // weft.toml
    return complain(error.what(), kUsage);
  } catch (const CLI::ParseError& error) {
    return complain(usageProblem(*within, error, argc, argv, within == &app ? "weft --help" : "weft " + within->get_name() + " --help"), kUsage);
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
