#include <weft/crawler/command/project_program.hpp>

#include <weft/crawler/command/child_program.hpp>
#include <weft/crawler/command/spider_program.hpp>
#include <weft/crawler/internal/crawl_program.hpp>
#include <weft/crawler/internal/project_file.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include <sys/wait.h>

namespace weft::crawler::command {

namespace fs = std::filesystem;

namespace {

// What it says on its standard output is printed only if it fails.
int quietly(std::vector<std::string> words, const std::string& doing) {
  const std::string name = words.front();
  std::string output;
  const int status = runChild(std::move(words), &output);
  if (succeeded(status)) return kComplete;
  std::fputs(output.c_str(), stderr);
  if (status == -1) return complain("cannot run " + name + ": " + std::strerror(errno) + "; install it", kStartError);
  if (WIFSIGNALED(status)) return complain(name + " was stopped by signal " + std::to_string(WTERMSIG(status)), 128 + WTERMSIG(status));
  return complain(doing + " failed (see above)", kStartError);
}

int build(const Project& project) {
  const fs::path program = project.program;
  const std::string folder = program.parent_path().string(), name = program.filename().string();
  std::error_code trouble;
  if (!fs::exists(folder + "/build.ninja", trouble)) {
    std::fprintf(stderr, "Setting up %s ...\n", folder.c_str());
    std::vector<std::string> setup{"meson", "setup", folder, project.folder};
    if (const std::string places = pkgConfigPath(); !places.empty()) setup.push_back("--pkg-config-path=" + places);
    if (const int code = quietly(std::move(setup), "setting up " + folder)) return code;
  }
  std::string plan;
  if (!succeeded(runChild({"ninja", "-C", folder, "-n", name}, &plan)) || plan.find("no work to do") == std::string::npos) std::fprintf(stderr, "Building %s ...\n", project.program.c_str());
  return quietly({"ninja", "-C", folder, name}, "building " + project.program);
}

}  // namespace

std::optional<Project> findProject() {
  const auto file = ProjectFile::find();
  if (!file || file->program.empty()) return std::nullopt;
  const fs::path folder = fs::path(file->path).parent_path();
  return Project{folder.empty() ? "." : folder.string(), (folder / file->program).string()};
}

int runProject(const Project& project, const std::vector<std::string>& arguments) {
  if (const int code = build(project)) return code;
  std::vector<std::string> words{project.program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return becomeProgram(project.program, std::move(words));
}

}  // namespace weft::crawler::command
