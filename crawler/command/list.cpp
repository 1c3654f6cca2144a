#include <weft/crawler/command/command.hpp>
#include <weft/crawler/internal/command_line.hpp>

#include <cstdio>

namespace weft::crawler::command {

namespace {

int list() {
  const auto names = SpiderRegistry::names();
  for (const std::string& name : names) std::puts(name.c_str());
  if (names.empty()) return complain("this program has no spiders of its own; a URL needs none (weft crawl URL), and a file is run by weft runspider FILE.cpp", kComplete);
  return kComplete;
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
