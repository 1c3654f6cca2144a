// Programs that a command runs: compilers, pkg-config, Meson.
#pragma once

#include <string>
#include <vector>

namespace weft::crawler::command {

/// Runs a program to its end; its status as waitpid() gives it, or -1 with errno when there is no such program. With `output` its standard output goes there, and else to stderr: a compiler's
/// words are no items.
int runChild(std::vector<std::string> words, std::string* output = nullptr);

/// Of such a status.
bool succeeded(int status);

/// Becomes that program, which is told that its name is words[0]. Comes back, with an exit code, only if it could not; it was said why.
int becomeProgram(const std::string& path, std::vector<std::string> words);

}  // namespace weft::crawler::command
