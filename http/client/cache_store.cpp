#include <weft/http/client/internal/cache_store.hpp>

#include <weft/core/log.hpp>
#include <weft/http/client/internal/cache_file.hpp>
#include <weft/http/internal/filtered_body.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/net/digest.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::http::detail {
namespace {

constexpr std::int64_t kOldTemporary = std::int64_t{3600} * 1'000'000'000;      // a file that nobody writes any more

std::int64_t systemTime() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct Found {
  std::optional<CachedEntry> entry;
  std::vector<std::string> removed;      // were not whole
};

// Looks at each variant of a key.
Found lookUp(const std::vector<std::string>& paths, const std::string& url, const std::string& session, const Headers& request) {
  Found found;
  for (const std::string& path : paths) {
    try {
      auto file = CacheFile::open(path);
      if (!file) continue;
      auto head = file->readHead();
      if (!head) {
        ::unlink(path.c_str());
        found.removed.push_back(path);
        continue;
      }
      if (head->url != url || head->session != session || !selects(*head, request)) continue;
      if (found.entry && found.entry->head.received >= head->received) continue;
      CachedEntry entry;
      entry.path = path;
      entry.head = std::move(*head);
      entry.bodyBytes = file->bodyBytes();
      if (!file->verifyBody()) {
        ::unlink(path.c_str());
        found.removed.push_back(path);
        continue;
      }
      if (entry.bodyBytes <= CacheStore::kWhole)
        entry.body = file->readBody(0, CacheStore::kWhole);
      else
        entry.file = file;
      file->touch();
      found.entry = std::move(entry);
    } catch (const std::system_error&) {                 // cannot be read: as if it were not there
    }
  }
  return found;
}

// Where a response of this head goes: in the place of one that it replaces, a free one, or the one that was used the longest ago.
std::string placeFor(const std::vector<std::string>& paths, const CachedHead& head) {
  std::string free, oldest;
  std::int64_t oldestTime = 0;
  for (const std::string& path : paths) {
    try {
      auto file = CacheFile::open(path);
      if (!file) {
        if (free.empty()) free = path;
        continue;
      }
      const auto there = file->readHead();
      if (!there || (there->url == head.url && there->session == head.session && there->varied == head.varied)) return path;
    } catch (const std::system_error&) {
    }
    struct stat status;
    if (::stat(path.c_str(), &status) != 0) continue;
    const std::int64_t used = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    if (oldest.empty() || used < oldestTime) {
      oldest = path;
      oldestTime = used;
    }
  }
  return free.empty() ? (oldest.empty() ? paths.front() : oldest) : free;
}

struct Seen {
  std::string path;
  std::uint64_t bytes;
  std::int64_t used;
};

std::vector<Seen> lookThrough(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<Seen> all;
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, ignored), end; !ignored && at != end; at.increment(ignored)) {
    const std::string path = at->path().string();
    struct stat status;
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    const std::int64_t used = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    if (at->path().filename().string().starts_with("tmp-")) {
      if (systemTime() - used > kOldTemporary) ::unlink(path.c_str());     // of a program that died
    } else if (at.depth() == 1) {
      all.push_back({path, static_cast<std::uint64_t>(status.st_size), used});
    }
  }
  return all;
}

}  // namespace

CacheStore::CacheStore(std::string folder, std::uint64_t maxBytes, std::uint64_t maxEntryBytes, Reactor* reactor)
    : folder_(std::move(folder)), maxBytes_(maxBytes), maxEntryBytes_(maxEntryBytes), reactor_(reactor) {
  std::filesystem::create_directories(folder_);
  if (::access(folder_.c_str(), R_OK | W_OK | X_OK) != 0) throw std::system_error(errno, std::generic_category(), folder_);
}

void CacheStore::open() {
  run([folder = folder_] { return lookThrough(folder); })
      .addCallback([self = shared_from_this()](std::vector<Seen> all) {
        for (Seen& seen : all) {
          if (!self->files_.try_emplace(std::move(seen.path), Kept{seen.bytes, seen.used}).second) continue;
          self->total_ += seen.bytes;
        }
        self->known_ = true;
        self->evict();
      })
      .addErrback([](const Failure& failure) { kCacheLog.warning("looking through the cache: ", failure); })
      .detach();
}

std::string CacheStore::keyOf(std::string_view url, std::string_view session) {
  return net::hexDigest(net::DigestKind::Sha256, std::string(session) + '\n' + std::string(url)).substr(0, 40);
}

std::string CacheStore::pathOf(const std::string& key, int variant) const { return folder_ + '/' + key.substr(0, 2) + '/' + key.substr(2) + '-' + std::to_string(variant); }

Deferred<std::optional<CachedEntry>> CacheStore::find(std::string url, std::string session, Headers request) {
  const std::string key = keyOf(url, session);
  std::vector<std::string> paths;
  for (int i = 0; i < kVariants; ++i) paths.push_back(pathOf(key, i));
  return run([paths = std::move(paths), url = std::move(url), session = std::move(session), request = std::move(request)] { return lookUp(paths, url, session, request); })
      .addCallback([self = shared_from_this()](Found found) {
        for (const std::string& path : found.removed) {
          ++self->corrupt_;
          self->noteGone(path);
        }
        if (found.entry)
          if (const auto kept = self->files_.find(found.entry->path); kept != self->files_.end()) kept->second.used = systemTime();
        return std::move(found.entry);
      });
}

Body CacheStore::bodyOf(CachedEntry& entry, const std::string& url) {
  if (!entry.file) return Body(std::move(entry.body));
  auto next = [self = shared_from_this(), file = entry.file, at = std::uint64_t{0}]() mutable -> Deferred<std::optional<std::string>> {
    if (at == file->bodyBytes()) return succeed(std::optional<std::string>());
    const std::uint64_t from = at;
    at += std::min<std::uint64_t>(Body::kReadAhead, file->bodyBytes() - at);
    return self->run([file, from] { return std::optional<std::string>(file->readBody(from, Body::kReadAhead)); });
  };
  return producedBody(std::move(next), url, entry.bodyBytes);
}

std::shared_ptr<CacheWriter> CacheStore::write() { return std::make_shared<CacheWriter>(shared_from_this()); }

void CacheStore::update(const std::string& path, CachedHead head) {
  run([path, head = std::move(head)]() -> std::uint64_t {
    const auto file = CacheFile::open(path, true);
    if (!file) return 0;
    const auto there = file->readHead();
    if (!there || there->url != head.url || there->session != head.session) return 0;      // another one came in its place
    file->finish(head);
    return file->size();
  })
      .addCallback([self = shared_from_this(), path](std::uint64_t bytes) {
        if (bytes > 0) self->noteWritten(path, bytes);
      })
      .addErrback([self = shared_from_this(), path](const Failure& failure) {
        self->noteWriteError(failure);
        self->remove(path);
      })
      .detach();
}

void CacheStore::remove(std::string path) {
  noteGone(path);
  run([path = std::move(path)] { ::unlink(path.c_str()); }).addErrback([](const Failure& failure) { kCacheLog.warning("removing a file of the cache: ", failure); }).detach();
}

void CacheStore::removeAll(const std::string& key) {
  for (int i = 0; i < kVariants; ++i) remove(pathOf(key, i));
}

void CacheStore::noteWritten(const std::string& path, std::uint64_t bytes) {
  noteGone(path);
  files_[path] = Kept{bytes, systemTime()};
  total_ += bytes;
  evict();
}

void CacheStore::noteGone(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return;
  total_ -= found->second.bytes;
  files_.erase(found);
}

void CacheStore::noteWriteError(const Failure& failure) {
  if (writeErrors_++ == 0) kCacheLog.warning("writing to the cache in ", folder_, ": ", failure, "; what cannot be written is not kept");
}

// A tenth more than needed goes at once, so that it is not all looked at for each new file.
void CacheStore::evict() {
  if (!known_ || total_ <= maxBytes_) return;
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [path, kept] : files_) order.emplace_back(kept.used, path);
  std::sort(order.begin(), order.end());
  const std::uint64_t wanted = maxBytes_ - maxBytes_ / 10;
  for (auto& [used, path] : order) {
    if (total_ <= wanted) break;
    ++evicted_;
    remove(std::move(path));
  }
}

// ---- writing

void CacheWriter::append(std::string_view piece) {
  if (failed_) return;
  size_ += piece.size();
  if (size_ > store_->maxEntryBytes_ || pending_.size() + piece.size() > kMaxPending) {
    failed_ = true;
    pending_ = std::string();
    if (!busy_) file_.reset();
    return;
  }
  pending_ += piece;
  if (pending_.size() >= kAtOnce) next();
}

void CacheWriter::commit(CachedHead head) {
  if (failed_) return;
  head_ = std::move(head);
  next();
}

void CacheWriter::next() {
  struct Written {
    std::shared_ptr<CacheFile> file;
    std::string path;                    // where it is now, if it was the end
    std::uint64_t bytes = 0;
  };
  if (busy_ || failed_ || (!head_ && pending_.size() < kAtOnce)) return;
  busy_ = true;
  std::vector<std::string> paths;
  if (head_) {
    const std::string key = CacheStore::keyOf(head_->url, head_->session);
    for (int i = 0; i < CacheStore::kVariants; ++i) paths.push_back(store_->pathOf(key, i));
  }
  store_->run([folder = store_->folder_, file = std::move(file_), piece = std::exchange(pending_, {}), head = std::exchange(head_, std::nullopt), paths = std::move(paths)]() mutable {
    Written written;
    if (!file) file = CacheFile::create(folder);
    file->append(piece);
    if (head) {
      file->finish(*head);
      written.bytes = file->size();
      written.path = placeFor(paths, *head);
      file->publish(written.path);
    } else {
      written.file = std::move(file);
    }
    return written;
  })
      .addBoth([self = shared_from_this()](Outcome<Written> outcome) {
        self->busy_ = false;
        if (!outcome) {
          self->failed_ = true;
          self->pending_ = std::string();
          self->store_->noteWriteError(outcome.failure());
        } else if (!outcome->path.empty()) {
          self->store_->noteWritten(outcome->path, outcome->bytes);
        } else if (!self->failed_) {
          self->file_ = std::move(outcome->file);
          self->next();
        }
      })
      .detach();
}

}  // namespace weft::http::detail
