// BodyOutlet: where a BodySender sends to, whatever the connection speaks.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/failure.hpp>
#include <weft/defer/deferred.hpp>

#include <string>

namespace weft::http::detail {

class BodyOutlet {
 public:
  virtual Clock& outletClock() noexcept = 0;
  /// Of the request, for errors.
  virtual std::string url() const = 0;
  /// Sends a piece. Fires when the next one should come; fails when the connection has ended, which the outlet tells whom it must itself.
  virtual Deferred<> sendPiece(std::string piece) = 0;
  virtual void endPieces() = 0;

  /// A piece has been written, or taken by the server.
  virtual void bodyMoved() = 0;
  virtual void bodySent() = 0;
  virtual void bodyFailed(Failure failure) = 0;

 protected:
  ~BodyOutlet() = default;
};

}  // namespace weft::http::detail
