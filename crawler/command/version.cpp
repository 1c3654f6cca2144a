#include <weft/crawler/command/command.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>

namespace weft::crawler::command {

void addVersion(CLI::App& app, int& code) {
  CLI::App* command = app.add_subcommand("version", "Say which version this is");
  command->footer(R"(
Examples:
  weft version)");
  command->callback([&code] { code = std::puts("weft " WEFT_VERSION) >= 0 ? kComplete : kStartError; });
}

}  // namespace weft::crawler::command
