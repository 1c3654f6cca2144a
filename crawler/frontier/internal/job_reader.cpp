#include <weft/crawler/frontier/internal/job_reader.hpp>

#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/frontier/internal/journal.hpp>
#include <weft/crawler/frontier/internal/request_codec.hpp>

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace weft::crawler {

namespace {

// Its folder, locked, and its database.
class Job {
 public:
  explicit Job(const std::string& folder) : folder_(folder), path_(folder + "/journal.db") {
    if (::access(path_.c_str(), R_OK) != 0) throw JournalError("there is no job in " + folder + ": " + path_ + ": " + std::strerror(errno));
    lock_ = ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) throw JournalError("cannot use the job folder " + folder + ": " + std::strerror(errno));
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      char text[32] = {};
      if (::pread(lock_, text, sizeof text - 1, 0) < 0) text[0] = 0;
      ::close(lock_);
      throw JobInUse(folder, std::strtol(text, nullptr, 10));
    }
    if (sqlite3_open_v2(path_.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK) fail();
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job() {
    sqlite3_close(db_);
    ::close(lock_);
  }

  // function(statement) for each row.
  template <class F> void each(const char* sql, F function) const {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &made, nullptr) != SQLITE_OK) fail();
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(made, &sqlite3_finalize);
    int code;
    while ((code = sqlite3_step(made)) == SQLITE_ROW) function(made);
    if (code != SQLITE_DONE) fail();
  }
  static std::string_view blob(sqlite3_stmt* statement, int column) {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, column));
    return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
  }

 private:
  [[noreturn]] void fail() const { throw JournalError("cannot read the journal " + path_ + ": " + sqlite3_errmsg(db_)); }

  std::string folder_, path_;
  int lock_ = -1;
  sqlite3* db_ = nullptr;
};

// Which callback a packed request names: the sixth thing of a record, see RequestCodec.
std::size_t callbackOf(std::string_view bytes) {
  if (!bytes.empty()) bytes.remove_prefix(1);
  for (int i = 0; i < 4; ++i) takeVarint(bytes);
  return static_cast<std::size_t>(takeVarint(bytes));
}

}  // namespace

JobFacts readJob(const std::string& folder, const http::Url& url) {
  const Job job(folder);
  std::int64_t application = 0, version = 0;
  job.each("PRAGMA application_id", [&](sqlite3_stmt* row) { application = sqlite3_column_int64(row, 0); });
  job.each("PRAGMA user_version", [&](sqlite3_stmt* row) { version = sqlite3_column_int64(row, 0); });
  Journal::requireReadable(folder + "/journal.db", application, version);
  JobFacts facts;
  const Fingerprint wanted = fingerprint(url);
  job.each("SELECT spider FROM job", [&](sqlite3_stmt* row) { facts.spider = Job::blob(row, 0); });
  job.each("SELECT path FROM feeds ORDER BY place", [&](sqlite3_stmt* row) { facts.feeds.emplace_back(Job::blob(row, 0)); });

  job.each("SELECT prints FROM groups", [&](sqlite3_stmt* row) {
    for (std::string_view prints = Job::blob(row, 0); prints.size() >= sizeof(Fingerprint); prints.remove_prefix(sizeof(Fingerprint))) {
      Fingerprint print;
      std::memcpy(&print, prints.data(), sizeof print);
      facts.seen = facts.seen || print == wanted;
    }
  });

  RequestCodec codec;                                  // that callbacks exist is enough: nobody calls them
  std::vector<std::string> names{""};
  job.each("SELECT kind, name FROM callbacks ORDER BY kind, place", [&](sqlite3_stmt* row) {
    if (sqlite3_column_int(row, 0) != 0) {
      codec.errbacks().emplace_back();
    } else {
      codec.callbacks().emplace_back();
      names.emplace_back(Job::blob(row, 1));
    }
  });

  std::vector<std::uint64_t> ended;
  job.each("SELECT ended FROM groups WHERE id > (SELECT coalesce(max(id), 0) FROM groups WHERE swept)", [&](sqlite3_stmt* row) {
    for (std::string_view ids = Job::blob(row, 0); !ids.empty();) ended.push_back(takeVarint(ids));
  });
  std::sort(ended.begin(), ended.end());
  job.each("SELECT id, data FROM requests ORDER BY id", [&](sqlite3_stmt* row) {
    const std::string_view bytes = Job::blob(row, 1);
    Request request = codec.decode(bytes);
    if (fingerprint(request) != wanted) return;
    const bool over = std::binary_search(ended.begin(), ended.end(), static_cast<std::uint64_t>(sqlite3_column_int64(row, 0)));
    if (facts.request && over && !facts.ended) return; // one that waits says more
    const std::size_t place = callbackOf(bytes);
    facts.callback = place < names.size() ? names[place] : std::string();
    facts.request = std::move(request);
    facts.ended = over;
  });

  job.each("SELECT url, cause, tries FROM failures", [&](sqlite3_stmt* row) {
    const auto failed = http::Url::tryParse(Job::blob(row, 0));
    if (failed && fingerprint(*failed) == wanted) facts.failure = JobFacts::Failure{std::string(Job::blob(row, 1)), sqlite3_column_int(row, 2)};
  });
  return facts;
}

}  // namespace weft::crawler
