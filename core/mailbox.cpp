#include <weft/core/mailbox.hpp>

namespace weft {
namespace {

void freeNodes(detail::MailNode* node) noexcept {
  while (node) delete std::exchange(node, node->next);
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
  if (!spare_.load(std::memory_order_relaxed)) return new Node;
  spareCount_.store(0, std::memory_order_relaxed);
  Node* const spare = spare_.exchange(nullptr, std::memory_order_acquire);
  if (!spare) return new Node;
  detail::spareMail = spare->next;
  return spare;
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
