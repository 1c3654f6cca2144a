#include <weft/net/internal/write_queue.hpp>

#include <weft/net/internal/socket_loop.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <sys/uio.h>

namespace weft::net::detail {

WriteQueue::~WriteQueue() { clear(nullptr); }

WriteQueue::Pieces& WriteQueue::pieces() {
  if (!pieces_) pieces_ = std::make_unique<Pieces>();
  return *pieces_;
}

void WriteQueue::append(std::string_view data, SocketLoop& loop) {
  if (data.empty()) return;
  Pieces& pieces = this->pieces();
  pieces.bytes += data.size();
  while (!data.empty()) {
    Piece* last = pieces.first < pieces.all.size() ? &pieces.all.back() : nullptr;
    if (!last || !last->block || last->end == SocketLoop::kBlock) {
      last = &pieces.all.emplace_back();
      last->block = loop.takeBlock();
    }
    const std::size_t count = std::min(data.size(), SocketLoop::kBlock - last->end);
    std::memcpy(last->block + last->end, data.data(), count);
    last->end += count;
    data.remove_prefix(count);
  }
}

void WriteQueue::appendOwned(std::string data, std::size_t sent, SocketLoop& loop) {
  if (data.size() - sent < kKeepOwned) {
    append(std::string_view(data).substr(sent), loop);
    return;
  }
  Piece& piece = pieces().all.emplace_back();
  piece.begin = sent;
  piece.end = data.size();
  pieces_->bytes += piece.end - piece.begin;
  piece.owned = std::move(data);
}

void WriteQueue::appendFile(std::shared_ptr<const FileDescriptor> file, std::uint64_t offset, std::uint64_t length) {
  Piece& piece = pieces().all.emplace_back();
  piece.file = std::move(file);
  piece.begin = offset;
  piece.end = offset + length;
  pieces_->bytes += length;
  pieces_->fileBytes += length;
}

WriteQueue::FilePart WriteQueue::firstFile() const noexcept {
  if (!pieces_) return {};
  const Piece& piece = pieces_->all[pieces_->first];
  return {piece.file.get(), piece.begin, piece.end - piece.begin};
}

std::size_t WriteQueue::gather(iovec* pieces, std::size_t limit) const noexcept {
  if (!pieces_) return 0;
  const std::size_t count = std::min(limit, pieces_->all.size() - pieces_->first);
  for (std::size_t i = 0; i < count; ++i) {
    const Piece& piece = pieces_->all[pieces_->first + i];
    if (piece.file) return i;
    pieces[i].iov_base = const_cast<char*>(piece.data() + piece.begin);
    pieces[i].iov_len = piece.end - piece.begin;
  }
  return count;
}

void WriteQueue::consume(std::size_t bytes, SocketLoop& loop) noexcept {
  if (bytes == 0) return;
  auto& [all, first, left, inFiles] = *pieces_;
  left -= bytes;
  while (bytes > 0) {
    Piece& piece = all[first];
    const std::size_t count = std::min(bytes, piece.end - piece.begin);
    piece.begin += count;
    bytes -= count;
    if (piece.file) inFiles -= count;
    if (piece.begin < piece.end) break;
    release(piece, &loop);
    ++first;
  }
  if (first == all.size()) {
    pieces_.reset();
  } else if (first > 64 && first > all.size() / 2) {
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
    first = 0;
  }
}

void WriteQueue::clear(SocketLoop* loop) noexcept {
  if (!pieces_) return;
  for (std::size_t i = pieces_->first; i < pieces_->all.size(); ++i) release(pieces_->all[i], loop);
  pieces_.reset();
}

void WriteQueue::release(Piece& piece, SocketLoop* loop) noexcept {
  if (char* const block = std::exchange(piece.block, nullptr)) {
    if (loop) loop->giveBlock(block);
    else delete[] block;
  }
  piece.owned = {};
  piece.file.reset();
}

}  // namespace weft::net::detail
