// The subcommands of `weft`, one file each.
#pragma once

#include <weft/crawler/internal/crawl_program.hpp>

namespace CLI {
class App;
}  // namespace CLI

namespace weft::crawler::command {

// Each adds a subcommand with its options and its help, in the order of `weft --help`. Its callback does what is asked, prints its own errors, and sets `code` to the program's exit code; `code` must outlive
// the app.
void addCrawl(CLI::App& app, int& code);
void addFetch(CLI::App& app, int& code);
void addRunSpider(CLI::App& app, int& code);
void addParse(CLI::App& app, int& code);
void addBench(CLI::App& app, int& code);
void addDemo(CLI::App& app, int& code);
void addServe(CLI::App& app, int& code);
void addCheck(CLI::App& app, int& code);
void addView(CLI::App& app, int& code);
void addShell(CLI::App& app, int& code);
void addWhy(CLI::App& app, int& code);
void addStartProject(CLI::App& app, int& code);
void addGenSpider(CLI::App& app, int& code);
/// weft completion and weft man, which are made of all that `app` knows when they run.
void addCompletion(CLI::App& app, int& code);
void addList(CLI::App& app, int& code);
void addSettingsCommand(CLI::App& app, int& code);      // addSettings() sets some
void addVersion(CLI::App& app, int& code);
/// weft help COMMAND, which prints what COMMAND --help does.
void addHelp(CLI::App& app, int& code);

}  // namespace weft::crawler::command
