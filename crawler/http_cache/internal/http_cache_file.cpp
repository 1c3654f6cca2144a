#include <weft/crawler/http_cache/internal/http_cache_file.hpp>

#include <sqlite3.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <new>
#include <utility>

namespace weft::crawler::internal {

namespace {

constexpr int kVersion = 1;
constexpr int kApplication = 0x77656663;               // "wefc"
constexpr int kBusyTimeout = 5000;                     // milliseconds that another process may write
constexpr std::int64_t kUsedWithin = 3600;             // seconds: that a page was used is noted down no more often
constexpr std::size_t kFlushAt = 1024;                 // pages whose use is noted down together
constexpr std::size_t kMaxBody = 900 << 20;            // SQLite takes a billion bytes
constexpr std::size_t kWorthPacking = 256;             // smaller bodies are left as they are

constexpr char kSchema[] =
    "CREATE TABLE pages(id INTEGER PRIMARY KEY, print BLOB NOT NULL, varied TEXT NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL, status INT NOT NULL,"
    " requested INT NOT NULL, received INT NOT NULL, used INT NOT NULL, headers BLOB NOT NULL);"
    "CREATE UNIQUE INDEX pages_print ON pages(print, varied);"
    "CREATE INDEX pages_used ON pages(used);"
    "CREATE TABLE bodies(id INTEGER PRIMARY KEY, size INT NOT NULL, checksum INT NOT NULL, packed INT NOT NULL, body BLOB NOT NULL);"
    "CREATE TRIGGER page_removed AFTER DELETE ON pages BEGIN DELETE FROM bodies WHERE id = old.id; END;";

bool noRoom(int code) noexcept { return code == ENOSPC || code == EDQUOT || code == EFBIG; }

std::int64_t secondsOf(Date date) noexcept { return date.time_since_epoch().count(); }
Date dateOf(std::int64_t value) noexcept { return Date(std::chrono::seconds(value)); }

std::string_view bytesOf(const Fingerprint& print) noexcept { return {reinterpret_cast<const char*>(&print), sizeof print}; }

// Each field on a line: "name=value", or "name" for one that the request did not have.
std::string textOf(const CachedHead& head) {
  std::string text;
  for (const auto& [name, value] : head.varied) text += name + (value ? "=" + *value : std::string()) + '\n';
  return text;
}
void readVaried(std::string_view text, CachedHead& head) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    std::optional<std::string> value;
    if (equals != std::string_view::npos) value = line.substr(equals + 1);
    head.varied.emplace_back(line.substr(0, equals), std::move(value));
  }
}

// False when it is no block of fields.
bool readHeaders(std::string_view wire, http::Headers& headers) {
  while (!wire.empty()) {
    const std::size_t end = wire.find("\r\n"), colon = wire.find(':');
    if (end == std::string_view::npos || colon > end) return false;
    headers.add(wire.substr(0, colon), wire.substr(colon + 1, end - colon - 1));
    wire.remove_prefix(end + 2);
  }
  return true;
}

}  // namespace

struct HttpCacheFile::State {
  State(std::string path, std::uint64_t maxBytes, bool compress) : path(std::move(path)), maxBytes(maxBytes), compress(compress) {}
  ~State() {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
    sqlite3_close(db);
    ZSTD_freeCCtx(packer);
    ZSTD_freeDCtx(unpacker);
  }

  [[noreturn]] void fail(const char* doing) const {
    const int left = errno, code = sqlite3_errcode(db);
    const int system = sqlite3_system_errno(db) ? sqlite3_system_errno(db) : left;     // a COMMIT that fails leaves it in errno alone
    const std::string why = sqlite3_errmsg(db);
    if (code == SQLITE_FULL || (code == SQLITE_IOERR && noRoom(system))) throw HttpCacheFull("no room left on the disk for the cache " + path);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) damaged(why);
    throw HttpCacheError("cannot " + std::string(doing) + " the cache " + path + ": " + why + (system && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) ? " (" + std::string(std::strerror(system)) + ")" : "") +
                         "; HTTPCACHE_DIR names another folder for it");
  }
  [[noreturn]] void damaged(const std::string& why) const { throw HttpCacheError("the cache " + path + " is damaged (" + why + "): remove the file, and it is made anew"); }
  void run(const std::string& sql, const char* doing) const {
    if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(doing);
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) fail("read");
    statements.push_back(statement);
    return statement;
  }
  struct Reset {
    sqlite3_stmt* statement;
    ~Reset() { sqlite3_reset(statement); }
  };
  template <class F> void each(sqlite3_stmt* statement, F function, const char* doing = "read") const {
    const Reset reset{statement};
    int code;
    errno = 0;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) function();
    if (code != SQLITE_DONE) fail(doing);
  }
  void step(sqlite3_stmt* statement) const {
    each(statement, [] {}, "write");
  }
  std::int64_t number(sqlite3_stmt* statement) const {
    std::int64_t value = 0;
    each(statement, [&] { value = sqlite3_column_int64(statement, 0); });
    return value;
  }
  std::int64_t number(const char* sql) { return number(prepare(sql)); }
  static std::string_view blob(sqlite3_stmt* statement, int column) {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, column));
    return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
  }
  static void bind(sqlite3_stmt* statement, int place, std::int64_t value) { sqlite3_bind_int64(statement, place, value); }
  static void bindText(sqlite3_stmt* statement, int place, std::string_view text) { sqlite3_bind_text64(statement, place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8); }
  static void bindBlob(sqlite3_stmt* statement, int place, std::string_view bytes) {
    sqlite3_bind_blob64(statement, place, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);             // no pointer would be NULL
  }

  // Runs `function` in a transaction, which is taken back when it throws.
  template <class F> void inTransaction(F function) const {
    step(begin);
    try {
      function();
      step(end);
    } catch (...) {
      if (!sqlite3_get_autocommit(db)) {
        sqlite3_step(rollback);
        sqlite3_reset(rollback);
      }
      throw;
    }
  }

  std::string_view packed(std::string_view body) {
    if (!compress || body.size() < kWorthPacking) return body;
    if (!packer && !(packer = ZSTD_createCCtx())) throw std::bad_alloc();
    space.resize(ZSTD_compressBound(body.size()));
    const std::size_t size = ZSTD_compressCCtx(packer, space.data(), space.size(), body.data(), body.size(), 1);
    if (ZSTD_isError(size) || size > body.size() - body.size() / 10) return body;
    return std::string_view(space).substr(0, size);
  }
  std::string unpacked(std::string_view stored, std::size_t size, bool isPacked) {
    if (!isPacked) return std::string(stored);
    if (!unpacker && !(unpacker = ZSTD_createDCtx())) throw std::bad_alloc();
    std::string body(size, '\0');
    if (ZSTD_decompressDCtx(unpacker, body.data(), body.size(), stored.data(), stored.size()) != size) damaged("a body cannot be decompressed");
    return body;
  }

  void put(const PutPage& page, Date now) {
    if (page.body.size() > kMaxBody) return;
    const std::string varied = textOf(page.head);
    bindBlob(putPage, 1, bytesOf(page.print));
    bindText(putPage, 2, varied);
    bindText(putPage, 3, page.method);
    bindText(putPage, 4, page.head.url);
    bind(putPage, 5, page.head.status);
    bind(putPage, 6, secondsOf(page.head.requested));
    bind(putPage, 7, secondsOf(page.head.received));
    bind(putPage, 8, secondsOf(now));
    bindBlob(putPage, 9, page.head.headers.wire());
    std::int64_t id = 0;
    each(putPage, [&] { id = sqlite3_column_int64(putPage, 0); }, "write");
    const std::string_view stored = packed(page.body);
    bind(putBody, 1, id);
    bind(putBody, 2, static_cast<std::int64_t>(page.body.size()));
    bind(putBody, 3, static_cast<std::int64_t>(hash128(page.body).low));
    bind(putBody, 4, stored.data() != page.body.data());
    bindBlob(putBody, 5, stored);
    step(putBody);
    if (varied.empty()) return;
    bindBlob(cutVariants, 1, bytesOf(page.print));
    step(cutVariants);
  }
  void apply(const CacheChange& change, Date now) {
    if (const auto* page = std::get_if<PutPage>(&change)) return put(*page, now);
    if (const auto* page = std::get_if<FreshenPage>(&change)) {
      bind(freshen, 1, secondsOf(page->head.requested));
      bind(freshen, 2, secondsOf(page->head.received));
      bind(freshen, 3, secondsOf(now));
      bindBlob(freshen, 4, page->head.headers.wire());
      bind(freshen, 5, page->id);
      return step(freshen);
    }
    bindBlob(removePrint, 1, bytesOf(std::get<RemovePages>(change).print));
    step(removePrint);
  }
  void noteUsed(Date now) {
    for (const std::int64_t id : used) {
      bind(touch, 1, secondsOf(now));
      bind(touch, 2, id);
      step(touch);
    }
  }
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(number(pageCount) - number(freePages)) * pageSize; }
  // A twentieth more than needed goes at once.
  std::uint64_t evict() {
    std::uint64_t gone = 0;
    if (bytes() <= maxBytes) return 0;
    while (bytes() > maxBytes - maxBytes / 20) {
      step(removeOldest);
      const int removed = sqlite3_changes(db);
      if (removed == 0) break;
      gone += static_cast<std::uint64_t>(removed);
    }
    return gone;
  }

  const std::string path;
  const std::uint64_t maxBytes;
  const bool compress;
  std::uint64_t pageSize = 4096;
  sqlite3* db = nullptr;
  std::vector<sqlite3_stmt*> statements;
  sqlite3_stmt *begin, *end, *rollback, *get, *putPage, *putBody, *cutVariants, *freshen, *removePrint, *removeId, *removeOldest, *touch, *pageCount, *freePages;
  std::vector<std::int64_t> used;                      // whose use is to be noted down
  ZSTD_CCtx* packer = nullptr;
  ZSTD_DCtx* unpacker = nullptr;
  std::string space;
};

HttpCacheFile::HttpCacheFile(std::string path, std::uint64_t maxBytes, bool compress) : state_(std::make_unique<State>(std::move(path), maxBytes, compress)) {
  State& s = *state_;
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(s.path).parent_path(), error);
  if (error) throw HttpCacheError("cannot make the folder of the cache " + s.path + ": " + error.message() + "; HTTPCACHE_DIR names another one");
  if (sqlite3_open_v2(s.path.c_str(), &s.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK) s.fail("open");
  sqlite3_extended_result_codes(s.db, 0);
  sqlite3_busy_timeout(s.db, kBusyTimeout);
  // True when it is this program's, false when it is new.
  const auto isOurs = [&s] {
    const std::int64_t version = s.number("PRAGMA user_version"), application = s.number("PRAGMA application_id");
    if (s.number("SELECT count(*) FROM sqlite_schema") == 0) return false;
    if (application != kApplication) throw HttpCacheError(s.path + " is a database of another program: name another folder for the cache (HTTPCACHE_DIR)");
    if (version != kVersion) {
      throw HttpCacheError("the cache " + s.path + " is of version " + std::to_string(version) + ", and this weft reads version " + std::to_string(kVersion) +
                           ": remove the file, or name another folder (HTTPCACHE_DIR)");
    }
    return true;
  };
  if (!isOurs()) s.run("PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL", "make");
  s.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=20000000", "open");
  s.begin = s.prepare("BEGIN IMMEDIATE");
  s.end = s.prepare("COMMIT");
  s.rollback = s.prepare("ROLLBACK");
  s.inTransaction([&] {
    if (isOurs()) return;                              // now at the latest: another process may have made it
    s.run(kSchema, "make");
    s.run("PRAGMA user_version=" + std::to_string(kVersion) + "; PRAGMA application_id=" + std::to_string(kApplication), "make");
  });
  s.get = s.prepare("SELECT p.id, varied, url, status, requested, received, used, headers, size, checksum, packed, body FROM pages p JOIN bodies b ON b.id = p.id WHERE print=? ORDER BY received DESC, p.id DESC");
  s.putPage = s.prepare("INSERT INTO pages(print, varied, method, url, status, requested, received, used, headers) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(print, varied) DO UPDATE SET"
                        " method=excluded.method, url=excluded.url, status=excluded.status, requested=excluded.requested, received=excluded.received, used=excluded.used, headers=excluded.headers RETURNING id");
  s.putBody = s.prepare("INSERT OR REPLACE INTO bodies VALUES(?, ?, ?, ?, ?)");
  s.cutVariants = s.prepare(("DELETE FROM pages WHERE id IN (SELECT id FROM pages WHERE print=? ORDER BY received DESC, id DESC LIMIT -1 OFFSET " + std::to_string(kVariants) + ")").c_str());
  s.freshen = s.prepare("UPDATE pages SET requested=?, received=?, used=?, headers=? WHERE id=?");
  s.removePrint = s.prepare("DELETE FROM pages WHERE print=?");
  s.removeId = s.prepare("DELETE FROM pages WHERE id=?");
  s.removeOldest = s.prepare("DELETE FROM pages WHERE id IN (SELECT id FROM pages ORDER BY used, id LIMIT 16)");
  s.touch = s.prepare("UPDATE pages SET used=? WHERE id=?");
  s.pageCount = s.prepare("PRAGMA page_count");
  s.freePages = s.prepare("PRAGMA freelist_count");
  s.pageSize = static_cast<std::uint64_t>(s.number("PRAGMA page_size"));
  if (static_cast<std::uint64_t>(s.number(s.pageCount)) * s.pageSize > maxBytes) {     // it was allowed more
    s.inTransaction([&] { s.evict(); });
    s.run("PRAGMA incremental_vacuum", "write");
  }
}

HttpCacheFile::~HttpCacheFile() = default;

const std::string& HttpCacheFile::path() const noexcept { return state_->path; }

std::optional<CachedPage> HttpCacheFile::find(Fingerprint print, std::string_view origin, const http::Headers& fields, Date now) {
  State& s = *state_;
  std::optional<CachedPage> found;
  std::int64_t broken = 0;
  try {
    State::bindBlob(s.get, 1, bytesOf(print));
    s.each(s.get, [&] {
      if (found) return;
      CachedPage page;
      page.id = sqlite3_column_int64(s.get, 0);
      broken = page.id;
      readVaried(State::blob(s.get, 1), page.head);
      page.head.url = State::blob(s.get, 2);
      // A fingerprint can be forged by who writes the URLs: no site gets to answer for another.
      if (!std::string_view(page.head.url).starts_with(origin) || !http::detail::selects(page.head, fields)) return;
      page.head.status = sqlite3_column_int(s.get, 3);
      page.head.requested = dateOf(sqlite3_column_int64(s.get, 4));
      page.head.received = dateOf(sqlite3_column_int64(s.get, 5));
      const auto size = static_cast<std::uint64_t>(sqlite3_column_int64(s.get, 8));
      if (size > kMaxBody) s.damaged("a body has no size");
      page.body = s.unpacked(State::blob(s.get, 11), size, sqlite3_column_int(s.get, 10) != 0);
      if (page.body.size() != size || static_cast<std::int64_t>(hash128(page.body).low) != sqlite3_column_int64(s.get, 9)) s.damaged("a body is not what was written");
      if (!readHeaders(State::blob(s.get, 7), page.head.headers)) s.damaged("the fields of a response are not what was written");
      if (secondsOf(now) - sqlite3_column_int64(s.get, 6) > kUsedWithin) s.used.push_back(page.id);
      found = std::move(page);
    });
  } catch (const weft::Error& error) {
    if (broken == 0) throw;
    const std::string why = error.what();
    try {
      State::bind(s.removeId, 1, broken);
      s.step(s.removeId);
    } catch (const HttpCacheError&) {                  // then it is found broken again
    }
    throw HttpCacheError(why);
  }
  if (s.used.size() >= kFlushAt) noteUsed(now);
  return found;
}

std::uint64_t HttpCacheFile::change(const std::vector<CacheChange>& changes, Date now) {
  State& s = *state_;
  std::uint64_t evicted = 0;
  s.inTransaction([&] {
    s.noteUsed(now);
    for (const CacheChange& one : changes) s.apply(one, now);
    evicted = s.evict();
  });
  s.used.clear();
  return evicted;
}

void HttpCacheFile::noteUsed(Date now) {
  State& s = *state_;
  if (s.used.empty()) return;
  try {
    s.inTransaction([&] { s.noteUsed(now); });
  } catch (const HttpCacheError&) {                    // then they count as used less lately than they were
  }
  s.used.clear();
}

}  // namespace weft::crawler::internal
