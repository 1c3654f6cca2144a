#include <weft/crawler/pipelines/internal/stored_file.hpp>

#include <weft/http/file_error.hpp>
#include <weft/net/digest.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace weft::crawler::internal {

namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kLongestName = 200;              // of a file: what it is called while it is written has some letters more (NAME_MAX is 255)

struct Descriptor {
  explicit Descriptor(int number) noexcept : number(number) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  const int number;
};

std::string md5Of(int descriptor, const std::string& path) {
  net::RunningDigest digest(net::DigestKind::Md5);
  std::vector<char> piece(kPiece);
  for (;;) {
    const ssize_t count = ::read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw http::FileError("reading", path, errno);
    if (count == 0) return digest.hex();
    digest.update({piece.data(), static_cast<std::size_t>(count)});
  }
}

void makeFolder(const std::string& folder) {
  for (std::size_t end = folder.find('/', 1);; end = folder.find('/', end + 1)) {
    const std::string part = folder.substr(0, end);
    if (::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST) throw http::FileError("making the folder", part, errno);
    if (end == std::string::npos) return;
  }
}

}  // namespace

StoredFile lookAt(const std::string& path, std::chrono::duration<double> expires, Checksum checksum) {
  StoredFile file;
  const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.number < 0) {
    if (errno == ENOENT) return file;
    throw http::FileError("opening", path, errno);
  }
  struct stat facts {};
  if (::fstat(opened.number, &facts) != 0) throw http::FileError("opening", path, errno);
  if (!S_ISREG(facts.st_mode)) throw http::FileError("opening", path, S_ISDIR(facts.st_mode) ? EISDIR : EINVAL);
  if (facts.st_size == 0) {
    ::unlink(path.c_str());
    return file;
  }
  file.exists = true;
  file.size = static_cast<std::uint64_t>(facts.st_size);
  file.inode = facts.st_ino;
  file.changed = static_cast<std::int64_t>(facts.st_mtim.tv_sec) * 1'000'000'000 + facts.st_mtim.tv_nsec;
  const auto age = std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(file.changed);
  file.isFresh = age < expires;
  if (checksum == Checksum::kAlways || (checksum == Checksum::kIfFresh && file.isFresh)) file.checksum = md5Of(opened.number, path);
  return file;
}

void makeFolderFor(const std::string& path) {
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) makeFolder(path.substr(0, slash));
}

void prepareStore(const std::string& folder) {
  makeFolder(folder);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) throw http::FileError("writing to the folder", folder, errno);
}

std::string_view problemOfPath(std::string_view path) noexcept {
  if (path.empty()) return "is empty";
  if (path.front() == '/') return "is not relative";
  for (const char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "holds a control character";
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    if (name.empty() || name == "." || name == "..") return "has an empty part, or one that is . or ..";
    if (name.size() > kLongestName) return "has a name of more than 200 bytes";
    begin = end + 1;
  }
  return {};
}

}  // namespace weft::crawler::internal
