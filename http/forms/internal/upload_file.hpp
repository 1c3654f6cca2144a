// UploadFile: the temporary file of an upload.
#pragma once

#include <weft/net/file_descriptor.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace weft::http::detail {

/// A file without a name, on the file system of a folder: the system frees it with the descriptor, also when the process is killed. Made by the first write. All calls block and throw FileErrors; one
/// thread at a time.
class UploadFile {
 public:
  /// `folder` empty: the system's one for temporary files.
  explicit UploadFile(std::string folder) : folder_(std::move(folder)) {}

  void write(std::string_view bytes);
  std::string read() const;
  /// Gives it a name, or copies it where that cannot be: another file system.
  void saveTo(const std::string& path);

 private:
  std::string temporaryFolder() const;
  void open();
  bool linkTo(const std::string& path);

  const std::string folder_;
  net::FileDescriptor file_;
};

}  // namespace weft::http::detail
