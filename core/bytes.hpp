// Bytes and BytesView: data on its way from and to sockets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace weft {

/// Bytes that somebody else owns. Text, std::span and Bytes turn into one by themselves, and it turns into std::string_view and std::span.
class BytesView {
 public:
  static constexpr std::size_t npos = std::string_view::npos;

  constexpr BytesView() noexcept = default;
  constexpr BytesView(std::string_view text) noexcept : text_(text) {}
  constexpr BytesView(const char* text) noexcept : text_(text) {}
  BytesView(const std::string& text) noexcept : text_(text) {}
  BytesView(const void* data, std::size_t size) noexcept : text_(static_cast<const char*>(data), size) {}
  BytesView(std::span<const std::byte> bytes) noexcept : BytesView(bytes.data(), bytes.size()) {}

  const std::byte* data() const noexcept { return reinterpret_cast<const std::byte*>(text_.data()); }
  constexpr std::size_t size() const noexcept { return text_.size(); }
  constexpr bool empty() const noexcept { return text_.empty(); }
  std::byte operator[](std::size_t at) const noexcept { return data()[at]; }

  constexpr std::string_view text() const noexcept { return text_; }
  std::span<const std::byte> span() const noexcept { return {data(), size()}; }
  constexpr operator std::string_view() const noexcept { return text_; }
  operator std::span<const std::byte>() const noexcept { return span(); }

  /// The first `count` bytes, or all.
  constexpr BytesView first(std::size_t count) const noexcept { return text_.substr(0, count); }
  /// All but the first `count` bytes.
  constexpr BytesView from(std::size_t count) const noexcept { return text_.substr(std::min(count, text_.size())); }
  /// Where `what` begins, at `start` or later; npos if nowhere.
  constexpr std::size_t find(BytesView what, std::size_t start = 0) const noexcept { return text_.find(what.text_, start); }
  constexpr std::size_t find(char what, std::size_t start = 0) const noexcept { return text_.find(what, start); }

  constexpr bool operator==(const BytesView&) const noexcept = default;

 private:
  std::string_view text_;
};

/// A buffer that is filled at its end and read from its front:
///
///     | read already | view()          | room            |
///     0              begin             end               capacity
///
/// Taking from the front moves an index only. Room is made by moving what is left to the front where that moves little, and by doubling otherwise, so a byte
/// is moved once or twice however it comes in. Any change ends the views handed out before. It grows as far as it is asked to: the caller sets the bound.
///
///     std::span<std::byte> room = buffer.prepare(4096);
///     buffer.commit(socket.read(room));
///     if (auto end = buffer.view().find('\n'); end != BytesView::npos) { line(buffer.text().substr(0, end)); buffer.consume(end + 1); }
class Bytes {
 public:
  Bytes() noexcept = default;
  explicit Bytes(BytesView content) { append(content); }
  Bytes(Bytes&& other) noexcept
      : memory_(std::move(other.memory_)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    if (this != &other) {
      memory_ = std::move(other.memory_);
      begin_ = std::exchange(other.begin_, 0);
      end_ = std::exchange(other.end_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  Bytes(const Bytes&) = delete;                        // a copy is said: Bytes(other.view())
  Bytes& operator=(const Bytes&) = delete;

  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::byte* data() noexcept { return memory_.get() + begin_; }
  const std::byte* data() const noexcept { return memory_.get() + begin_; }

  BytesView view() const noexcept { return BytesView(data(), size()); }
  std::string_view text() const noexcept { return view().text(); }
  operator BytesView() const noexcept { return view(); }
  std::size_t find(BytesView what, std::size_t start = 0) const noexcept { return view().find(what, start); }

  /// Adds a copy at the end. `content` may be part of this buffer. Throws std::bad_alloc, std::length_error.
  void append(BytesView content);

  /// Room for `count` bytes or more behind the end, uninitialised: write there, then commit() what was written. Throws as append().
  std::span<std::byte> prepare(std::size_t count) {
    if (capacity_ - end_ < count) makeRoom(count);
    return {memory_.get() + end_, capacity_ - end_};
  }
  /// The first `count` bytes of the room are content now.
  void commit(std::size_t count) noexcept { end_ += std::min(count, capacity_ - end_); }

  /// Takes `count` bytes from the front, or all.
  void consume(std::size_t count) noexcept {
    begin_ += std::min(count, size());
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Takes `count` bytes, or all, from the front as a string.
  std::string take(std::size_t count = BytesView::npos);

  /// Empties it and keeps the memory for more.
  void clear() noexcept { begin_ = end_ = 0; }
  /// Empties it and gives the memory back.
  void release() noexcept {
    clear();
    memory_.reset();
    capacity_ = 0;
  }

 private:
  void makeRoom(std::size_t count);

  std::unique_ptr<std::byte[]> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace weft
