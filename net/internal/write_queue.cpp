#include <weft/net/internal/write_queue.hpp>

#include <weft/net/internal/socket_loop.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <sys/uio.h>

namespace weft::net::detail {

WriteQueue::~WriteQueue() { clear(nullptr); }

void WriteQueue::append(std::string_view data, SocketLoop& loop) {
  while (!data.empty()) {
    Piece* last = first_ < pieces_.size() ? &pieces_.back() : nullptr;
    if (!last || !last->block || last->end == SocketLoop::kBlock) {
      last = &pieces_.emplace_back();
      last->block = loop.takeBlock();
    }
    const std::size_t count = std::min(data.size(), SocketLoop::kBlock - last->end);
    std::memcpy(last->block + last->end, data.data(), count);
    last->end += count;
    size_ += count;
    data.remove_prefix(count);
  }
}

void WriteQueue::appendOwned(std::string data, std::size_t sent, SocketLoop& loop) {
  if (data.size() - sent < kKeepOwned) {
    append(std::string_view(data).substr(sent), loop);
    return;
  }
  Piece& piece = pieces_.emplace_back();
  piece.begin = sent;
  piece.end = data.size();
  size_ += piece.end - piece.begin;
  piece.owned = std::move(data);
}

std::size_t WriteQueue::gather(iovec* pieces, std::size_t limit) const noexcept {
  const std::size_t count = std::min(limit, pieces_.size() - first_);
  for (std::size_t i = 0; i < count; ++i) {
    const Piece& piece = pieces_[first_ + i];
    pieces[i].iov_base = const_cast<char*>(piece.data() + piece.begin);
    pieces[i].iov_len = piece.end - piece.begin;
  }
  return count;
}

void WriteQueue::consume(std::size_t bytes, SocketLoop& loop) noexcept {
  size_ -= bytes;
  while (bytes > 0) {
    Piece& piece = pieces_[first_];
    const std::size_t count = std::min(bytes, piece.end - piece.begin);
    piece.begin += count;
    bytes -= count;
    if (piece.begin < piece.end) break;
    release(piece, &loop);
    ++first_;
  }
  if (first_ == pieces_.size()) {
    pieces_.clear();                                   // keeps its memory
    first_ = 0;
  } else if (first_ > 64 && first_ > pieces_.size() / 2) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void WriteQueue::clear(SocketLoop* loop) noexcept {
  for (std::size_t i = first_; i < pieces_.size(); ++i) release(pieces_[i], loop);
  pieces_ = {};
  first_ = size_ = 0;
}

void WriteQueue::release(Piece& piece, SocketLoop* loop) noexcept {
  if (char* const block = std::exchange(piece.block, nullptr)) {
    if (loop) loop->giveBlock(block);
    else delete[] block;
  }
  piece.owned = {};
}

}  // namespace weft::net::detail
