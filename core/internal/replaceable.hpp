// What a new file may take the place of.
#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include <sys/stat.h>

namespace weft::detail {

/// Where a new file goes that is to take the place of `path` by a rename: the end of its links, so that these stay. Nothing when there is something that no file may replace, and
/// that has to be written to itself: a device, a pipe. Who may write to /dev would otherwise end up with a file called /dev/null.
inline std::optional<std::string> replaceable(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return path;  // nothing there, or what will be said when it is made
  if (S_ISCHR(facts.st_mode) || S_ISBLK(facts.st_mode) || S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode)) return std::nullopt;
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : path;
}

}  // namespace weft::detail
