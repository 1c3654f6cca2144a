#include <weft/crawler/command/command.hpp>
#include <weft/crawler/internal/command_line.hpp>

#include <cstdio>

namespace weft::crawler::command {

void addVersion(CLI::App& app, int& code) {
  CommandLine command(app, "version", "Say which version this is");
  command.notes(R"(
Examples:
  weft version)");
  command.run([&code] { code = std::puts("weft " WEFT_VERSION) >= 0 ? kComplete : kStartError; });
}

}  // namespace weft::crawler::command
