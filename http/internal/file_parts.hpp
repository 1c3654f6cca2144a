// FileParts: a body made of parts of one open file.
#pragma once

#include <weft/http/body_source.hpp>
#include <weft/net/file_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::http::detail {

/// One part of a file, and what goes before it: the head of a part of multipart/byteranges.
struct FilePart {
  std::string before;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Parts of one file, in order, and an end. Read piece by piece (chunks()), or sent by the system itself: whoever sends it may ask what it consists of. What is not in the system's memory is
/// read on a thread for files. Errors: FileError; a file that has become shorter ends too soon.
class FileParts final : public BodySource, public std::enable_shared_from_this<FileParts> {
 public:
  /// `name` is for errors.
  FileParts(net::FileDescriptor file, std::string name, std::vector<FilePart> parts, std::string end = {});
  /// A regular file from its first byte to its last, as long as it is now. Blocks; throws FileError.
  static std::shared_ptr<FileParts> whole(const std::string& path);

  Deferred<Length> open() override { return succeed(Length(length_)); }
  AsyncGenerator<std::string> chunks() override { return pieces(shared_from_this()); }
  bool isRepeatable() const noexcept override { return true; }

  std::uint64_t length() const noexcept { return length_; }
  const std::shared_ptr<const net::FileDescriptor>& file() const noexcept { return file_; }
  const std::vector<FilePart>& parts() const noexcept { return parts_; }
  const std::string& end() const noexcept { return end_; }

  /// Fires once these bytes are in the system's memory: at once, where they are. Then they can be sent without waiting for a disk.
  Deferred<> fetch(std::uint64_t offset, std::uint64_t length) const;

 private:
  static AsyncGenerator<std::string> pieces(std::shared_ptr<const FileParts> self);

  const std::shared_ptr<const net::FileDescriptor> file_;
  const std::string name_;
  const std::vector<FilePart> parts_;
  const std::string end_;
  std::uint64_t length_;
};

/// What `source` consists of, if that is parts of a file and it is open, so that a transport may send them by itself; null for every other one.
std::shared_ptr<const FileParts> filePartsOf(const std::shared_ptr<BodySource>& source);

/// Reads what the system has in memory, without waiting: true, if that were all `bytes` of them.
bool readAtOnce(const net::FileDescriptor& file, std::uint64_t offset, std::size_t bytes, std::string& out);

}  // namespace weft::http::detail
