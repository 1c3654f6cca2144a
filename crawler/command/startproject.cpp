#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/scaffold.hpp>
#include <weft/crawler/command/spider_program.hpp>
#include <weft/crawler/internal/command_line.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace weft::crawler::command {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kProject = "project/";

// What Meson keeps for itself, and what would ask for itself by dependency('weft').
constexpr std::string_view kTaken[] = {"all", "benchmark", "clean", "dist", "install", "quotes_test", "reconfigure", "test", "uninstall", "weft"};

void requireEmpty(const std::string& folder) {
  std::error_code trouble;
  const auto status = fs::status(folder, trouble);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) throw ScaffoldError(folder + " is there already, and no folder; nothing was changed");
  const fs::directory_iterator content(folder, trouble);
  if (trouble) throw ScaffoldError("cannot look into " + folder + ": " + trouble.message());
  if (content != fs::directory_iterator()) throw ScaffoldError("the folder " + folder + " is not empty; nothing was changed (name another: weft startproject NAME DIR)");
}

int startProject(const std::string& name, std::string folder) {
  if (folder.empty()) folder = name;
  try {
    requireName("project", name);
    if (std::find(std::begin(kTaken), std::end(kTaken), name) != std::end(kTaken)) throw ScaffoldError("a project cannot be called \"" + name + "\", which Meson uses otherwise; choose another name");
    requireEmpty(folder);
    for (const TemplateFile& file : templateFiles()) {
      if (!file.path.starts_with(kProject)) continue;
      std::string path(file.path.substr(kProject.size()));
      if (path == "gitignore") path = ".gitignore";
      writeNewFile((fs::path(folder) / path).string(), fillTemplate(file.text, name));
    }
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }
  std::string setup = "meson setup build";
  if (const std::string places = pkgConfigPath(); !places.empty()) setup += " --pkg-config-path=" + places;
  std::printf("The project %s is in %s. Next:\n\n"
              "    cd %s\n"
              "    %s && ninja -C build\n"
              "    meson test -C build\n"
              "    weft crawl quotes -O quotes.jsonl          # with `weft demo` in another terminal\n\n"
              "weft genspider NAME DOMAIN adds a spider.\n",
              name.c_str(), folder.c_str(), folder.c_str(), setup.c_str());
  return kComplete;
}

}  // namespace

void addStartProject(CLI::App& app, int& code) {
  struct Options {
    std::string name, folder;
  };
  auto options = std::make_shared<Options>();
  CommandLine command(app, "startproject", "Begin a project: spiders with settings, tests and a build");
  command.option("name", options->name, "What it is called").text("NAME").required();
  command.option("folder", options->folder, "Where to put it (NAME); must be empty or not there").text("DIR");
  command.notes(R"(
Examples:
  weft startproject shop                                in the folder shop/
  weft startproject shop .                              in this folder, which is empty

It is a Meson project: weft.toml, meson.build, spiders/, items.hpp, pipelines.hpp, and a test of its first spider, in virtual time.
Exit codes: 0 done, 2 a name that cannot be used, or a folder that is not empty.)");
  command.run([options, &code] { code = startProject(options->name, options->folder); });
}

}  // namespace weft::crawler::command
