// Mailbox: calls that any thread posts and one thread runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace weft {

namespace detail {

/// One posted call. All nodes are of one size (a cache line), so they can be used again for any call; larger callables are boxed.
struct alignas(64) MailNode {
  enum class Action : std::uint8_t { Call, Destroy, Describe };
  static constexpr std::size_t kInline = 48;

  MailNode* next;
  // Call runs the callable and destroys it, also when it throws; Describe gives its type.
  const std::type_info* (*act)(MailNode&, Action);
  alignas(16) std::byte storage[kInline];
};

// Used nodes that this thread took back from a consumer, for its next posts. Freed when the thread ends.
inline constinit thread_local MailNode* spareMail = nullptr;

}  // namespace detail

/// A lock-free queue of callables: any thread posts, one thread takes everything at once and runs it. What one thread posts runs in the order of its posts.
///
/// Nodes travel in a circle, consumer to posters, so a steady stream of posts asks the heap for nothing: the consumer gives a batch of used nodes back, a
/// poster takes all of them. About kSpareLimit may wait there (1 MB); more are freed, so a burst leaves no more than that behind. New ones are made by the
/// page, and a page is freed when all of its nodes are.
class Mailbox {
 public:
  static constexpr std::size_t kSpareLimit = 16 * 1024;

  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  /// Calls that were never run are destroyed. No thread may be posting any more.
  ~Mailbox();

  /// Adds a call, on any thread. True if the consumer sleeps and the caller must wake it: told to one of the posters only.
  template <class F> bool post(F&& function) {
    using Callable = std::decay_t<F>;
    detail::MailNode* const node = takeNode();
    if constexpr (fits<Callable>()) {
      if constexpr (std::is_nothrow_constructible_v<Callable, F>) {
        new (node->storage) Callable(std::forward<F>(function));
      } else {
        try {
          new (node->storage) Callable(std::forward<F>(function));
        } catch (...) {
          keepNode(node);
          throw;
        }
      }
      node->act = &performInline<Callable>;
    } else {
      try {
        new (node->storage) Callable*(new Callable(std::forward<F>(function)));
      } catch (...) {
        keepNode(node);
        throw;
      }
      node->act = &performBoxed<Callable>;
    }
    push(node, node, head_);
    // Both sides use sequentially consistent operations: either we see that the consumer sleeps, or it sees our node before it does.
    return sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false, std::memory_order_seq_cst);
  }

  /// Consumer only.
  bool empty() const noexcept { return head_.load(std::memory_order_seq_cst) == nullptr; }
  /// Consumer only: from now on a poster is told to wake it. False if there is something to run instead.
  bool announceSleep() noexcept {
    sleeping_.store(true, std::memory_order_seq_cst);
    if (empty()) return true;
    awake();
    return false;
  }
  /// Consumer only: posters need not wake it.
  void awake() noexcept { sleeping_.store(false, std::memory_order_relaxed); }

  /// Everything that was posted before it was made, oldest first. Calls of a batch that were not run are destroyed with it.
  class Batch {
   public:
    explicit Batch(Mailbox& mailbox) noexcept;
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch();

    bool empty() const noexcept { return !next_; }
    /// Gives the type of the next call, also after it has run.
    auto type() const noexcept {
      return [act = next_->act] {
        detail::MailNode any;
        return act(any, detail::MailNode::Action::Describe);
      };
    }
    /// Runs the next call; throws what it throws.
    void runNext() {
      detail::MailNode* const node = next_;
      next_ = node->next;
      used_ = node;
      if (!firstUsed_) firstUsed_ = node;
      ++count_;
      node->act(*node, detail::MailNode::Action::Call);
    }

   private:
    Mailbox& mailbox_;
    detail::MailNode* next_ = nullptr;
    detail::MailNode* firstUsed_ = nullptr;            // the nodes that were run are still linked from here to used_
    detail::MailNode* used_ = nullptr;
    std::size_t count_ = 0;
  };

 private:
  using Node = detail::MailNode;

  template <class F> static constexpr bool fits() { return sizeof(F) <= Node::kInline && alignof(F) <= 16; }
  template <class F> struct DestroyAfter {
    F& function;
    ~DestroyAfter() { function.~F(); }
  };
  template <class F> struct DeleteAfter {
    F* function;
    ~DeleteAfter() { delete function; }
  };
  template <class F> static const std::type_info* performInline(Node& node, Node::Action action) {
    if (action == Node::Action::Describe) return &typeid(F);
    const DestroyAfter<F> destroy{*std::launder(reinterpret_cast<F*>(node.storage))};
    if (action == Node::Action::Call) destroy.function();
    return nullptr;
  }
  template <class F> static const std::type_info* performBoxed(Node& node, Node::Action action) {
    if (action == Node::Action::Describe) return &typeid(F);
    const DeleteAfter<F> destroy{*std::launder(reinterpret_cast<F**>(node.storage))};
    if (action == Node::Action::Call) (*destroy.function)();
    return nullptr;
  }

  static void push(Node* first, Node* last, std::atomic<Node*>& stack) noexcept {
    Node* head = stack.load(std::memory_order_relaxed);
    do last->next = head;
    while (!stack.compare_exchange_weak(head, first, std::memory_order_seq_cst, std::memory_order_relaxed));
  }
  Node* takeNode() {
    if (Node* const node = detail::spareMail) [[likely]] {
      detail::spareMail = node->next;
      return node;
    }
    return refill();
  }
  static void keepNode(Node* node) noexcept {
    node->next = detail::spareMail;
    detail::spareMail = node;
  }
  Node* refill();
  void giveBack(Node* first, Node* last, std::size_t count) noexcept;

  alignas(64) std::atomic<Node*> head_{nullptr};       // posted, newest first
  std::atomic<bool> sleeping_{false};
  alignas(64) std::atomic<Node*> spare_{nullptr};      // used, for posters; they take all of it, so no ABA
  std::atomic<std::size_t> spareCount_{0};             // how many went onto spare_ since it was last taken
};

}  // namespace weft
