#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/print_out.hpp>
#include <weft/crawler/internal/command_line.hpp>

namespace weft::crawler::command {

void addVersion(CLI::App& app, int& code) {
  CommandLine command(app, "version", "Say which version this is");
  command.notes(R"(
Examples:
  weft version)");
  command.run([&code] { code = printOut("weft " WEFT_VERSION "\n"); });
}

}  // namespace weft::crawler::command
