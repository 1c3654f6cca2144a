#include <weft/core/mailbox.hpp>

namespace weft {
namespace {

using detail::MailNode;

// A page of nodes; its head takes the place of the first.
struct Page {
  static constexpr std::size_t kBytes = 4096;
  static constexpr std::uint32_t kNodes = kBytes / sizeof(MailNode) - 1;

  std::atomic<std::uint32_t> live{kNodes};             // nodes that were not freed

  static Page& of(MailNode* node) noexcept {
    return *reinterpret_cast<Page*>(reinterpret_cast<std::uintptr_t>(node) & ~std::uintptr_t{kBytes - 1});
  }
  void release(std::uint32_t nodes) noexcept {
    if (live.fetch_sub(nodes, std::memory_order_acq_rel) == nodes) ::operator delete(this, std::align_val_t{kBytes});
  }
};
static_assert(sizeof(Page) <= sizeof(MailNode));

// Linked nodes that nobody has used, the last one's next null.
MailNode* newPage() {
  auto* const memory = static_cast<std::byte*>(::operator new(Page::kBytes, std::align_val_t{Page::kBytes}));
  new (memory) Page;
  MailNode* list = nullptr;
  for (std::size_t i = Page::kNodes; i > 0; --i) {
    auto* const node = new (memory + i * sizeof(MailNode)) MailNode;
    node->next = list;
    list = node;
  }
  return list;
}

void freeNodes(MailNode* node) noexcept {
  while (node) {
    Page& page = Page::of(node);
    std::uint32_t count = 0;                           // of neighbours in the list that are neighbours in memory too
    for (; node && &Page::of(node) == &page; node = node->next) ++count;
    page.release(count);
  }
}

struct ThreadExit {
  bool registered = false;
  ~ThreadExit() { freeNodes(std::exchange(detail::spareMail, nullptr)); }
};
thread_local ThreadExit threadExit;

}  // namespace

Mailbox::~Mailbox() {
  while (!empty()) const Batch unrun(*this);           // a callable's destructor may post again
  freeNodes(spare_.load());
}

Mailbox::Node* Mailbox::refill() {
  threadExit.registered = true;
  Node* nodes = nullptr;
  if (spare_.load(std::memory_order_relaxed)) {
    spareCount_.store(0, std::memory_order_relaxed);
    nodes = spare_.exchange(nullptr, std::memory_order_acquire);
  }
  if (!nodes) nodes = newPage();
  detail::spareMail = nodes->next;
  return nodes;
}

void Mailbox::giveBack(Node* first, Node* last, std::size_t count) noexcept {
  const std::size_t have = spareCount_.load(std::memory_order_relaxed);
  const std::size_t room = have < kSpareLimit ? kSpareLimit - have : 0;
  Node* surplus = nullptr;
  if (count > room) {
    last->next = nullptr;
    surplus = first;
    if (room > 0) {
      for (std::size_t i = 1; i < room; ++i) surplus = surplus->next;
      last = std::exchange(surplus, surplus->next);
    }
    count = room;
  }
  if (count > 0) {
    spareCount_.fetch_add(count, std::memory_order_relaxed);
    push(first, last, spare_);
  }
  freeNodes(surplus);
}

Mailbox::Batch::Batch(Mailbox& mailbox) noexcept : mailbox_(mailbox) {
  Node* newest = mailbox.head_.exchange(nullptr, std::memory_order_acquire);
  while (newest) {
    Node* const older = newest->next;
    newest->next = next_;
    next_ = newest;
    newest = older;
  }
}

Mailbox::Batch::~Batch() {
  for (Node* node = next_; node; node = node->next) {
    node->act(*node, detail::MailNode::Action::Destroy);
    if (!firstUsed_) firstUsed_ = node;
    used_ = node;
    ++count_;
  }
  if (firstUsed_) mailbox_.giveBack(firstUsed_, used_, count_);
}

}  // namespace weft
