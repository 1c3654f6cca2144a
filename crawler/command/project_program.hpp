// The program of a project, which holds its spiders: what `weft crawl SPIDER` runs in the project's folder or below.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace weft::crawler::command {

struct Project {
  std::string folder;                                  // where weft.toml is
  std::string program;                                 // with its folder
};

/// That of the nearest weft.toml, here or above, if it names a program. Throws SettingError, for what is wrong with the file.
std::optional<Project> findProject();

/// Builds the program, if something has changed, with Meson and Ninja, which say nothing unless it goes wrong; then becomes it, with these arguments. Comes back, with an exit code, only if
/// that did not work; it was said why.
int runProject(const Project& project, const std::vector<std::string>& arguments);

}  // namespace weft::crawler::command
