#include <weft/net/internal/socket_loop.hpp>

#include <weft/core/internal/io_context.hpp>
#include <weft/net/internal/descriptor.hpp>
#include <weft/net/internal/socket_connection.hpp>

#include <asio/io_context.hpp>

#include <algorithm>

namespace weft::net::detail {

asio::execution_context::id SocketLoop::id;

SocketLoop& SocketLoop::of(Reactor& reactor) {
  auto& loop = asio::use_service<SocketLoop>(weft::detail::ioContext(reactor));
  loop.reactor_ = &reactor;
  return loop;
}

SocketLoop::SocketLoop(asio::execution_context& context)
    : service(context), events_(asio::use_service<asio::detail::reactor>(context)),
      readBuffer_(ReadBuffers::take()) {
  events_.init_task();
  spareBlocks_.reserve(kSpareBlocks);
}

// Called before Asio's own reactor ends, as that was there first. What comes after this only frees memory.
void SocketLoop::shutdown() {
  while (first_) {
    Descriptor& descriptor = *first_;
    remove(descriptor);
    descriptor.loopEnds();
    descriptor.loop_ = nullptr;
  }
  lookAgain_.clear();
}

char* SocketLoop::takeBlock() {
  if (spareBlocks_.empty()) return new char[kBlock];
  char* const block = spareBlocks_.back().release();
  spareBlocks_.pop_back();
  return block;
}

void SocketLoop::giveBlock(char* block) noexcept {
  if (spareBlocks_.size() < kSpareBlocks) spareBlocks_.emplace_back(block);
  else delete[] block;
}

void SocketLoop::add(Descriptor& descriptor) noexcept {
  descriptor.next_ = first_;
  if (first_) first_->previous_ = &descriptor;
  first_ = &descriptor;
}

void SocketLoop::remove(Descriptor& descriptor) noexcept {
  if (descriptor.next_) descriptor.next_->previous_ = descriptor.previous_;
  if (descriptor.previous_) descriptor.previous_->next_ = descriptor.next_;
  else if (first_ == &descriptor) first_ = descriptor.next_;
  descriptor.previous_ = descriptor.next_ = nullptr;
}

void SocketLoop::lookAgain(SocketConnection& connection) {
  connection.lookAgainIndex_ = static_cast<std::uint32_t>(lookAgain_.size());
  lookAgain_.push_back(&connection);
  planSweep();
}

void SocketLoop::forget(SocketConnection& connection) noexcept {
  if (connection.lookAgainIndex_ == SocketConnection::kNotListed) return;
  SocketConnection* const last = lookAgain_.back();
  lookAgain_[connection.lookAgainIndex_] = last;
  last->lookAgainIndex_ = connection.lookAgainIndex_;
  lookAgain_.pop_back();
  connection.lookAgainIndex_ = SocketConnection::kNotListed;
}

// A look touches a socket that may be in no cache (0.3 us), so the interval grows with their number: all looks together take less than a hundredth of the time, and
// thousands of connections that all talk, each slower than 10 ms, are not looked at between their messages.
void SocketLoop::planSweep() {
  if (sweepPlanned_ || lookAgain_.empty()) return;
  sweepPlanned_ = true;
  reactor_->callLater(std::max(0.01, 100e-6 * static_cast<double>(lookAgain_.size())), [this] { sweep(); });
}

void SocketLoop::sweep() {
  sweepPlanned_ = false;
  ++sweeps_;
  for (std::size_t i = lookAgain_.size(); i-- > 0;) {
    if (i >= lookAgain_.size()) continue;              // a look ended other connections
    SocketConnection& connection = *lookAgain_[i];
    if (!connection.isLookDue(sweeps_)) continue;
    forget(connection);
    connection.look();
  }
  planSweep();
}

}  // namespace weft::net::detail
