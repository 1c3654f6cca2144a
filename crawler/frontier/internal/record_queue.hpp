// RecordQueue: byte strings in a row, packed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace weft::crawler {

/// A queue or a stack of records in chunks of memory that grow from 128 bytes to 32 KiB: 4 bytes beside each record, and no pointer.
///
///     queue:  | chunk | -> | chunk | -> | chunk |        a record: | length | bytes |      taken from the first chunk
///     stack:  | chunk | <- | chunk | <- | chunk |        a record: | bytes | length |      taken from the last one
class RecordQueue {
 public:
  enum class Kind : std::uint8_t { Queue, Stack };

  explicit RecordQueue(Kind kind) noexcept : kind_(kind) {}
  RecordQueue(RecordQueue&& other) noexcept : kind_(other.kind_), first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)) {}
  RecordQueue& operator=(RecordQueue&&) = delete;
  ~RecordQueue() {
    while (first_) std::free(std::exchange(first_, first_->next));
  }

  bool empty() const noexcept { return !first_; }

  void push(std::string_view record) {
    const std::size_t needed = record.size() + kLength;
    if (!last_ || last_->capacity - last_->end < needed) addChunk(needed);
    char* at = data(last_) + last_->end;
    const auto length = static_cast<std::uint32_t>(record.size());
    std::memcpy(kind_ == Kind::Queue ? at : at + record.size(), &length, kLength);
    std::memcpy(kind_ == Kind::Queue ? at + kLength : at, record.data(), record.size());
    last_->end += static_cast<std::uint32_t>(needed);
  }

  /// The next record, while nothing is pushed or popped. Must not be empty.
  std::string_view top() const noexcept {
    std::uint32_t length;
    if (kind_ == Kind::Queue) {
      const char* at = data(first_) + first_->begin;
      std::memcpy(&length, at, kLength);
      return {at + kLength, length};
    }
    const char* end = data(last_) + last_->end - kLength;
    std::memcpy(&length, end, kLength);
    return {end - length, length};
  }

  void pop() noexcept {
    const auto taken = static_cast<std::uint32_t>(top().size() + kLength);
    Chunk* chunk = kind_ == Kind::Queue ? first_ : last_;
    if (kind_ == Kind::Queue) chunk->begin += taken;
    else chunk->end -= taken;
    if (chunk->begin != chunk->end) return;
    (chunk->previous ? chunk->previous->next : first_) = chunk->next;
    (chunk->next ? chunk->next->previous : last_) = chunk->previous;
    std::free(chunk);
  }

 private:
  struct Chunk {
    Chunk *previous, *next;
    std::uint32_t capacity, begin, end;
  };
  static constexpr std::size_t kLength = sizeof(std::uint32_t), kLeast = 128 - sizeof(Chunk), kMost = 32 * 1024 - sizeof(Chunk);
  static char* data(Chunk* chunk) noexcept { return reinterpret_cast<char*>(chunk + 1); }

  void addChunk(std::size_t needed) {
    const std::size_t usual = last_ ? std::min<std::size_t>(std::size_t{last_->capacity} * 2, kMost) : kLeast;
    const std::size_t capacity = std::max(usual, needed);
    auto* chunk = static_cast<Chunk*>(std::malloc(sizeof(Chunk) + capacity));
    if (!chunk) throw std::bad_alloc();
    *chunk = {last_, nullptr, static_cast<std::uint32_t>(capacity), 0, 0};
    (last_ ? last_->next : first_) = chunk;
    last_ = chunk;
  }

  const Kind kind_;
  Chunk *first_ = nullptr, *last_ = nullptr;
};

}  // namespace weft::crawler
