// The system's small text files: /etc/hosts and its like.
#pragma once

#include <cstdint>
#include <string>

namespace weft::net::detail {

/// All of a file; "" where there is none. Throws std::system_error where it cannot be read, or is longer than 16 MiB.
std::string readSmallFile(const std::string& path);

/// Which file stands at a path, and in what state: two that are equal have the same contents.
struct FileState {
  static FileState of(const std::string& path) noexcept;
  bool operator==(const FileState&) const = default;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;                              // -1: there is none
  std::int64_t modified = 0;                           // nanoseconds
  std::int64_t changed = 0;
};

}  // namespace weft::net::detail
