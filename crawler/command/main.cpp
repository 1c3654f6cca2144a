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

constexpr const char* kCrawlNotes = R"(
Examples:
  weft crawl http://example.com/ -o pages.jsonl         every page of a site, one JSON line each
  weft crawl http://example.com/docs/ -a 'allow=/docs/' -a 'deny=\?' -o docs.jsonl
  weft crawl http://example.com/ --job jobs/example -O pages.jsonl

For a URL: fetches every page of its scheme, host and port once, and writes a line with url, status, title, links, bytes
and depth for each. Takes the arguments allow=REGEX (follow only URLs that match) and deny=REGEX (do not follow those).
Without allow, links to pictures, archives, styles and scripts are not followed.)";

constexpr const char* kRunspiderNotes = R"(
Examples:
  weft runspider quotes.cpp -o quotes.jsonl
  weft runspider quotes.cpp -a tag=life -s DOWNLOAD_DELAY=1 -O quotes.csv

What stands behind the file goes to the spider, which takes the options of weft crawl: weft runspider quotes.cpp -o quotes.jsonl
The program is compiled with $CXX (c++) and $CXXFLAGS, and kept in ~/.cache/weft ($WEFT_CACHE): the second time it runs at once.)";

constexpr const char* kFetchNotes = R"(
Examples:
  weft fetch http://example.com/ -o page.html
  weft fetch http://example.com/api --json '{"a": 1}' -i

Prints the body as it comes, without its Content-Encoding. Follows redirects, keeps to certificates, answers logins.
Exit codes: 0 a status below 400, 1 no response, 2 usage, 3 a status of 400 or more.)";

constexpr const char* kServeNotes = R"(
Examples:
  weft serve                                            this folder, at http://127.0.0.1:8000/
  weft serve build/html --list -p 0                     any free port, with listings of folders
  weft serve /srv/files --interface 0.0.0.0 --max-age 3600

Each request is a line on stderr in the combined format. Sends page.html.br, .zst or .gz beside page.html to who wants it so, and compresses other texts itself.
Nothing outside of the folder is ever sent. Ctrl-C ends it once answers that are on their way have been sent.)";

constexpr const char* kParseNotes = R"(
Examples:
  weft parse http://example.com/
  weft parse http://example.com/author/1 --spider quotes.cpp -c parseAuthor)";

constexpr const char* kBenchNotes = R"(
Examples:
  weft bench
  weft bench --seconds 3 -s CONCURRENT_REQUESTS=64)";

constexpr const char* kDemoNotes = R"(
Examples:
  weft demo                                             http://127.0.0.1:8000/
  weft demo --port 0 --port-file port                   any free port, which the file names)";

constexpr const char* kListNotes = R"(
Examples:
  weft list
  build/PROJECT --list                                  those of a project)";

constexpr const char* kSettingsNotes = R"(
Examples:
  weft settings
  weft settings CONCURRENT_REQUESTS -s CONCURRENT_REQUESTS=32)";

constexpr const char* kVersionNotes = R"(
Examples:
  weft version)";

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

  command::FetchOptions fetchOptions;
  CLI::App* fetch = app.add_subcommand("fetch", "Fetch one URL");
  fetch->add_option("url", fetchOptions.url, "What to fetch")->option_text("URL")->required();
  fetch->add_option("-o,--output", fetchOptions.output, "Write the body to FILE, once it is complete")->option_text("FILE");
  fetch->add_option("-X,--request", fetchOptions.method, "The method (GET, or POST with a body)")->option_text("METHOD");
  fetch->add_option("-H,--header", fetchOptions.headers, "Send this field; may be repeated")->option_text("'NAME: VALUE'")->allow_extra_args(false);
  fetch->add_option("-d,--data", fetchOptions.data, "Send this as a form's body")->option_text("TEXT");
  fetch->add_option("--json", fetchOptions.json, "Send this as a body of JSON")->option_text("TEXT");
  fetch->add_option("--data-file", fetchOptions.dataFile, "Send this file as the body")->option_text("FILE");
  fetch->add_option("-u,--user", fetchOptions.user, "Log in, when the server asks")->option_text("NAME:PASSWORD");
  fetch->add_option("-x,--proxy", fetchOptions.proxy, "Go through this proxy, or '' for none ($http_proxy and its kin)")->option_text("URL");
  fetch->add_option("-b,--cookies", fetchOptions.cookies, "Keep cookies in FILE, as curl and wget write them")->option_text("FILE");
  fetch->add_option("--cache", fetchOptions.cache, "Keep what may be kept in FOLDER")->option_text("FOLDER");
  fetch->add_option("--cacert", fetchOptions.authority, "Trust these authorities instead of the system's")->option_text("FILE");
  fetch->add_option("-m,--max-time", fetchOptions.timeout, "How long all of it may take (180)")->option_text("SECONDS")->check(CLI::PositiveNumber);
  fetch->add_option("--retry", fetchOptions.retries, "Try again so often, where it may help (2)")->option_text("N");
  fetch->add_flag("-i,--include", fetchOptions.include, "Print the response's head, too");
  fetch->add_flag("-I,--head", fetchOptions.head, "Ask for the head alone");
  fetch->add_flag("--text", fetchOptions.text, "Print the text in UTF-8, whatever its encoding");
  fetch->add_flag("--timing", fetchOptions.timing, "Say how long each part took");
  fetch->add_flag("!--no-redirects", fetchOptions.follow, "Do not follow redirects");
  fetch->add_flag("-k,--insecure", fetchOptions.insecure, "Accept any certificate");
  fetch->add_flag("-v,--verbose", fetchOptions.verbose, "Log what is done");
  fetch->footer(kFetchNotes);
  fetch->callback([&] { code = command::fetch(fetchOptions); });

  std::string file;
  CLI::App* runspider = app.add_subcommand("runspider", "Compile a spider's file and run it");
  runspider->add_option("file", file, "A file with a spider, and WEFT_SPIDER or a main below it")->option_text("FILE.cpp")->required();
  runspider->footer(kRunspiderNotes);
  runspider->callback([&] { code = command::runSpiderFile(file, {}); });

  command::ParsePageOptions parseOptions;
  CLI::App* parse = app.add_subcommand("parse", "Fetch one page, and show what a spider makes of it");
  parse->add_option("url", parseOptions.url, "What to fetch")->option_text("URL")->required();
  parse->add_option("--spider", parseOptions.spider, "A spider's name or file, in place of the one that crawls URLs")->option_text("NAME or FILE.cpp");
  parse->add_option("-c,--callback", parseOptions.callback, "One of its named callbacks (parse)")->option_text("NAME");
  parse->add_option("-a", parseOptions.arguments, "Give the spider an argument; may be repeated")->option_text("NAME=VALUE")->allow_extra_args(false);
  parse->add_option("-s,--set", parseOptions.settings, "Set a setting; may be repeated")->option_text("NAME=VALUE")->allow_extra_args(false);
  parse->add_option("-L,--loglevel", parseOptions.logLevel, "Log from this level on")->option_text("LEVEL");
  parse->add_flag("--nolog", parseOptions.noLog, "Log nothing");
  parse->add_flag("--noitems", parseOptions.noItems, "Do not print the items");
  parse->add_flag("--nolinks", parseOptions.noLinks, "Do not print the requests");
  parse->footer(kParseNotes);
  parse->callback([&] { code = command::parse(parseOptions); });

  command::BenchOptions benchOptions;
  CLI::App* bench = app.add_subcommand("bench", "Crawl an endless site in this program, and say how fast that was");
  bench->add_option("--seconds", benchOptions.seconds, "For how long (10)")->option_text("N")->check(CLI::PositiveNumber);
  bench->add_option("-s,--set", benchOptions.settings, "Set a setting; may be repeated")->option_text("NAME=VALUE")->allow_extra_args(false);
  bench->footer(kBenchNotes);
  bench->callback([&] { code = command::bench(benchOptions); });

  command::DemoOptions demoOptions;
  CLI::App* demo = app.add_subcommand("demo", "Serve the demo site: quotes with authors and tags");
  demo->add_option("--port", demoOptions.port, "Listen there; 0 for any free port (8000)")->option_text("PORT");
  demo->add_option("--interface", demoOptions.interface, "Listen at that address (127.0.0.1)")->option_text("ADDRESS");
  demo->add_option("--port-file", demoOptions.portFile, "Write the port's number there once the site is up")->option_text("FILE");
  demo->footer(kDemoNotes);
  demo->callback([&] { code = command::demo(demoOptions); });

  command::ServeOptions serveOptions;
  CLI::App* serve = app.add_subcommand("serve", "Serve a folder over HTTP");
  serve->add_option("folder", serveOptions.folder, "What to serve (this folder)")->option_text("DIR");
  serve->add_option("-p,--port", serveOptions.port, "Listen there; 0 for any free port (8000)")->option_text("PORT");
  serve->add_option("--interface", serveOptions.interface, "Listen at that address (127.0.0.1); 0.0.0.0 for all")->option_text("ADDRESS");
  serve->add_option("--port-file", serveOptions.portFile, "Write the port's number there once the site is up")->option_text("FILE");
  serve->add_flag("-l,--list", serveOptions.list, "Show what is in folders without an index.html");
  serve->add_option("--max-age", serveOptions.maxAge, "Let caches keep files for so long")->option_text("SECONDS")->check(CLI::NonNegativeNumber);
  serve->add_flag("--dot-files", serveOptions.dotFiles, "Serve names that begin with a dot, too");
  serve->add_flag("--follow-links", serveOptions.followLinks, "Follow symbolic links that lead out of the folder");
  serve->add_flag("-q,--quiet", serveOptions.quiet, "Print no line for each request");
  serve->footer(kServeNotes);
  serve->callback([&] { code = command::serve(serveOptions); });

  command::addCheck(app, code);
  command::addView(app, code);
  command::addShell(app, code);
  command::addWhy(app, code);
  command::addStartProject(app, code);
  command::addGenSpider(app, code);
  command::addCompletion(app, code);

  app.add_subcommand("list", "List the spiders of this program")->footer(kListNotes)->callback([&] { code = command::list(); });

  command::SettingsOptions settingsOptions;
  CLI::App* settings = app.add_subcommand("settings", "List the settings, with their values and where these come from");
  settings->add_option("name", settingsOptions.name, "Only the value of this one")->option_text("NAME");
  settings->add_option("-s,--set", settingsOptions.settings, "Set a setting; may be repeated")->option_text("NAME=VALUE")->allow_extra_args(false);
  settings->footer(kSettingsNotes);
  settings->callback([&] { code = command::settings(settingsOptions); });

  app.add_subcommand("version", "Say which version this is")->footer(kVersionNotes)->callback([&] { code = command::version(); });

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
