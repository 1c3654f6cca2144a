#include <weft/net/internal/descriptor.hpp>

#include <weft/core/internal/io_context.hpp>

#include <cassert>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace weft::net::detail {

Descriptor::Event::Event(Descriptor& descriptor, bool isRead) noexcept
    : reactor_op(asio::error_code(), &perform, &complete) {
  cancellation_key_ = &descriptor;
  if (isRead) set(Read);
}

// Asio asks this twice: when the operation starts, where the answer is "not yet" since the socket was found empty just now; and at each edge.
// "Exhausted" keeps Asio from asking at the next start.
Descriptor::Event::status Descriptor::Event::perform(reactor_op* operation) {
  return static_cast<Event*>(operation)->is(Starting) ? not_done : done_and_exhausted;
}

void Descriptor::Event::complete(void* loop, asio::detail::operation* operation, const asio::error_code&, std::size_t) {
  auto& event = *static_cast<Event*>(operation);
  Descriptor& descriptor = event.descriptor();
  event.clear(Pending);
  if (!descriptor.isOpen()) {
    if (!descriptor.pending()) descriptor.gone();
  } else if (loop) {                                   // null: Asio ends, and drops its operations
    weft::detail::eventDispatched(descriptor.loop_->reactor());
    if (event.is(Read)) descriptor.readable();
    else descriptor.writable();
  }
}

Descriptor::Descriptor(SocketLoop& loop) noexcept : loop_(&loop), reading_(*this, true), writing_(*this, false) { loop.add(*this); }

Descriptor::~Descriptor() {
  assert(!pending());
  if (isOpen()) {
    loop_->events().deregister_descriptor(socket_, watched_, !shared_);
    ::close(socket_);
    loop_->events().cleanup_descriptor_data(watched_);
  }
  if (loop_) loop_->remove(*this);
}

void Descriptor::open(int socket, bool shared) {
  if (const int error = loop_->events().register_descriptor(socket, watched_)) {
    ::close(socket);
    throw std::system_error(error, std::generic_category(), "watching a socket");
  }
  socket_ = socket;
  shared_ = shared;
}

void Descriptor::close() noexcept {
  // Events that Asio still holds come back through its queue; where there is none, one is sent there, so that gone() never comes from in here.
  const int socket = std::exchange(socket_, -1);
  loop_->events().deregister_descriptor(socket, watched_, !shared_);
  ::close(socket);
  loop_->events().cleanup_descriptor_data(watched_);
  if (!pending()) call(reading_);
}

void Descriptor::await(Event& event) noexcept {
  if (event.is(Event::Pending)) return;
  event.set(Event::Pending);
  event.set(Event::Starting);
  using asio::detail::reactor;
  loop_->events().start_op(event.is(Event::Read) ? reactor::read_op : reactor::write_op, socket_, watched_, &event, false, true);
  event.clear(Event::Starting);
}

void Descriptor::call(Event& event) noexcept {
  if (event.is(Event::Pending)) return;
  event.set(Event::Pending);
  loop_->events().post_immediate_completion(&event, false);
}

}  // namespace weft::net::detail
