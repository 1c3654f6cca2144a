#include <weft/crawler/frontier/internal/journal.hpp>

#include <weft/crawler/feeds/output_file.hpp>
#include <weft/crawler/frontier/internal/callback_name.hpp>
#include <weft/crawler/spider.hpp>

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace weft::crawler {

namespace {

constexpr int kVersion = 2;                            // 2: requests may have cookies, arguments of callbacks, flags, statuses and a referrer
constexpr int kOldestVersion = 1;                      // is read, and from then on of version 2
constexpr int kApplication = 0x77656674;               // "weft"

constexpr char kSchema[] =
    "CREATE TABLE job(spider TEXT NOT NULL);"
    "CREATE TABLE requests(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE groups(id INTEGER PRIMARY KEY, state BLOB NOT NULL, prints BLOB NOT NULL, ended BLOB NOT NULL, swept INT NOT NULL);"
    "CREATE TABLE feeds(place INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, length INT NOT NULL);"
    "CREATE TABLE callbacks(kind INT, place INT, name TEXT NOT NULL, PRIMARY KEY(kind, place));"
    "CREATE TABLE failures(url TEXT NOT NULL, cause TEXT NOT NULL, tries INT NOT NULL);";

constexpr std::size_t kSweepAt = 4096;                  // ended requests whose rows are removed together: one by one costs 5 us more a page

bool noRoom(int code) noexcept { return code == ENOSPC || code == EDQUOT || code == EFBIG; }

// A file that is closed, and with it a lock that is given back.
struct Descriptor {
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number(number) {}
  Descriptor(Descriptor&& other) noexcept : number(std::exchange(other.number, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number, other.number);
    return *this;
  }
  ~Descriptor() {
    if (number > STDERR_FILENO) ::close(number);
  }
  int number = -1;
};

}  // namespace

JobInUse::JobInUse(const std::string& folder, long pid)
    : JournalError("the job folder " + folder + " is in use by " + (pid ? "process " + std::to_string(pid) : std::string("another process")) +
                   ": wait for it or stop it, or give this crawl a folder of its own"),
      pid(pid) {}

struct Journal::State {
  struct FeedFile {
    std::string path;
    Descriptor file;
    std::int64_t length = 0;
    std::uint64_t place = 0;                           // in the table of feeds
    bool cut = true;                                   // can it be cut back? Not the standard output, nor a device
    Packer pack;
  };

  explicit State(const std::string& folder) : folder(folder), path(folder + "/journal.db") {}
  ~State() {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
    sqlite3_close(db);
  }

  [[noreturn]] void fail(const char* doing) const {
    const int left = errno, code = sqlite3_errcode(db);
    const int system = sqlite3_system_errno(db) ? sqlite3_system_errno(db) : left;     // a COMMIT that fails leaves it in errno alone
    const std::string why = sqlite3_errmsg(db);
    if (code == SQLITE_FULL || (code == SQLITE_IOERR && noRoom(system))) throw JournalFull("no room left on the disk for the journal " + path);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) damaged(why);
    throw JournalError("cannot " + std::string(doing) + " the journal " + path + ": " + why + (system && code == SQLITE_IOERR ? " (" + std::string(std::strerror(system)) + ")" : ""));
  }
  [[noreturn]] void damaged(const std::string& why) const {
    throw JournalDamaged("the journal " + path + " is damaged (" + why + "): restore the folder from a copy, or remove it and begin the job anew");
  }
  void run(const char* sql, const char* doing) const {
    errno = 0;
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(doing);
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) fail("read");
    statements.push_back(statement);
    return statement;
  }
  std::int64_t number(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK) fail("read");
    const std::int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (sqlite3_finalize(statement) != SQLITE_OK) fail("read");
    return value;
  }
  // Runs a prepared statement that gives no rows.
  void step(sqlite3_stmt* statement) const {
    errno = 0;
    const int code = sqlite3_step(statement);
    if (code != SQLITE_DONE) {
      sqlite3_reset(statement);
      fail("write");
    }
    sqlite3_reset(statement);
  }
  template <class F> void each(sqlite3_stmt* statement, F function) const {
    struct Reset {
      sqlite3_stmt* statement;
      ~Reset() { sqlite3_reset(statement); }
    } const reset{statement};
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) function();
    if (code != SQLITE_DONE) fail("read");
  }
  static std::string_view blob(sqlite3_stmt* statement, int column) {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, column));
    return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
  }
  static void bindText(sqlite3_stmt* statement, int place, std::string_view text) {
    sqlite3_bind_text(statement, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }

  void takeLock() {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::string file = folder + "/lock";
    lock = Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (lock.number < 0) throw JournalError("cannot use the job folder " + folder + ": " + std::strerror(errno));
    char text[32] = {};
    if (::flock(lock.number, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) throw JournalError("cannot lock the job folder " + folder + ": " + std::strerror(errno));
      if (::pread(lock.number, text, sizeof text - 1, 0) < 0) text[0] = 0;
      throw JobInUse(folder, std::strtol(text, nullptr, 10));
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // That the lock says whose it is, is a courtesy: a full disk must not keep a job from being resumed.
    if (::ftruncate(lock.number, 0) == 0 && ::pwrite(lock.number, pid.data(), pid.size(), 0) < 0) errno = 0;
  }

  void writeFeed(FeedFile& feed, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = feed.cut ? ::pwrite(feed.file.number, bytes.data(), bytes.size(), feed.length) : ::write(feed.file.number, bytes.data(), bytes.size());
      if (count >= 0) {
        feed.length += count;
        bytes.remove_prefix(static_cast<std::size_t>(count));
      } else if (noRoom(errno)) {
        throw JournalFull("no room left on the disk for " + feed.path);
      } else if (errno != EINTR) {
        throw FeedError("cannot write to", feed.path, errno);
      }
    }
  }

  const std::string folder, path;
  Descriptor lock;
  sqlite3* db = nullptr;
  bool resumed = false, power = false;
  std::vector<sqlite3_stmt*> statements;
  sqlite3_stmt *begin, *end, *rollback, *put, *erase, *get, *group, *name, *failure;
  std::vector<std::uint64_t> ended;                    // whose rows are still there
  std::vector<FeedFile> feeds;
};

void Journal::requireReadable(const std::string& path, std::int64_t application, std::int64_t version) {
  if (application != kApplication) throw JournalError(path + " is a database of another program: name another job folder");
  if (version >= kOldestVersion && version <= kVersion) return;
  throw JournalError("the journal " + path + " is of version " + std::to_string(version) + ", and this weft reads versions " + std::to_string(kOldestVersion) + " to " + std::to_string(kVersion) +
                     ": finish the job with the weft that began it, or begin it anew in another folder");
}

Journal::Journal(const std::string& folder, const Spider& spider, bool power) : state_(std::make_unique<State>(folder)) {
  State& s = *state_;
  s.takeLock();
  s.power = power;
  if (sqlite3_open_v2(s.path.c_str(), &s.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK) s.fail("open");
  sqlite3_extended_result_codes(s.db, 0);
  s.run("PRAGMA locking_mode=EXCLUSIVE", "open");
  const std::int64_t version = s.number("PRAGMA user_version"), application = s.number("PRAGMA application_id");
  s.resumed = s.number("SELECT count(*) FROM sqlite_schema") > 0;
  if (s.resumed) requireReadable(s.path, application, version);
  s.run("PRAGMA journal_mode=WAL", "open");
  s.run(power ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", "open");
  s.run("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000; PRAGMA wal_autocheckpoint=4000", "open");
  if (!s.resumed) {
    s.run("BEGIN", "make");
    s.run(kSchema, "make");
    s.run(("PRAGMA user_version=" + std::to_string(kVersion) + "; PRAGMA application_id=" + std::to_string(kApplication)).c_str(), "make");
    sqlite3_stmt* job = s.prepare("INSERT INTO job VALUES(?)");
    State::bindText(job, 1, spider.name);
    s.step(job);
    s.run("COMMIT", "make");
  } else {
    std::string found;
    sqlite3_stmt* check = s.prepare("PRAGMA quick_check(1)");
    s.each(check, [&] { found = State::blob(check, 0); });
    if (found != "ok") s.damaged(found);
    sqlite3_stmt* job = s.prepare("SELECT spider FROM job");
    found.clear();
    s.each(job, [&] { found = State::blob(job, 0); });
    if (found != spider.name) {
      throw JournalError("the job in " + folder + " is of the spider \"" + found + "\", not of \"" + spider.name + "\": name another folder, or run that spider");
    }
    if (version != kVersion) s.run(("PRAGMA user_version=" + std::to_string(kVersion)).c_str(), "open");
  }
  s.begin = s.prepare("BEGIN IMMEDIATE");
  s.end = s.prepare("COMMIT");
  s.rollback = s.prepare("ROLLBACK");
  s.put = s.prepare("INSERT OR REPLACE INTO requests VALUES(?, ?)");
  s.erase = s.prepare("DELETE FROM requests WHERE id=?");
  s.get = s.prepare("SELECT data FROM requests WHERE id=?");
  s.group = s.prepare("INSERT INTO groups(state, prints, ended, swept) VALUES(?, ?, ?, ?)");
  s.name = s.prepare("INSERT OR REPLACE INTO callbacks VALUES(?, ?, ?)");
  s.failure = s.prepare("INSERT INTO failures VALUES(?, ?, ?)");
}

Journal::~Journal() = default;

bool Journal::resumed() const noexcept { return state_->resumed; }

void Journal::readCallbacks(const Spider& spider, RequestCodec& codec) {
  State& s = *state_;
  sqlite3_stmt* rows = s.prepare("SELECT kind, place, name FROM callbacks ORDER BY kind, place");
  s.each(rows, [&] {
    const std::string name(State::blob(rows, 2));
    const bool isErrback = sqlite3_column_int(rows, 0) != 0;
    const auto callback = isErrback ? std::nullopt : callbackOf(spider, name);
    const auto errback = isErrback ? errbackOf(spider, name) : std::nullopt;
    if (!callback && !errback) {
      throw JournalError("the job in " + s.folder + " was begun by another build of this program, and its requests name a callback (" + name +
                         ") that this one cannot find: finish the job with that build; name callbacks in Spider::callbacks for jobs to come");
    }
    if (static_cast<std::size_t>(sqlite3_column_int64(rows, 1)) != (isErrback ? codec.errbacks().size() : codec.callbacks().size())) s.damaged("a callback is missing");
    if (isErrback) codec.errbacks().push_back(*errback);
    else codec.callbacks().push_back(*callback);
  });
}

void Journal::readSeen(const std::function<void(Fingerprint)>& each) {
  State& s = *state_;
  sqlite3_stmt* rows = s.prepare("SELECT prints FROM groups");
  s.each(rows, [&] {
    for (std::string_view prints = State::blob(rows, 0); prints.size() >= sizeof(Fingerprint); prints.remove_prefix(sizeof(Fingerprint))) {
      Fingerprint print;
      std::memcpy(&print, prints.data(), sizeof print);
      each(print);
    }
  });
}

void Journal::readRequests(const std::function<void(std::uint64_t, std::string_view)>& each) {
  State& s = *state_;
  sqlite3_stmt* rows = s.prepare("SELECT ended FROM groups WHERE id > (SELECT coalesce(max(id), 0) FROM groups WHERE swept)");
  s.each(rows, [&] {
    for (std::string_view ended = State::blob(rows, 0); !ended.empty();) s.ended.push_back(takeVarint(ended));
  });
  std::sort(s.ended.begin(), s.ended.end());
  rows = s.prepare("SELECT id, data FROM requests ORDER BY id");
  s.each(rows, [&] {
    const auto id = static_cast<std::uint64_t>(sqlite3_column_int64(rows, 0));
    if (!std::binary_search(s.ended.begin(), s.ended.end(), id)) each(id, State::blob(rows, 1));
  });
}

void Journal::readState(JournalBatch& into) {
  State& s = *state_;
  std::string state;
  sqlite3_stmt* row = s.prepare("SELECT state FROM groups ORDER BY id DESC LIMIT 1");
  s.each(row, [&] { state = State::blob(row, 0); });
  if (state.empty()) return;
  std::string_view rest = state;
  FrontierCounts& c = into.counts;
  for (std::uint64_t* value : {&c.enqueued, &c.done, &c.failed, &c.dropped, &c.filtered, &c.overflowed, &c.retried, &into.starts}) *value = takeVarint(rest);
  into.seeded = takeVarint(rest) != 0;
  // What the last group says of its feeds goes to their own table, as the groups of this run may write to others.
  sqlite3_stmt* feed = s.prepare("UPDATE feeds SET length=? WHERE place=?");
  s.step(s.begin);
  while (!rest.empty()) {
    sqlite3_bind_int64(feed, 2, static_cast<std::int64_t>(takeVarint(rest)));
    sqlite3_bind_int64(feed, 1, static_cast<std::int64_t>(takeVarint(rest)));
    s.step(feed);
  }
  s.step(s.end);
}

bool Journal::knowsFeed(const std::string& path) const {
  State& s = *state_;
  bool known = false;
  sqlite3_stmt* row = s.prepare("SELECT 1 FROM feeds WHERE path=?");
  State::bindText(row, 1, path);
  s.each(row, [&] { known = true; });
  return known;
}

void Journal::openFeeds(const std::vector<std::string>& paths, std::vector<Packer> packers) {
  State& s = *state_;
  packers.resize(paths.size());
  for (const std::string& path : paths) {
    State::FeedFile feed;
    feed.path = path;
    struct stat status {};
    if (path == "-") {
      feed.file.number = STDOUT_FILENO;
      feed.cut = false;
    } else {
      feed.file = Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
      if (feed.file.number < 0 || ::fstat(feed.file.number, &status) != 0) throw FeedError("cannot write to", path, errno);
      feed.cut = S_ISREG(status.st_mode);
    }
    if (feed.cut) {
      std::int64_t committed = -1;
      sqlite3_stmt* row = s.prepare("SELECT place, length FROM feeds WHERE path=?");
      State::bindText(row, 1, path);
      s.each(row, [&] {
        feed.place = static_cast<std::uint64_t>(sqlite3_column_int64(row, 0));
        committed = sqlite3_column_int64(row, 1);
      });
      if (committed > status.st_size) {
        throw JournalError("the feed " + path + " holds " + std::to_string(status.st_size) + " bytes, and the job in " + s.folder + " has written " + std::to_string(committed) +
                           ": it was changed or removed since; put it back, or remove the job folder and begin anew");
      }
      if (committed >= 0 && ::ftruncate(feed.file.number, committed) != 0) throw FeedError("cannot cut back", path, errno);
      feed.length = committed >= 0 ? committed : status.st_size;
      if (committed < 0) {
        sqlite3_stmt* add = s.prepare("INSERT INTO feeds(path, length) VALUES(?, ?)");
        State::bindText(add, 1, path);
        sqlite3_bind_int64(add, 2, feed.length);
        s.step(add);
        feed.place = static_cast<std::uint64_t>(sqlite3_last_insert_rowid(s.db));
      }
    }
    feed.pack = std::move(packers[s.feeds.size()]);
    s.feeds.push_back(std::move(feed));
  }
}

void Journal::commit(const JournalBatch& batch) {
  State& s = *state_;
  std::vector<std::int64_t> lengths;
  for (const auto& feed : s.feeds) lengths.push_back(feed.length);
  try {
    // The lines first: what is committed is there. What is there and not committed is cut off at the next start.
    std::vector<std::string> pieces(s.feeds.size());
    for (const FeedLines& lines : batch.feeds) {
      if (s.feeds.at(lines.feed).pack) pieces[lines.feed] += lines.bytes;
      else s.writeFeed(s.feeds[lines.feed], lines.bytes);
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (pieces[i].empty()) continue;
      s.feeds[i].pack(pieces[i]);
      s.writeFeed(s.feeds[i], pieces[i]);
    }
    s.step(s.begin);
    if (s.power) {
      for (const auto& feed : s.feeds)
        if (feed.cut && ::fdatasync(feed.file.number) != 0) throw FeedError("cannot write to", feed.path, errno);
    }
    for (const auto& named : batch.named) {
      sqlite3_bind_int(s.name, 1, named.kind);
      sqlite3_bind_int64(s.name, 2, static_cast<std::int64_t>(named.place));
      State::bindText(s.name, 3, named.name);
      s.step(s.name);
    }
    for (const auto& [id, bytes] : batch.written) {
      sqlite3_bind_int64(s.put, 1, static_cast<std::int64_t>(id));
      sqlite3_bind_blob(s.put, 2, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
      s.step(s.put);
    }
    for (const auto& failed : batch.failed) {
      State::bindText(s.failure, 1, failed.url);
      State::bindText(s.failure, 2, failed.cause);
      sqlite3_bind_int(s.failure, 3, failed.tries);
      s.step(s.failure);
    }
    const bool sweep = s.ended.size() + batch.ended.size() >= kSweepAt;
    if (sweep) {
      for (const auto* ids : {&std::as_const(s.ended), &batch.ended}) {
        for (const std::uint64_t id : *ids) {
          sqlite3_bind_int64(s.erase, 1, static_cast<std::int64_t>(id));
          s.step(s.erase);
        }
      }
    }
    std::string state, ended;
    const FrontierCounts& c = batch.counts;
    for (const std::uint64_t value : {c.enqueued, c.done, c.failed, c.dropped, c.filtered, c.overflowed, c.retried, batch.starts, std::uint64_t{batch.seeded}}) appendVarint(state, value);
    for (const auto& feed : s.feeds) {
      if (!feed.cut) continue;
      appendVarint(state, feed.place);
      appendVarint(state, static_cast<std::uint64_t>(feed.length));
    }
    if (!sweep)
      for (const std::uint64_t id : batch.ended) appendVarint(ended, id);
    int column = 0;
    for (const std::string* blob : {&std::as_const(state), &batch.prints, &std::as_const(ended)})
      sqlite3_bind_blob(s.group, ++column, blob->data(), static_cast<int>(blob->size()), SQLITE_STATIC);
    sqlite3_bind_int(s.group, 4, sweep);
    s.step(s.group);
    s.step(s.end);
    if (sweep) s.ended.clear();
    else s.ended.insert(s.ended.end(), batch.ended.begin(), batch.ended.end());
  } catch (...) {
    if (!sqlite3_get_autocommit(s.db)) {
      sqlite3_step(s.rollback);
      sqlite3_reset(s.rollback);
    }
    for (std::size_t i = 0; i < s.feeds.size(); ++i) {
      if (std::exchange(s.feeds[i].length, lengths[i]) == lengths[i] || !s.feeds[i].cut) continue;
      if (::ftruncate(s.feeds[i].file.number, lengths[i]) != 0) errno = 0;     // then the next attempt writes over it, or the next start cuts it
    }
    throw;
  }
}

void Journal::load(std::vector<LoadedRecord>& records) {
  State& s = *state_;
  for (LoadedRecord& record : records) {
    sqlite3_bind_int64(s.get, 1, static_cast<std::int64_t>(record.id));
    s.each(s.get, [&] { record.bytes = State::blob(s.get, 0); });
    if (record.bytes.empty()) s.damaged("a request that waits is missing");
  }
}

}  // namespace weft::crawler
