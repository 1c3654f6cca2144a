// Stream: the coroutine face of a connection.
#pragma once

#include <weft/core/delay.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/net/error.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::net {

namespace detail {
class StreamProtocol;
}

/// Reads and writes of a connection as Deferreds, to be awaited.
///
///     Deferred<> greet(Network& network) {
///       Stream stream(co_await network.connect("127.0.0.1", 7));
///       co_await stream.write("hello\r\n");
///       std::string answer = co_await stream.readUntil("\r\n");
///       co_await stream.close();
///     }
///
/// Back-pressure is built in: reading from the peer stops while more than `kReadAhead` bytes (setReadAhead()) wait here to be read, and write()'s Deferred fires only when the peer
/// takes the bytes fast enough.
///
/// Ownership: a Stream owns its connection. Dropped, it closes as loseConnection() does; a read or write that waits then ends with ConnectionAborted. Move-only.
///
/// After the connection has ended, what had come before can still be read. Then reads see a clean end (ConnectionDone) as "nothing more" and any other
/// reason as that error. One read at a time (AlreadyReading). cancel of a read: nothing that came is lost. Thread: the reactor's.
class Stream {
 public:
  static constexpr std::size_t kReadAhead = 64 * 1024;

  /// An empty place for one.
  Stream() noexcept = default;
  /// Takes the connection over.
  explicit Stream(std::shared_ptr<Transport> transport);
  Stream(Stream&& other) noexcept = default;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  /// What has come, at least a byte and at most `maxBytes`; empty when the peer has ended. The view stays valid until the next call of the Stream, or its
  /// end: the way to read without a copy.
  Deferred<std::string_view> readSome(std::size_t maxBytes = kReadAhead);
  /// The same as a string of its own.
  Deferred<std::string> read(std::size_t maxBytes = kReadAhead);
  /// Exactly that many bytes. IncompleteReadError when the peer ends sooner.
  Deferred<std::string> readExactly(std::size_t bytes);
  /// Everything up to and with the next `delimiter` (not empty). Errors: LimitExceeded when there is none in the next `limit` bytes (they stay to be read),
  /// IncompleteReadError when the peer ends sooner (what came stays to be read).
  Deferred<std::string> readUntil(std::string delimiter, std::size_t limit = kReadAhead);
  /// The next line without its "\n" or "\r\n"; nothing at the end. A last line need not be ended.
  Deferred<std::optional<std::string>> readLine(std::size_t limit = kReadAhead);
  /// All lines to the end, each as readLine() gives it, one read at a time. The Stream must stay; timeouts are those that are set now, for each line.
  ///
  ///     auto lines = stream.lines();
  ///     while (auto line = co_await lines.next()) use(*line);
  AsyncGenerator<std::string> lines(std::size_t limit = kReadAhead);
  /// Puts bytes back: the next read begins with them. No read may be waiting (AlreadyReading is thrown).
  void unread(std::string_view data);

  /// Sends `data` (copied where it can't be sent at once). Fires when the peer has taken enough for more to be written: mostly at once. Errors: the reason, when
  /// the connection has ended.
  Deferred<> write(std::string_view data);
  /// No more will be written; reading goes on.
  void closeWriting();
  /// Sends what has been written, closes, and fires when that is done. Errors: the reason, unless it is ConnectionDone.
  Deferred<> close();
  /// Closes at once.
  void abort();

  /// Gives the connection back, with everything that has not been read from here (see Transport::unread): the next protocol, or Stream, begins with that byte. For
  /// upgrades: STARTTLS, CONNECT, WebSocket. A read that waits ends with ConnectionAborted; the Stream is empty afterwards.
  std::shared_ptr<Transport> detach();

  /// From now on each read and each write (close() is one) that takes longer ends with TimeoutError; the connection stays open, and nothing that came is lost. 0: no
  /// limit, as at first. With readSome() the timeout of reads is an idle timeout: the peer may take its time, but not go silent.
  void setTimeout(Delay delay);
  void setReadTimeout(Delay delay);
  void setWriteTimeout(Delay delay);
  /// For everything together: what is still waiting `delay` from now ends with TimeoutError then, and later operations that have to wait end at once. So a peer that sends
  /// a byte a minute cannot hold a conversation open. Replaces the deadline set before.
  void setDeadline(Delay delay);
  void clearDeadline();
  /// How many bytes may wait here before the peer is made to wait; a single read may ask for more. kReadAhead at first.
  void setReadAhead(std::size_t bytes);

  Transport& transport() const noexcept;
  explicit operator bool() const noexcept { return protocol_ != nullptr; }

 private:
  friend detail::StreamProtocol;
  explicit Stream(std::shared_ptr<detail::StreamProtocol> protocol) noexcept;
  template <class T> Deferred<T> limitedRead(Deferred<T> deferred);
  Deferred<> limitedWrite(Deferred<> deferred);
  void letGo() noexcept;

  std::shared_ptr<detail::StreamProtocol> protocol_;
};

/// A factory that runs `serve` for each connection:
///
///     network.listen(7, streamFactory([](Stream stream) -> Deferred<> {
///       for (;;) {
///         std::string_view data = co_await stream.readSome();
///         if (data.empty()) co_return;
///         co_await stream.write(data);
///       }
///     }));
///
/// An error that leaves `serve` is logged and closes that connection only; that the connection was lost is logged at level Debug. What a lambda captures lives
/// until the last of its runs has ended.
std::shared_ptr<Factory> streamFactory(std::function<Deferred<>(Stream)> serve);

/// Passes on everything that comes from `from` until its peer ends, at the pace of `to`, and fires with how many bytes that were. Errors of either side come out; `to` stays
/// open. Both Streams must stay where they are until it fires. A forwarder is two of them:
///
///     auto there = pump(client, server).addCallback([&](std::uint64_t) { server.closeWriting(); });
///     auto back = pump(server, client).addCallback([&](std::uint64_t) { client.closeWriting(); });
///     co_await gatherResults(std::move(there), std::move(back));
Deferred<std::uint64_t> pump(Stream& from, Stream& to);

}  // namespace weft::net
