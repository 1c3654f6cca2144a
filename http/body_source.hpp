// BodySource: a body that is not held in memory as a whole.
#pragma once

#include <weft/defer/async_generator.hpp>
#include <weft/defer/deferred.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace weft::http {

/// Where a body comes from, piece by piece, as fast as the other side takes it. See setBodyFile() and setBodyChunks() of Request and Response, which make the usual ones.
///
/// Shared by the copies of a request. Thread: the reactor's.
class BodySource {
 public:
  using Length = std::optional<std::uint64_t>;

  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  virtual ~BodySource() = default;

  /// Called first, before a connection is used. Fires with how many bytes there will be: then Content-Length is sent; chunks otherwise (RFC 9112 section 7.1). What it fails with is
  /// the reason of the request's RequestBodyFailed. cancel: the request was given up.
  virtual Deferred<Length> open() = 0;
  /// All bytes, from the first one on. Called once for each time that they are sent, after open().
  virtual AsyncGenerator<std::string> chunks() = 0;
  /// May chunks() be called, also if it was before? Without this a request is sent once only.
  virtual bool isRepeatable() const noexcept = 0;
  /// All of it in memory; Errors: BodyTooLarge, those of open() and chunks().
  virtual Deferred<std::string> bytes(std::size_t limit);
};

/// The bytes of a regular file, opened and read on threads of the reactor's pool; its length is that of the moment when the request begins. Errors: FileError.
std::shared_ptr<BodySource> fileBody(std::string path);
/// What a generator yields. `length`: how many bytes that will be, where it is known. It can be sent once.
std::shared_ptr<BodySource> generatedBody(AsyncGenerator<std::string> chunks, BodySource::Length length = std::nullopt);
/// The same, made anew for each time that it is sent.
std::shared_ptr<BodySource> generatedBody(std::function<AsyncGenerator<std::string>()> make, BodySource::Length length = std::nullopt);
/// Bytes in memory, handed out in pieces.
std::shared_ptr<BodySource> bytesBody(std::string bytes);

}  // namespace weft::http
