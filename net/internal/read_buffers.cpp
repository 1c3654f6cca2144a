#include <weft/net/internal/read_buffers.hpp>

#include <algorithm>
#include <array>
#include <new>
#include <utility>
#include <vector>

namespace weft::net::detail {

namespace {

constexpr std::align_val_t kLine{64};

/// Strings of one capacity.
struct Class {
  std::size_t capacity;
  std::size_t most;                                    // how many may lie idle
  std::vector<std::string> spares{};
};

struct Spares {
  std::array<Class, 3> classes{Class{512, 64}, Class{8 * 1024, 32}, Class{2 * ReadBuffers::kSize, 8}};
  std::vector<ReadBuffer> raw;
  static constexpr std::size_t kMostRaw = 8;
};

// Connections may be destroyed after this thread's own objects.
thread_local bool gone = false;
thread_local struct Owner {
  Spares spares;
  ~Owner() { gone = true; }
} owner;

}  // namespace

void FreeReadBuffer::operator()(char* buffer) const noexcept { ::operator delete(buffer, kLine); }

ReadBuffer ReadBuffers::take() {
  if (gone || owner.spares.raw.empty()) return ReadBuffer(static_cast<char*>(::operator new(kSize, kLine)));
  ReadBuffer buffer = std::move(owner.spares.raw.back());
  owner.spares.raw.pop_back();
  return buffer;
}

void ReadBuffers::give(ReadBuffer buffer) noexcept {
  if (!buffer || gone || owner.spares.raw.size() >= Spares::kMostRaw) return;
  owner.spares.raw.push_back(std::move(buffer));
}

void ReadBuffers::makeRoom(std::string& buffer, std::size_t size) {
  if (size <= buffer.capacity()) return;
  if (!gone) {
    for (Class& one : owner.spares.classes) {
      if (size > one.capacity) continue;
      std::string larger;
      if (one.spares.empty()) {
        larger.reserve(one.capacity);
      } else {
        larger = std::move(one.spares.back());
        one.spares.pop_back();
      }
      larger.append(buffer);
      giveBack(buffer);
      buffer = std::move(larger);
      return;
    }
  }
  buffer.reserve(std::max(size, 2 * buffer.capacity()));
}

void ReadBuffers::giveBack(std::string& buffer) noexcept {
  static const std::size_t kInside = std::string().capacity();
  buffer.clear();
  if (buffer.capacity() <= kInside) return;
  if (!gone) {
    for (Class& one : owner.spares.classes) {
      if (buffer.capacity() != one.capacity) continue;
      if (one.spares.size() < one.most) one.spares.push_back(std::move(buffer));
      break;
    }
  }
  buffer = std::string();
}

}  // namespace weft::net::detail
