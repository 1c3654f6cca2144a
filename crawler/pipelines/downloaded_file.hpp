// DownloadedFile: what became of one URL of an item's files.
#pragma once

#include <weft/crawler/item.hpp>

#include <string>

namespace weft::crawler {

/// What FilesPipeline puts into an item for each of its file URLs. A struct that is an item keeps them as `std::vector<DownloadedFile> files;`.
struct DownloadedFile {
  std::string url;
  std::string path;                                    ///< below FILES_STORE; empty when it failed
  std::string checksum;                                ///< MD5, in hexadecimal
  std::string status;                                  ///< "downloaded", "uptodate" (it was there, and not too old), "cached", or "failed"
  std::string error;                                   ///< why it failed

  bool ok() const noexcept { return error.empty(); }
};
WEFT_ITEM(DownloadedFile, url, path, checksum, status, error)

}  // namespace weft::crawler

namespace weft {
using crawler::DownloadedFile;
}  // namespace weft
