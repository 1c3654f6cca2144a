// DeferredQueue: hand-over of items from those who put to those who get, first come first served.
#pragma once

#include <weft/defer/deferred.hpp>

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

namespace weft {

/// put() on a queue that is full. It says how large that is.
class QueueOverflow : public DeferError {
 public:
  explicit QueueOverflow(std::size_t size);
  std::size_t size;
};
/// get() when `backlog` gets are waiting already.
class QueueUnderflow : public DeferError {
 public:
  explicit QueueUnderflow(std::size_t backlog);
  std::size_t backlog;
};
/// The queue was closed: put() on it, or get() when nothing is left in it.
class QueueClosed : public DeferError {
 public:
  QueueClosed() : DeferError("the DeferredQueue is closed") {}
};

namespace detail {

[[noreturn]] void throwQueueOverflow(std::size_t size);
[[noreturn]] void throwQueueUnderflow(std::size_t backlog);
[[noreturn]] void throwQueueClosed();

// A ring buffer that grows by doubling and keeps its memory.
template <class T> class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  ~Ring() {
    while (count_) pop();
    std::allocator<T>().deallocate(items_, capacity_);
  }
  bool empty() const noexcept { return count_ == 0; }
  std::size_t size() const noexcept { return count_; }
  T& front() noexcept { return items_[head_]; }
  template <class V> void push(V&& item) {
    if (count_ == capacity_) grow();
    std::construct_at(&items_[(head_ + count_) & (capacity_ - 1)], std::forward<V>(item));
    ++count_;
  }
  void pop() noexcept {
    std::destroy_at(&items_[head_]);
    head_ = (head_ + 1) & (capacity_ - 1);
    --count_;
  }

 private:
  void grow() {
    const std::size_t larger = capacity_ ? capacity_ * 2 : 8;
    T* items = std::allocator<T>().allocate(larger);
    std::size_t moved = 0;
    try {
      for (; moved < count_; ++moved) std::construct_at(&items[moved], std::move_if_noexcept(items_[(head_ + moved) & (capacity_ - 1)]));
    } catch (...) {                                    // a move threw: what stays behind may be moved-from, but is whole
      std::destroy_n(items, moved);
      std::allocator<T>().deallocate(items, larger);
      throw;
    }
    for (std::size_t i = 0; i < count_; ++i) std::destroy_at(&items_[(head_ + i) & (capacity_ - 1)]);
    std::allocator<T>().deallocate(items_, capacity_);
    items_ = items;
    capacity_ = larger;
    head_ = 0;
  }

  T* items_ = nullptr;
  std::size_t capacity_ = 0, head_ = 0, count_ = 0;
};

// Cells waiting in a list, oldest first, each of which can leave by itself.
struct WaitList;
struct WaitNode {
  WaitNode* previous = nullptr;
  WaitNode* next = nullptr;
  WaitList* list = nullptr;
  void unlink() noexcept;
};
struct WaitList {
  WaitNode* head = nullptr;
  WaitNode* tail = nullptr;
  std::size_t count = 0;
  void push(WaitNode* node) noexcept {
    node->list = this;
    node->previous = tail;
    (tail ? tail->next : head) = node;
    tail = node;
    ++count;
  }
  void pushFront(WaitNode* node) noexcept {
    node->list = this;
    node->previous = nullptr;
    node->next = head;
    (head ? head->previous : tail) = node;
    head = node;
    ++count;
  }
  WaitNode* pop() noexcept {
    WaitNode* node = head;
    head = node->next;
    (head ? head->previous : tail) = nullptr;
    --count;
    node->list = nullptr;
    return node;
  }
};
inline void WaitNode::unlink() noexcept {
  (previous ? previous->next : list->head) = next;
  (next ? next->previous : list->tail) = previous;
  --list->count;
  list = nullptr;
}

// A waiting acquire, get or put: cancelled, it leaves the list, so that it can swallow nothing.
template <class T> struct WaitCell final : Cell<T>, WaitNode, Pooled {
  explicit WaitCell(std::source_location made) noexcept : made(made) {
    this->flags = CellBase::kSource;
    this->plainBlock = kPlainBlock<WaitCell, T>;
  }
  void dispose() noexcept override { delete this; }
  std::source_location where() const noexcept override { return made; }
  CellBase* cancelStep() noexcept override {
    if (this->pending()) failWith(CancelledError());
    return nullptr;
  }
  void failWith(Failure failure) noexcept {
    leave();
    this->setFailure(std::move(failure));
    this->fire();
  }
  void leave() noexcept {
    this->unlink();
    this->releaseProducer();
  }
  std::source_location made;
};

/// The oldest that is still wanted, taken out of the list; those whose Deferred was dropped are freed on the way.
template <class T> inline WaitCell<T>* takeWaiting(WaitList& list) noexcept {
  while (list.head) {
    auto* cell = static_cast<WaitCell<T>*>(list.pop());
    cell->releaseProducer();
    if (cell->ends) [[likely]] return cell;
    cell->dispose();
  }
  return nullptr;
}

/// Frees those whose Deferred was dropped.
template <class T> void forgetUnwanted(WaitList& list) noexcept {
  for (WaitNode* node = list.head; node;) {
    auto* cell = static_cast<WaitCell<T>*>(node);
    node = node->next;
    if (cell->ends != CellBase::kProducer) continue;
    cell->leave();
    cell->dispose();
  }
}

}  // namespace detail

/// Items wait for gets, or gets for items: put() hands straight to the oldest waiting get(), else the item waits.
///
///     DeferredQueue<std::string> urls;
///     Deferred<> worker() {
///       while (auto url = co_await urls.next()) co_await fetch(*url);      // ends when the queue is closed and empty
///     }
///
/// An item is never lost: a get() that was cancelled or dropped does not swallow one. A million workers may wait: hand-over neither recurses nor starves the reactor.
/// Destroying the queue fails those who wait with QueueClosed.
template <class T> class DeferredQueue {
 public:
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  /// At most `size` items wait to be got, and at most `backlog` gets for items.
  explicit DeferredQueue(std::size_t size = kUnlimited, std::size_t backlog = kUnlimited) : size_(size), backlog_(backlog) {}
  DeferredQueue(const DeferredQueue&) = delete;
  DeferredQueue& operator=(const DeferredQueue&) = delete;
  ~DeferredQueue() {
    close();
    while (!putters_.empty()) {                        // callbacks may still use the queue
      Trigger<> room = std::move(putters_.front().room);
      putters_.pop();
      room.errback(QueueClosed());
    }
  }

  /// Gives the item to the oldest waiting get(), whose callbacks run before this returns (or after the running callback), or keeps it. Throws QueueOverflow, QueueClosed.
  void put(T item) {
    if (closed_) [[unlikely]] detail::throwQueueClosed();
    if (getters_.head && give(item)) return;
    if (items_.size() >= size_) [[unlikely]] detail::throwQueueOverflow(size_);
    items_.push(std::move(item));
  }
  /// Like put(), but waits for room instead of throwing: fires when the item is in the queue or in somebody's hands. Cancelled while it waits, the item is dropped.
  Deferred<> putWhenRoom(T item, std::source_location made = std::source_location::current()) {
    if (closed_) return fail(QueueClosed(), made);
    if (give(item)) return succeed(made);
    if (items_.size() < size_) {
      items_.push(std::move(item));
      return succeed(made);
    }
    Deferred<> room(made);
    putters_.push(Putter{room.takeTrigger(), std::move(item)});
    return room;
  }
  /// The next item: there already, or when one is put. Fails with QueueClosed when the queue is closed and empty. Throws QueueUnderflow.
  Deferred<T> get(std::source_location made = std::source_location::current()) {
    if (!items_.empty()) {
      Deferred<T> item = succeed(std::move(items_.front()), made);
      items_.pop();
      if (!putters_.empty()) [[unlikely]] admit();
      return item;
    }
    if (!putters_.empty() || closed_ || getters_.count >= backlog_) [[unlikely]] return getFromPutter(made);
    return wait(made);
  }
  /// Like get(), but an end instead of an error: nullopt when the queue is closed and empty.
  Deferred<std::optional<T>> next(std::source_location made = std::source_location::current()) {
    return get(made).addCallbacks([](T item) { return std::optional<T>(std::move(item)); }, [](const QueueClosed&) { return std::optional<T>(); }, made);
  }

  /// No more items: waiting gets fail with QueueClosed (next() gives nullopt), as do later puts. Items in the queue can still be got. Idempotent.
  void close() {
    closed_ = true;
    const detail::OpenTurn turn;                       // callbacks run after the loop: they may destroy the queue
    while (auto* cell = detail::takeWaiting<T>(getters_)) {
      cell->setFailure(QueueClosed());
      cell->fire();
    }
  }
  bool closed() const noexcept { return closed_; }
  /// Items that wait to be got.
  std::size_t size() const noexcept { return items_.size(); }
  bool empty() const noexcept { return items_.empty(); }
  /// Gets that wait for an item.
  std::size_t waiting() const noexcept { return getters_.count; }

 private:
  struct Putter {
    Trigger<> room;
    T item;
  };

  Deferred<T> wait(std::source_location made) {
    auto* cell = new detail::WaitCell<T>(made);
    getters_.push(cell);
    return Deferred<T>(cell);
  }
  // get() from an empty queue that has a putter, is closed, or has as many getters as it may.
  [[gnu::noinline]] Deferred<T> getFromPutter(std::source_location made) {
    if (Putter* putter = oldestPutter()) {             // a queue of size 0: straight from hand to hand
      Deferred<T> item = succeed(std::move(putter->item), made);
      Trigger<> room = std::move(putter->room);
      putters_.pop();
      room.callback();
      return item;
    }
    if (closed_) return fail<T>(QueueClosed(), made);
    if (getters_.count >= backlog_) {
      detail::forgetUnwanted<T>(getters_);
      if (getters_.count >= backlog_) detail::throwQueueUnderflow(backlog_);
    }
    return wait(made);
  }
  bool give(T& item) {
    auto* cell = detail::takeWaiting<T>(getters_);
    if (!cell) return false;
    if constexpr (std::is_nothrow_move_constructible_v<T>) {
      cell->setValue(std::move(item));
    } else {
      try {
        cell->setValue(std::move(item));
      } catch (...) {                                  // put() throws, and the get goes on waiting
        cell->ends |= detail::CellBase::kProducer;
        getters_.pushFront(cell);
        throw;
      }
    }
    cell->fire();
    return true;
  }
  Putter* oldestPutter() noexcept {
    while (!putters_.empty() && !putters_.front().room.pending()) putters_.pop();
    return putters_.empty() ? nullptr : &putters_.front();
  }
  void admit() {                                       // there is room: the oldest who waits for it
    if (items_.size() >= size_) return;
    if (Putter* putter = oldestPutter()) {
      Trigger<> room = std::move(putter->room);
      Failure failure(nullptr);
      try {
        items_.push(std::move(putter->item));
      } catch (...) {
        failure = Failure();
      }
      putters_.pop();
      if (failure.exception()) room.errback(std::move(failure));
      else room.callback();
    }
  }

  detail::Ring<T> items_;
  detail::Ring<Putter> putters_;
  detail::WaitList getters_;
  std::size_t size_, backlog_;
  bool closed_ = false;
};

}  // namespace weft
