#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/print_out.hpp>
#include <weft/crawler/internal/command_line.hpp>

#include <string>

namespace weft::crawler::command {

namespace {

int list() {
  const auto names = SpiderRegistry::names();
  if (names.empty()) return complain("this program has no spiders of its own; a URL needs none (weft crawl URL), and a file is run by weft runspider FILE.cpp", kComplete);
  std::string out;
  for (const std::string& name : names) out += name + '\n';
  return printOut(out);
}

}  // namespace

void addList(CLI::App& app, int& code) {
  CommandLine command(app, "list", "List the spiders of this program");
  command.notes(R"(
Examples:
  weft list
  build/PROJECT --list                                  those of a project)");
  command.run([&code] { code = list(); });
}

}  // namespace weft::crawler::command
