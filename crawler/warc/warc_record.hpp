// WarcRecord: one record of a WARC file.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// A record of WARC 1.1 (ISO 28500:2017): named fields and a block of bytes. A plain value.
///
///     WarcRecord record;
///     record.add("WARC-Type", "metadata").add("Content-Type", "application/warc-fields");
///     record.block = "via: http://example.com/\r\n";
///     file << record.text();
class WarcRecord {
 public:
  std::vector<std::pair<std::string, std::string>> fields;       ///< but for Content-Length, which the block has
  std::string block;
  std::uint64_t offset = 0;                            ///< of a record that was read: where it, or its gzip member, begins in the file
  bool cut = false;                                    ///< its block is longer than the reader's limit, and not here

  WarcRecord& add(std::string_view name, std::string_view value) { return fields.emplace_back(name, value), *this; }
  /// The first field of that name, whatever its case; empty when there is none. A view that dies with the next change.
  std::string_view field(std::string_view name) const noexcept;
  std::string_view type() const noexcept { return field("WARC-Type"); }
  /// WARC-Target-URI without the angle brackets that older writers put around it.
  std::string_view targetUri() const noexcept;
  /// The record as it stands in a file: "WARC/1.1", the fields, Content-Length, the block, and two empty lines.
  std::string text() const;
};

/// "sha1:" and the digest in base32, as WARC-Block-Digest has it.
std::string warcDigest(std::string_view bytes);
/// A fresh "<urn:uuid:…>".
std::string warcRecordId();
/// "2026-01-31T08:15:00.123456Z": WARC-Date.
std::string warcDate(std::chrono::system_clock::time_point when);

}  // namespace weft::crawler
