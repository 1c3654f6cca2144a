// Journal: a job's folder: an SQLite database, a lock, and how long the feeds may be.
#pragma once

#include <weft/crawler/feeds/packer.hpp>
#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/frontier/internal/host_queue.hpp>
#include <weft/crawler/frontier/internal/request_codec.hpp>
#include <weft/crawler/frontier/journal_error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// There is no room for what is to be written. Nothing of it was; it can be tried again.
class JournalFull : public JournalError {
 public:
  using JournalError::JournalError;
};

/// What one transaction makes safe.
struct JournalBatch {
  struct Failed {
    std::string url, cause;
    int tries;
  };
  struct Named {
    int kind;                                          // 0: a callback, 1: an errback
    std::size_t place;
    std::string name;
  };
  bool empty() const noexcept { return !dirty; }

  bool dirty = false;
  std::vector<std::pair<std::uint64_t, std::string>> written;   // requests that are new, or go back
  std::vector<std::uint64_t> ended;
  std::string prints;                                  // 16 bytes each
  std::vector<Named> named;
  std::vector<FeedLines> feeds;
  std::vector<Failed> failed;
  FrontierCounts counts;                               // behind it
  std::uint64_t starts = 0;
  bool seeded = false;
};

/// The folder holds `journal.db`, `journal.db-wal` and `lock`. All that a commit writes is appended, so it touches two or three pages: a row for each new request, and one for the group: the counts,
/// the feeds' lengths, who was seen now (the set in memory answers whether), and which requests ended. Their rows are removed some thousands at a time. Used by one thread at a time.
class Journal {
 public:
  /// Opens or makes the job. Throws JobInUse, JournalDamaged, JournalError.
  Journal(const std::string& folder, const Spider& spider, bool durableAgainstPowerLoss);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  /// Throws JournalError unless a database with these `PRAGMA application_id` and `PRAGMA user_version` is a journal that this weft reads.
  static void requireReadable(const std::string& path, std::int64_t application, std::int64_t version);

  /// Was it there before?
  bool resumed() const noexcept;
  /// What it holds, for a start. Throws JournalDamaged, JournalError.
  void readCallbacks(const Spider& spider, RequestCodec& codec);
  void readSeen(const std::function<void(Fingerprint)>& each);
  void readRequests(const std::function<void(std::uint64_t id, std::string_view bytes)>& each);
  void readState(JournalBatch& into);

  bool knowsFeed(const std::string& path) const;
  /// Opens the feeds and cuts each back to what is committed; one that is new is taken as it is. Of a feed with a packer, the lines of each commit become a piece. Throws JournalError,
  /// FeedError.
  void openFeeds(const std::vector<std::string>& paths, std::vector<Packer> packers);

  /// All or nothing. Throws JournalFull, JournalDamaged, JournalError, FeedError.
  void commit(const JournalBatch& batch);
  /// Fills in the bytes.
  void load(std::vector<LoadedRecord>& records);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
