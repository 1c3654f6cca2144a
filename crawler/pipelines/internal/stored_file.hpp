// What FilesPipeline asks the file system. All of it blocks: for threads of a pool.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::crawler::internal {

/// A file of FILES_STORE as it is now.
struct StoredFile {
  bool exists = false;                                 // a regular file, with something in it
  bool isFresh = false;                                // and changed less than so long ago
  std::uint64_t size = 0, inode = 0;
  std::int64_t changed = 0;                            // nanoseconds
  std::string checksum;                                // MD5, in hexadecimal; empty unless asked for

  /// Is it the same file as that one was?
  bool isStill(const StoredFile& earlier) const noexcept { return exists == earlier.exists && inode == earlier.inode && changed == earlier.changed && size == earlier.size; }
};

enum class Checksum : std::uint8_t { kNone, kIfFresh, kAlways };

/// Looks at it; a file that is there and empty is removed. Throws http::FileError.
StoredFile lookAt(const std::string& path, std::chrono::duration<double> expires, Checksum checksum);
/// Makes the folder that the file stands in, with all above it. Throws http::FileError.
void makeFolderFor(const std::string& path);
/// Makes the folder, and finds out whether files can be written there. Throws http::FileError.
void prepareStore(const std::string& folder);

/// What is wrong with a path that is to lie below a folder whatever it holds; empty if nothing.
std::string_view problemOfPath(std::string_view path) noexcept;

}  // namespace weft::crawler::internal
