#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/print_out.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/internal/command_line.hpp>

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler::command {

namespace {

int help(const CLI::App& app, const std::string& name) {
  if (name.empty()) return printOut(app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal));
  std::vector<std::string_view> known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return printOut(command->help(app.get_name()));
    known.push_back(command->get_name());
  }
  return complain("there is no command \"" + name + "\"" + suggestion(name, known) + " (weft --help lists them)", kUsage);
}

}  // namespace

void addHelp(CLI::App& app, int& code) {
  auto name = std::make_shared<std::string>();
  CommandLine command(app, "help", "Say what a command does, as its --help does");
  command.option("command", *name, "Which; without it, all of them").text("COMMAND");
  command.notes(R"(
Examples:
  weft help
  weft help crawl                                       as weft crawl --help)");
  command.run([&app, name, &code] { code = help(app, *name); });
}

}  // namespace weft::crawler::command
