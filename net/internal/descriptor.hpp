// A socket that is watched by the reactor. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/net/internal/socket_loop.hpp>

#include <asio/detail/reactor_op.hpp>

namespace weft::net::detail {

/// Owns a non-blocking socket and is told when it becomes readable or writable; all reading and writing is the derived class's.
///
/// Asio's own socket operations are not used: async_read_some tries a read before it waits, which mostly fails (0.7 system calls more per message of an echo, 340 ns
/// each), needs its buffer all the time it waits, and async_wait calls epoll_ctl each time. So this hands Asio's reactor its operations itself: one for each
/// direction, inside this object, without allocation. They never touch the socket; they only say that the moment has come.
///
/// Asio watches edges. So awaitReadable() (awaitWritable()) may only be called when the socket has just been found empty (full).
///
/// An operation may be in Asio's hands after close(); the object must live until gone() has been called.
class Descriptor {
 public:
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

 protected:
  explicit Descriptor(SocketLoop& loop) noexcept;
  /// The socket is closed if it is open; no event may be pending.
  ~Descriptor();

  /// Takes `socket` and has it watched. Throws std::system_error (and has closed it then). `shared`: other descriptors of the same open file may live on (it came from
  /// elsewhere), so that closing it does not end the watch by itself.
  void open(int socket, bool shared = false);
  /// Closes the socket. gone() follows from the loop.
  void close() noexcept;

  int socket() const noexcept { return socket_; }
  bool isOpen() const noexcept { return socket_ >= 0; }
  bool pending() const noexcept { return reading_.is(Event::Pending) || writing_.is(Event::Pending); }
  /// Null once the reactor is gone.
  SocketLoop* loop() const noexcept { return loop_; }

  void awaitReadable() noexcept { await(reading_); }
  void awaitWritable() noexcept { await(writing_); }
  /// readable() or writable() follows from the loop, whatever the socket says.
  void callReadable() noexcept { call(reading_); }
  void callWritable() noexcept { call(writing_); }

  virtual void readable() noexcept = 0;
  virtual void writable() noexcept = 0;
  /// Closed, and no event will come any more. May destroy the object.
  virtual void gone() noexcept = 0;
  /// The reactor is being destroyed: close now.
  virtual void loopEnds() noexcept = 0;

 private:
  friend SocketLoop;

  /// Asio's operation has two fields that are for its own sockets and nobody else's: they hold whose event this is, and its state. 16 bytes less for each.
  struct Event final : asio::detail::reactor_op {
    enum Flag : std::size_t { Read = 1, Pending = 2, Starting = 4 };
    Event(Descriptor& descriptor, bool isRead) noexcept;
    static status perform(reactor_op* operation);
    static void complete(void* loop, asio::detail::operation* operation, const asio::error_code&, std::size_t);
    Descriptor& descriptor() const noexcept { return *static_cast<Descriptor*>(cancellation_key_); }
    bool is(Flag flag) const noexcept { return (bytes_transferred_ & flag) != 0; }
    void set(Flag flag) noexcept { bytes_transferred_ |= flag; }
    void clear(Flag flag) noexcept { bytes_transferred_ &= ~std::size_t{flag}; }
  };

  void await(Event& event) noexcept;
  void call(Event& event) noexcept;

  SocketLoop* loop_;
  Descriptor* previous_ = nullptr;
  Descriptor* next_ = nullptr;
  int socket_ = -1;
  bool shared_ = false;
  asio::detail::reactor::per_descriptor_data watched_ = nullptr;
  Event reading_;
  Event writing_;
};

}  // namespace weft::net::detail
