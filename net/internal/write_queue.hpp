// Bytes that the socket did not take at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct iovec;

namespace weft::net {
class FileDescriptor;
}

namespace weft::net::detail {

class SocketLoop;

/// A queue of bytes in pieces: copies in recycled blocks, and strings that were given. Gathered for sendmsg without being moved again. Most sockets take most writes
/// at once, so an empty queue is one null pointer.
class WriteQueue {
 public:
  static constexpr std::size_t kKeepOwned = 4096;      // shorter strings are copied, so that small writes share a block

  WriteQueue() = default;
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;
  ~WriteQueue();

  std::size_t size() const noexcept { return pieces_ ? pieces_->bytes : 0; }
  /// Without what is still in files.
  std::size_t inMemory() const noexcept { return pieces_ ? pieces_->bytes - pieces_->fileBytes : 0; }
  bool empty() const noexcept { return !pieces_; }

  void append(std::string_view data, SocketLoop& loop);
  /// Without the first `sent` bytes.
  void appendOwned(std::string data, std::size_t sent, SocketLoop& loop);
  void appendFile(std::shared_ptr<const FileDescriptor> file, std::uint64_t offset, std::uint64_t length);
  /// What comes first, if it is (the rest of) a part of a file.
  struct FilePart {
    const FileDescriptor* file = nullptr;              // null: it is in memory
    std::uint64_t offset = 0, length = 0;
  };
  FilePart firstFile() const noexcept;
  /// The first pieces, at most `limit` of them and none behind a file. Gives how many.
  std::size_t gather(iovec* pieces, std::size_t limit) const noexcept;
  /// Forgets the first `bytes`.
  void consume(std::size_t bytes, SocketLoop& loop) noexcept;
  void clear(SocketLoop* loop) noexcept;

 private:
  struct Piece {
    char* block = nullptr;                             // or null: `owned`, or a file's bytes
    std::string owned;
    std::shared_ptr<const FileDescriptor> file;
    std::size_t begin = 0;                             // of the file: offsets
    std::size_t end = 0;
    const char* data() const noexcept { return block ? block : owned.data(); }
  };
  struct Pieces {
    std::vector<Piece> all;
    std::size_t first = 0;                             // pieces before this one have been sent
    std::size_t bytes = 0;
    std::size_t fileBytes = 0;
  };
  Pieces& pieces();
  static void release(Piece& piece, SocketLoop* loop) noexcept;

  std::unique_ptr<Pieces> pieces_;                     // null when there are none
};

}  // namespace weft::net::detail
