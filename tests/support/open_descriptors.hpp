// How many descriptors this process has open.
#pragma once

#include <dirent.h>

namespace weft::test {

inline int openDescriptors() {
  int count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

}  // namespace weft::test
