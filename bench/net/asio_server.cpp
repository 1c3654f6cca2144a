// Raw Asio: callbacks, one object with its buffer per connection.
#include "servers.hpp"

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <array>
#include <memory>
#include <utility>

namespace bench {

namespace {

using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}
  void read() {
    socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](asio::error_code error, std::size_t size) {
      if (!error) self->write(size);
    });
  }

 private:
  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(buffer_, size), [self = shared_from_this()](asio::error_code error, std::size_t) {
      if (!error) self->read();
    });
  }
  tcp::socket socket_;
  std::array<char, 64 * 1024> buffer_;
};

void acceptNext(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](asio::error_code error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket))->read();
    }
    acceptNext(acceptor);
  });
}

}  // namespace

void serveByAsio(const Listening& listening) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  acceptor.listen(kBacklog);
  acceptNext(acceptor);
  listening(acceptor.local_endpoint().port());
  context.run();
}

}  // namespace bench
