// Boost.Beast: a coroutine and a connection each, with its time limits, and room for a message in the read buffer.
#include "clients.hpp"

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstdio>
#include <cstdlib>

namespace bench {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

struct Progress {
  long left;
  long bytes = 0;
};

asio::awaitable<void> worker(const Work& work, Progress& progress) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(std::chrono::seconds(30));
  co_await stream.async_connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), work.port), asio::use_awaitable);
  stream.socket().set_option(asio::ip::tcp::no_delay(true));
  beast::flat_buffer buffer;
  buffer.reserve(64 * 1024);
  while (progress.left > 0) {
    --progress.left;
    http::request<http::empty_body> request{http::verb::get, work.path, 11};
    request.set(http::field::host, "127.0.0.1");
    request.set(http::field::user_agent, "beast");
    stream.expires_after(std::chrono::seconds(180));
    co_await http::async_write(stream, request, asio::use_awaitable);
    http::response<http::string_body> response;
    co_await http::async_read(stream, buffer, response, asio::use_awaitable);
    progress.bytes += static_cast<long>(response.body().size());
  }
}

}  // namespace

long getByBeast(const Work& work) {
  asio::io_context context(1);
  Progress progress{work.requests};
  for (int i = 0; i < work.connections; ++i)
    asio::co_spawn(context, worker(work, progress), [](std::exception_ptr error) {
      if (!error) return;
      std::fprintf(stderr, "Boost.Beast: a request failed\n");
      std::exit(1);
    });
  context.run();
  return progress.bytes;
}

}  // namespace bench
