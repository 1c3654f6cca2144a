// ServedFolder: opens what is below a folder, and nothing else.
#pragma once

#include <weft/net/file_descriptor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace weft::http::detail {

/// The path of a URL, below where the folder stands, as one that can be opened: decoded, relative, "" for the folder itself. nullopt: it names nothing that is served. That is a segment
/// that is empty (but the last), "." or "..", holds a slash, a backslash or a NUL, is no UTF-8 (overlong forms of such characters), or begins with a dot. These last are let
/// through by `dotFiles`, and ".well-known" as the first is in any case (RFC 8615).
struct ServedPath {
  std::string path;
  bool slash = false;                                  // the URL ends with one: a folder is meant
  static std::optional<ServedPath> of(std::string_view urlPath, bool dotFiles);
};

/// Something that was opened, or why not.
struct OpenedFile {
  net::FileDescriptor file;
  struct stat facts {};
  int error = 0;                                       // errno
  bool wouldWait = false;                              // Wait::No, and the answer is not in the system's memory

  bool isFile() const noexcept { return file && S_ISREG(facts.st_mode); }
  bool isFolder() const noexcept { return file && S_ISDIR(facts.st_mode); }
};

/// A folder that stays open. What is opened below it is looked up by the system within it, in one step (openat2 with RESOLVE_BENEATH): no link leads out, and nobody can put
/// one in between a look and the opening. On a system without that call no link is followed at all. Any thread.
class ServedFolder {
 public:
  enum class Wait : bool {
    No,                                                // only what the system's caches answer at once
    Yes,                                               // blocks: on a thread for files
  };

  /// `outsideLinks`: links are followed wherever they lead. Blocks; throws FileError when it is no folder that can be opened.
  ServedFolder(std::string path, bool outsideLinks, bool oldSystem = false);

  /// `path` as of ServedPath. Never waits for a FIFO.
  OpenedFile open(const std::string& path, Wait wait) const noexcept;
  const std::string& path() const noexcept { return path_; }

 private:
  int openWithin(const char* path, Wait wait) const noexcept;
  int openStepwise(const char* path) const noexcept;

  const std::string path_;
  net::FileDescriptor folder_;
  const bool outsideLinks_;
  bool openat2_ = false;
  bool cached_ = false;                                // RESOLVE_CACHED is known
};

}  // namespace weft::http::detail
