#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/print_out.hpp>
#include <weft/crawler/command/project_program.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/settings.hpp>

#include <string>

namespace weft::crawler::command {

namespace {

int list() try {
  if (const auto project = findProject()) return runProject(*project, {"--list"});
  const auto names = SpiderRegistry::names();
  if (names.empty()) return complain("this program has no spiders of its own; a URL needs none (weft crawl URL), and a file is run by weft runspider FILE.cpp", kComplete);
  std::string out;
  for (const std::string& name : names) out += name + '\n';
  return printOut(out);
} catch (const SettingError& error) {                  // weft.toml
  return complain(error.what(), kUsage);
}

}  // namespace

void addList(CLI::App& app, int& code) {
  CommandLine command(app, "list", "List the spiders of this project");
  command.notes(R"(
Examples:
  weft list                                             in the folder of a project, or below)");
  command.run([&code] { code = list(); });
}

}  // namespace weft::crawler::command
