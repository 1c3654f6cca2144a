// The page that shows what is in a folder.
#pragma once

#include <weft/http/server/internal/served_folder.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http::detail {

struct ListedFile {
  std::string name;
  std::uint64_t size = 0;
  std::int64_t modified = 0;                           // seconds since 1970
  bool isFolder = false;
};

struct Listing {
  std::vector<ListedFile> files;                       // folders first, each kind by name
  bool cut = false;                                    // there are more
};

/// What of `folder`, which was opened as `path` below `root`, could be asked for: regular files and folders whose names ServedPath lets pass, links where `root` follows them. Blocks;
/// throws FileError.
Listing listFolder(const ServedFolder& root, OpenedFile folder, const std::string& path, bool dotFiles, std::size_t most);

/// A page in HTML for the folder that URLs call `title` (not encoded), light or dark as the reader wants it. All it needs is in it.
std::string listingPage(std::string_view title, bool hasParent, const Listing& listing);

}  // namespace weft::http::detail
