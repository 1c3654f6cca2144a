// Body: the bytes of a message, here already or still on their way.
#pragma once

#include <weft/core/unique_function.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::http {

class BodySource;

namespace detail {
class BodyStream;
}

/// A message's body. Most are in memory when the head arrives; a longer one still comes, and is taken from the connection as fast as it is read here: at most
/// `kReadAhead` bytes wait unread, then the peer waits.
///
/// Read it whole with bytes(), or piece by piece with next(). Each byte is given out once. Dropping a Body that has not come in full closes its
/// connection: nothing waits for a reader that is gone. Move-only; thread: the reactor's.
class Body {
 public:
  static constexpr std::size_t kReadAhead = 64 * 1024;
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  Body() noexcept = default;
  Body(std::string bytes) noexcept : bytes_(std::move(bytes)) {}
  Body(const char* bytes) : bytes_(bytes) {}
  /// What a source gives. It is asked when somebody reads.
  explicit Body(std::shared_ptr<BodySource> source);
  explicit Body(detail::BodyStream* stream) noexcept : stream_(stream) {}          // the library's own: takes one reference
  Body(Body&& other) noexcept : bytes_(std::move(other.bytes_)), stream_(std::exchange(other.stream_, nullptr)) { other.bytes_.clear(); }
  Body& operator=(Body&& other) noexcept;
  ~Body() {
    if (stream_) release();
  }

  /// All that has not been read yet, once it is there. Fires at once when complete(). Errors: BodyTooLarge as soon as it is known to be over
  /// `limit` bytes; ResponseFailed when the connection broke or the message ended too soon; a RequestTimeout. cancel: closes the connection.
  Deferred<std::string> bytes(std::size_t limit = kUnlimited);
  /// The next piece, never empty; nullopt at the end. Errors and cancel as above. One read at a time.
  Deferred<std::optional<std::string>> next();

  /// All pieces that next() would give, to be read in a loop; this Body is empty afterwards. A generator that is dropped early closes the connection.
  ///
  ///     auto chunks = response.chunks();
  ///     while (auto chunk = co_await chunks.next()) use(*chunk);
  AsyncGenerator<std::string> chunks() &&;
  /// Writes all that has not been read to a file, as it comes, and fires with how many bytes that were; this Body is empty afterwards. They go to a new file beside it, which takes the
  /// place of `path` when it is complete and otherwise is removed: nobody ever sees half of it, and an old file stays until then. (It is not forced to the disk: a crash of the
  /// machine may lose it.) The file work is done on a thread of the reactor's pool, while the peer waits. Errors: FileError, those of bytes(). cancel: closes the connection, removes the file.
  Deferred<std::uint64_t> saveTo(std::string path) &&;

  /// Gets the number of bytes that have come so far, and of all where it is known, each time that some have come and at the end; at once if complete(). It should not throw: what
  /// it throws ends the body with that error.
  using Progress = UniqueFunction<void(std::uint64_t bytes, std::optional<std::uint64_t> total)>;
  void onProgress(Progress callback);

  /// Has it come in full?
  bool complete() const noexcept { return stream_ == nullptr || streamComplete(); }
  /// What is in memory of a complete body: all of it that was not read. Valid until the next call.
  const std::string& buffered() const noexcept;
  /// Takes what buffered() shows.
  std::string take();
  /// Of a Body that was made of a source and of which nothing was read: gives the source back, and is empty. Null for any other. A server sends a file without reading it.
  std::shared_ptr<BodySource> takeSource() noexcept;

 private:
  bool streamComplete() const noexcept;
  void release() noexcept;

  std::string bytes_;
  detail::BodyStream* stream_ = nullptr;
};

}  // namespace weft::http
