// FileError: a file that a body comes from, or is saved to, could not be used.
#pragma once

#include <weft/http/error.hpp>

#include <string>
#include <string_view>

namespace weft::http {

/// A file could not be opened, read, written or renamed: it is not there, no right to it, the disk is full. The text says which, and why.
class FileError : public Error {
 public:
  /// `doing`: "opening", "writing".
  FileError(std::string_view doing, std::string path, int systemError);
  std::string path;                    ///< as it was given
  int systemError;                     ///< errno: ENOSPC, ENOENT, EACCES…
};

}  // namespace weft::http
