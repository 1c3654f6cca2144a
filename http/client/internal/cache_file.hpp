// CacheFile: one stored response on disk.
#pragma once

#include <weft/http/client/internal/cache_policy.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http::detail {

/// A file with a body, a head, and what makes sure that they are whole; see CacheStore. Everything here blocks and throws std::system_error; one thread at a time.
class CacheFile {
 public:
  /// A new one under a name of its own, which goes with the object unless publish() has given it another. `checksum` and `size` of the body are counted from what is appended.
  static std::shared_ptr<CacheFile> create(const std::string& folder);
  /// Null when there is no file.
  static std::shared_ptr<CacheFile> open(const std::string& path, bool toWrite = false);
  ~CacheFile();
  CacheFile(const CacheFile&) = delete;
  CacheFile& operator=(const CacheFile&) = delete;

  void append(std::string_view piece);
  /// Writes what follows the body, in place of what was there.
  void finish(const CachedHead& head);
  void publish(const std::string& path);

  /// nullopt when the file is not whole. Must come before the next three.
  std::optional<CachedHead> readHead();
  std::uint64_t bodyBytes() const noexcept { return bodyBytes_; }
  /// Is the body what was written?
  bool verifyBody();
  /// At most `most` bytes of the body from `at` on; throws as well when the file is shorter than it was.
  std::string readBody(std::uint64_t at, std::size_t most);
  std::uint64_t size() const;
  /// It was used just now.
  void touch() noexcept;

 private:
  explicit CacheFile(int descriptor) noexcept : descriptor_(descriptor) {}
  void writeAt(std::string_view bytes, std::uint64_t at);
  bool readAt(char* to, std::size_t count, std::uint64_t at);

  int descriptor_;
  std::string temporary_;                // its name, as long as it is one
  std::uint64_t bodyBytes_ = 0;
  std::uint32_t bodyChecksum_ = 0;
};

}  // namespace weft::http::detail
