#include <weft/core/block_pool.hpp>

#include <array>
#include <mutex>
#include <vector>

namespace weft::detail {
namespace {

constexpr std::size_t kSlabBytes = 16 * 1024;

// Lists of threads that have ended, waiting for one that needs blocks. Never destroyed: threads may outlive static destruction.
struct Depot {
  std::mutex mutex;
  std::array<std::vector<FreeBlock*>, kBlockClasses + 1> lists;
  std::vector<void*> slabs;                            // keeps every slab reachable for leak checkers
};
Depot& depot() {
  static Depot* const instance = new Depot;
  return *instance;
}

// Its destructor hands the ending thread's lists to the depot.
struct ThreadExit {
  bool registered = false;
  ~ThreadExit() {
    Depot& d = depot();
    const std::lock_guard lock(d.mutex);
    for (std::size_t c = 1; c <= kBlockClasses; ++c) {
      if (freeBlocks[c]) d.lists[c].push_back(freeBlocks[c]);
      freeBlocks[c] = nullptr;
    }
  }
};
thread_local ThreadExit threadExit;

}  // namespace

void* refillBlocks(std::size_t blockClass) {
  threadExit.registered = true;
  Depot& d = depot();
  const std::size_t size = blockClass * kBlockGrain;
  const std::size_t count = kSlabBytes / size;
  std::byte* slab = nullptr;
  {
    const std::lock_guard lock(d.mutex);
    if (auto& inherited = d.lists[blockClass]; !inherited.empty()) {
      FreeBlock* list = inherited.back();
      inherited.pop_back();
      freeBlocks[blockClass] = list->next;
      return list;
    }
    d.slabs.push_back(nullptr);
    slab = static_cast<std::byte*>(::operator new(count * size));
    d.slabs.back() = slab;
  }
  FreeBlock* list = nullptr;
  for (std::size_t i = count; --i > 0;) list = new (slab + i * size) FreeBlock{list};
  freeBlocks[blockClass] = list;
  return slab;
}

void* allocateUnpooled(std::size_t size) { return ::operator new(size); }
void deallocateUnpooled(void* block, std::size_t) noexcept { ::operator delete(block); }

}  // namespace weft::detail
