// FileSender: writes a file, or whatever else is read piece by piece, to a consumer at its pace.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/net/producer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace weft {
class Reactor;
}

namespace weft::net {

/// The consumer asked a producer to stop before its end: mostly because the connection is gone.
class ProducingStopped : public Error {
 public:
  ProducingStopped() : Error("the consumer stopped the transfer before its end") {}
};

/// A pull producer: reads a piece, writes it, and reads the next one when that has been sent; so never more than one piece is in memory.
///
///     FileSender::send(fileSource(reactor, "big.iso"), transport).addCallback([&](std::optional<char>) { transport.loseConnection(); });
///
/// Thread: the reactor's. A piece that comes late is waited for.
class FileSender final : public Producer, public std::enable_shared_from_this<FileSender> {
 public:
  static constexpr std::size_t kPiece = 16 * 1024;
  /// Gives the next bytes, at most so many; none at the end. Not asked again before it has answered.
  using Source = std::function<Deferred<std::string>(std::size_t bytes)>;
  /// What is written instead of a piece.
  using Transform = std::function<std::string(std::string piece)>;

  /// Registers itself with `consumer`, which must outlive the transfer or stop its producer (a transport does); unregisters at the end, and fires with the last byte that was
  /// written, nothing if there was none. Errors: ProducingStopped, what the source or the transform throws, ProducerAlreadyRegistered. cancel: stops.
  static Deferred<std::optional<char>> send(Source source, Consumer& consumer, Transform transform = nullptr);

  /// Use send().
  FileSender(Source source, Consumer& consumer, Transform transform);
  void resumeProducing() override;
  void stopProducing() override;

 private:
  static Deferred<> sendPiece(std::shared_ptr<FileSender> self);
  void finish(Outcome<std::optional<char>> outcome);

  Source source_;
  Transform transform_;
  Consumer* consumer_;
  Trigger<std::optional<char>> done_;
  Deferred<> piece_ = nullptr;                         // the one that is being read
  std::optional<char> last_;
};

/// Reads a file on a thread of the reactor's pool. Opened at the first read; errors as std::system_error that names the file. The reactor must outlive the transfer.
FileSender::Source fileSource(Reactor& reactor, std::string path);

}  // namespace weft::net
