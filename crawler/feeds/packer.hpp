// Packer: gzip and zstd, one piece at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace weft::crawler {

/// Compresses a text in place: into a whole gzip member (RFC 1952) or zstd frame (RFC 8878). Such pieces one after another are a file that gzip and zstd read as one, so a feed is whole
/// after each, whatever happens later. Empty: as it is. One thread at a time.
using Packer = std::function<void(std::string&)>;

/// For a file name's last extension: "gz", "zst"; empty for others.
Packer makePacker(std::string_view extension);

}  // namespace weft::crawler
