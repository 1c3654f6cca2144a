#include <weft/defer/deferred_queue.hpp>

namespace weft {

QueueOverflow::QueueOverflow(std::size_t size)
    : DeferError("the DeferredQueue is full: " + std::to_string(size) + " items are waiting to be got"), size(size) {}
QueueUnderflow::QueueUnderflow(std::size_t backlog)
    : DeferError("the DeferredQueue is empty and " + std::to_string(backlog) + " gets are waiting already"), backlog(backlog) {}

namespace detail {

void throwQueueOverflow(std::size_t size) { throw QueueOverflow(size); }
void throwQueueUnderflow(std::size_t backlog) { throw QueueUnderflow(backlog); }
void throwQueueClosed() { throw QueueClosed(); }

}  // namespace detail
}  // namespace weft
