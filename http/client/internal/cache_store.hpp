// CacheStore: responses in files.
#pragma once

#include <weft/core/reactor.hpp>
#include <weft/defer/threads.hpp>
#include <weft/http/body.hpp>
#include <weft/http/client/internal/cache_policy.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::http::detail {

class CacheFile;
class CacheWriter;

/// A stored response: its head, and its body or the file with it.
struct CachedEntry {
  std::string path;
  CachedHead head;
  std::string body;                      // all of it, if it is small
  std::shared_ptr<CacheFile> file;       // else where it is
  std::uint64_t bodyBytes = 0;
};

/// Files of one folder, shared out over 256 folders by the first two digits of their names: up to kVariants for one URL and session, each
///
///     body | head | the head's size, the body's size, their checksums, a mark
///
/// A file gets its name when it is complete. The head comes last, so that it can be written anew without the body: who reads that at the time is not disturbed, and
/// a crash leaves a checksum that is wrong. Whatever is not right when it is read is removed, and counts as not being there.
///
/// With a reactor, files are touched on its pool's threads alone, the rest of this on its own thread; without one all happens in place. Held by a shared_ptr.
class CacheStore : public std::enable_shared_from_this<CacheStore> {
 public:
  static constexpr int kVariants = 4;
  static constexpr std::size_t kWhole = 256 * 1024;      // bodies up to this are read at once

  /// Throws std::system_error when the folder cannot be made.
  CacheStore(std::string folder, std::uint64_t maxBytes, std::uint64_t maxEntryBytes, Reactor* reactor);
  /// Looks what the folder holds already; until that is known nothing is evicted.
  void open();

  static std::string keyOf(std::string_view url, std::string_view session);

  /// The newest of the stored responses that this request selects. Never fails.
  Deferred<std::optional<CachedEntry>> find(std::string url, std::string session, Headers request);
  /// The entry's body; pieces are read as they are asked for.
  Body bodyOf(CachedEntry& entry, const std::string& url);
  std::shared_ptr<CacheWriter> write();
  /// Writes the entry's head anew.
  void update(const std::string& path, CachedHead head);
  void remove(std::string path);
  /// Removes all variants.
  void removeAll(const std::string& key);

  std::uint64_t bytes() const noexcept { return total_; }
  std::size_t entries() const noexcept { return files_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }
  std::uint64_t writeErrors() const noexcept { return writeErrors_; }
  std::uint64_t corrupt() const noexcept { return corrupt_; }

 private:
  friend class CacheWriter;

  struct Kept {
    std::uint64_t bytes;
    std::int64_t used;                   // nanoseconds of the system's clock
  };

  // Runs f where files may be touched.
  template <class F> auto run(F f) {
    if (reactor_) return deferToThread(*reactor_, std::move(f));
    return maybeDeferred(std::move(f));
  }
  std::string pathOf(const std::string& key, int variant) const;
  void noteWritten(const std::string& path, std::uint64_t bytes);
  void noteGone(const std::string& path);
  void noteWriteError(const Failure& failure);
  void evict();

  std::string folder_;
  std::uint64_t maxBytes_, maxEntryBytes_;
  Reactor* reactor_;
  std::unordered_map<std::string, Kept> files_;          // by path
  std::uint64_t total_ = 0, evicted_ = 0, writeErrors_ = 0, corrupt_ = 0;
  bool known_ = false;                   // the folder has been looked through
};

/// Takes a body while it comes. Dropped before commit(), or after a write that failed, it leaves nothing. A disk that is slower than the network costs the entry, not the
/// reader: no more than kMaxPending bytes wait to be written.
class CacheWriter : public std::enable_shared_from_this<CacheWriter> {
 public:
  static constexpr std::size_t kAtOnce = 64 * 1024;
  static constexpr std::size_t kMaxPending = 4 * 1024 * 1024;

  explicit CacheWriter(std::shared_ptr<CacheStore> store) : store_(std::move(store)) {}
  void append(std::string_view piece);
  void commit(CachedHead head);

 private:
  void next();

  std::shared_ptr<CacheStore> store_;
  std::shared_ptr<CacheFile> file_;
  std::optional<CachedHead> head_;
  std::string pending_;
  std::uint64_t size_ = 0;
  bool busy_ = false;
  bool failed_ = false;
};

}  // namespace weft::http::detail
