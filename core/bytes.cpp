#include <weft/core/bytes.hpp>

#include <functional>
#include <limits>
#include <stdexcept>

namespace weft {

void Bytes::append(BytesView content) {
  if (content.empty()) return;
  const std::byte* from = content.data();
  // std::less: comparing pointers into different blocks is else not defined.
  const bool ours = memory_ && !std::less<>()(from, memory_.get()) && std::less<>()(from, memory_.get() + capacity_);
  const std::size_t offset = ours ? static_cast<std::size_t>(from - data()) : 0;
  const std::span<std::byte> room = prepare(content.size());
  if (ours) from = data() + offset;
  std::memmove(room.data(), from, content.size());
  commit(content.size());
}

std::string Bytes::take(std::size_t count) {
  std::string taken(view().first(count).text());
  consume(count);
  return taken;
}

void Bytes::makeRoom(std::size_t count) {
  const std::size_t used = size();
  if (count > std::numeric_limits<std::size_t>::max() / 4 - used) throw std::length_error("a buffer of more bytes than there can be");
  if (capacity_ - used >= count && used <= capacity_ / 2) {
    std::memmove(memory_.get(), data(), used);
  } else {
    const std::size_t larger = std::max({capacity_ * 2, used + count, std::size_t{64}});
    auto memory = std::make_unique_for_overwrite<std::byte[]>(larger);
    if (used > 0) std::memcpy(memory.get(), data(), used);
    memory_ = std::move(memory);
    capacity_ = larger;
  }
  begin_ = 0;
  end_ = used;
}

}  // namespace weft
