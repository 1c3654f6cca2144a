// A spider's file, compiled: what `weft runspider FILE.cpp` runs.
#pragma once

#include <weft/crawler/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler::command {

/// A spider's file cannot be made into a program. The text says why; what the compiler had to say is on stderr by then.
class CompileError : public Error {
 public:
  CompileError(const std::string& problem, int exitCode) : Error(problem), exitCode(exitCode) {}
  int exitCode;                                        ///< what weft is to end with
};

/// Is it the name of a C++ file?
bool isSpiderFile(std::string_view name);

/// Why such a name is no spider's file, and what was probably meant: a URL, a file without its ".cpp", a file of another kind.
std::string noSpiderFile(const std::string& name);

/// Path of the program that `file` makes. It is compiled with $CXX (c++ otherwise) and $CXXFLAGS against the weft that this command belongs to, unless that was done before: with the same text,
/// headers of its own, compiler, flags and library. Throws CompileError.
std::string compiledSpider(const std::string& file);

/// What a build must be given as --pkg-config-path so that it finds the weft that this command belongs to; "" when it does so by itself.
std::string pkgConfigPath();

/// Becomes the program: compiledSpider(file) with these arguments. Comes back, with an exit code, only if it could not.
int runSpiderFile(const std::string& file, const std::vector<std::string>& arguments);

}  // namespace weft::crawler::command
