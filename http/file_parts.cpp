#include <weft/http/internal/file_parts.hpp>

#include <weft/http/file_error.hpp>
#include <weft/http/internal/body_files.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace weft::http::detail {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::uint64_t kProbeEvery = 128 * 1024;      // what the system reads ahead, mostly

ssize_t readNow(int file, char* out, std::size_t bytes, std::uint64_t offset) noexcept {
  const iovec piece{out, bytes};
  return ::preadv2(file, &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
}

// Whether the system has these bytes in its memory. One call where it tells (cachestat(2), Linux 6.5); else a byte of each stretch that it reads ahead is asked for.
bool isCached(int file, std::uint64_t offset, std::uint64_t length) noexcept {
#ifdef __x86_64__
  constexpr long kCachestat = 451;                       // not in Debian 12's headers
  const struct {
    std::uint64_t offset, length;
  } range{offset, length};
  struct {
    std::uint64_t cached, dirty, writeback, evicted, recentlyEvicted;
  } pages{};
  static const std::uint64_t pageSize = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (::syscall(kCachestat, file, &range, &pages, 0) == 0) return pages.cached == (offset + length - 1) / pageSize - offset / pageSize + 1;
#endif
  char byte;
  for (std::uint64_t at = 0; at < length; at += kProbeEvery)
    if (readNow(file, &byte, 1, offset + at) < 0) return false;
  return readNow(file, &byte, 1, offset + length - 1) >= 0;
}

// Blocks. Less than `bytes` only at the file's end.
std::size_t readAll(int file, char* out, std::size_t bytes, std::uint64_t offset, const std::string& name) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = ::pread(file, out + done, bytes - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw FileError("reading", name, errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

std::uint64_t lengthOf(const std::vector<FilePart>& parts, const std::string& end) noexcept {
  std::uint64_t length = end.size();
  for (const FilePart& part : parts) length += part.before.size() + part.length;
  return length;
}

}  // namespace

bool readAtOnce(const net::FileDescriptor& file, std::uint64_t offset, std::size_t bytes, std::string& out) {
  out.resize(bytes);
  return bytes == 0 || readNow(file.get(), out.data(), bytes, offset) == static_cast<ssize_t>(bytes);
}

FileParts::FileParts(net::FileDescriptor file, std::string name, std::vector<FilePart> parts, std::string end)
    : file_(std::make_shared<const net::FileDescriptor>(std::move(file))), name_(std::move(name)), parts_(std::move(parts)), end_(std::move(end)),
      length_(lengthOf(parts_, end_)) {}

std::shared_ptr<FileParts> FileParts::whole(const std::string& path) {
  net::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw FileError("opening", path, errno);
  struct stat facts {};
  int error = ::fstat(file.get(), &facts) == 0 ? 0 : errno;
  if (error == 0 && S_ISDIR(facts.st_mode)) error = EISDIR;
  if (error == 0 && !S_ISREG(facts.st_mode)) error = ESPIPE;      // it has no length
  if (error != 0) throw FileError("opening", path, error);
  std::vector<FilePart> all(1);
  all.front().length = static_cast<std::uint64_t>(facts.st_size);
  return std::make_shared<FileParts>(std::move(file), path, std::move(all));
}

AsyncGenerator<std::string> FileParts::pieces(std::shared_ptr<const FileParts> self) {
  for (const FilePart& part : self->parts_) {
    std::string before = part.before;
    if (!before.empty()) co_yield std::move(before);
    for (std::uint64_t done = 0; done < part.length;) {
      const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, part.length - done));
      const std::uint64_t offset = part.offset + done;
      std::string piece;
      if (!readAtOnce(*self->file_, offset, wanted, piece)) {
        auto reading = onFileThread([self, offset, wanted] {
          std::string bytes(wanted, '\0');
          bytes.resize(readAll(self->file_->get(), bytes.data(), wanted, offset, self->name_));
          return bytes;
        });
        piece = co_await reading;
        if (piece.empty()) co_return;                  // it has become shorter: whoever sends it notices
      }
      done += piece.size();
      co_yield std::move(piece);
    }
  }
  std::string end = self->end_;
  if (!end.empty()) co_yield std::move(end);
}

Deferred<> FileParts::fetch(std::uint64_t offset, std::uint64_t length) const {
  if (length == 0 || isCached(file_->get(), offset, length)) return succeed();
  return onFileThread([self = shared_from_this(), offset, length] {
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(length, kPiece)), '\0');
    for (std::uint64_t at = 0; at < length; at += bytes.size()) readAll(self->file_->get(), bytes.data(), bytes.size(), offset + at, self->name_);
  });
}

}  // namespace weft::http::detail
