#include <weft/http/client/internal/cache_file.hpp>

#include <weft/http/percent_encoding.hpp>
#include <weft/net/digest.hpp>

#include <zlib.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::http::detail {
namespace {

constexpr std::size_t kMaxHead = 1024 * 1024;            // more is no head that was written here

// The end of every file, as it lies in memory: another machine's files have another mark.
struct Footer {
  std::uint64_t headBytes;
  std::uint64_t bodyBytes;
  std::uint32_t headChecksum;
  std::uint32_t bodyChecksum;
  std::uint64_t mark;
};
constexpr std::uint64_t kMark = 0x3148434143544657;      // "WFTCACH1"

std::uint32_t checksum(std::string_view bytes, std::uint32_t before = 0) {
  return static_cast<std::uint32_t>(crc32_z(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// A head as text, a line each; the fields come last, as they are on the wire.
std::string serialized(const CachedHead& head) {
  std::string text = head.url + '\n' + percentEncode(head.session) + '\n';
  for (const std::int64_t number : {std::int64_t{head.status}, std::int64_t{head.minorVersion}, std::int64_t{head.requested.time_since_epoch().count()},
                                    std::int64_t{head.received.time_since_epoch().count()}, static_cast<std::int64_t>(head.varied.size())})
    text += std::to_string(number) + '\n';
  text += percentEncode(head.reason) + '\n';
  for (const auto& [name, value] : head.varied) text += name + (value ? "=" + *value : std::string()) + '\n';
  return text += head.headers.wire();
}

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}
  std::string_view line(std::string_view end = "\n") {
    const std::size_t at = text_.find(end);
    if (at == std::string_view::npos) {
      good_ = false;
      return std::exchange(text_, {});
    }
    const std::string_view result = text_.substr(0, at);
    text_.remove_prefix(at + end.size());
    return result;
  }
  std::int64_t number() {
    const std::string_view text = line();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) good_ = false;
    return value;
  }
  bool atEnd() const noexcept { return text_.empty(); }
  bool good() const noexcept { return good_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

std::optional<CachedHead> parsed(std::string_view text) {
  LineReader reader(text);
  CachedHead head;
  head.url = reader.line();
  head.session = percentDecode(reader.line());
  head.status = static_cast<int>(reader.number());
  head.minorVersion = static_cast<int>(reader.number());
  head.requested = Date(std::chrono::seconds(reader.number()));
  head.received = Date(std::chrono::seconds(reader.number()));
  const std::int64_t varied = reader.number();
  head.reason = percentDecode(reader.line());
  for (std::int64_t i = 0; i < varied && reader.good(); ++i) {
    const std::string_view line = reader.line();
    const std::size_t equals = line.find('=');
    std::optional<std::string> value;
    if (equals != std::string_view::npos) value = line.substr(equals + 1);
    head.varied.emplace_back(line.substr(0, equals), std::move(value));
  }
  while (!reader.atEnd() && reader.good()) {
    const std::string_view line = reader.line("\r\n");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    head.headers.add(line.substr(0, colon), line.substr(colon + 1));
  }
  if (!reader.good()) return std::nullopt;
  return head;
}

}  // namespace

std::shared_ptr<CacheFile> CacheFile::create(const std::string& folder) {
  std::string name = folder + "/tmp-" + net::toHex(net::randomBytes(12));
  const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) fail("opening a file of the cache");
  std::shared_ptr<CacheFile> file(new CacheFile(descriptor));
  file->temporary_ = std::move(name);
  return file;
}

std::shared_ptr<CacheFile> CacheFile::open(const std::string& path, bool toWrite) {
  const int descriptor = ::open(path.c_str(), (toWrite ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (descriptor >= 0) return std::shared_ptr<CacheFile>(new CacheFile(descriptor));
  if (errno == ENOENT || errno == ENOTDIR) return nullptr;
  fail("opening a file of the cache");
}

CacheFile::~CacheFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  ::close(descriptor_);
}

void CacheFile::writeAt(std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("writing to a file of the cache");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
}

bool CacheFile::readAt(char* to, std::size_t count, std::uint64_t at) {
  while (count > 0) {
    const ssize_t got = ::pread(descriptor_, to, count, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("reading a file of the cache");
    if (got == 0) return false;
    to += got;
    count -= static_cast<std::size_t>(got);
    at += static_cast<std::uint64_t>(got);
  }
  return true;
}

void CacheFile::append(std::string_view piece) {
  writeAt(piece, bodyBytes_);
  bodyBytes_ += piece.size();
  bodyChecksum_ = checksum(piece, bodyChecksum_);
}

void CacheFile::finish(const CachedHead& head) {
  std::string end = serialized(head);
  Footer footer{end.size(), bodyBytes_, checksum(end), bodyChecksum_, kMark};
  end.append(reinterpret_cast<const char*>(&footer), sizeof footer);
  writeAt(end, bodyBytes_);
  if (::ftruncate(descriptor_, static_cast<off_t>(bodyBytes_ + end.size())) != 0) fail("cutting a file of the cache");
}

void CacheFile::publish(const std::string& path) {
  if (::mkdir(path.substr(0, path.rfind('/')).c_str(), 0700) != 0 && errno != EEXIST) fail("making a folder of the cache");
  if (::rename(temporary_.c_str(), path.c_str()) != 0) fail("renaming a file of the cache");
  temporary_.clear();
}

std::uint64_t CacheFile::size() const {
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) fail("asking for the size of a file of the cache");
  return static_cast<std::uint64_t>(status.st_size);
}

std::optional<CachedHead> CacheFile::readHead() {
  const std::uint64_t all = size();
  Footer footer;
  if (all < sizeof footer || !readAt(reinterpret_cast<char*>(&footer), sizeof footer, all - sizeof footer)) return std::nullopt;
  if (footer.mark != kMark || footer.headBytes > kMaxHead || footer.bodyBytes > all || footer.bodyBytes + footer.headBytes + sizeof footer != all) return std::nullopt;
  std::string text(footer.headBytes, '\0');
  if (!readAt(text.data(), text.size(), footer.bodyBytes) || checksum(text) != footer.headChecksum) return std::nullopt;
  bodyBytes_ = footer.bodyBytes;
  bodyChecksum_ = footer.bodyChecksum;
  try {
    return parsed(text);
  } catch (const HeaderError&) {
    return std::nullopt;
  }
}

bool CacheFile::verifyBody() {
  std::uint32_t sum = 0;
  std::string piece(std::min<std::uint64_t>(bodyBytes_, 64 * 1024), '\0');
  for (std::uint64_t at = 0; at < bodyBytes_; at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(piece.size(), bodyBytes_ - at));
    if (!readAt(piece.data(), piece.size(), at)) return false;
    sum = checksum(piece, sum);
  }
  return sum == bodyChecksum_;
}

std::string CacheFile::readBody(std::uint64_t at, std::size_t most) {
  std::string piece(std::min<std::uint64_t>(most, bodyBytes_ - at), '\0');
  errno = EIO;
  if (!readAt(piece.data(), piece.size(), at)) fail("reading a file of the cache, which has become shorter");
  return piece;
}

void CacheFile::touch() noexcept { ::futimens(descriptor_, nullptr); }

}  // namespace weft::http::detail
