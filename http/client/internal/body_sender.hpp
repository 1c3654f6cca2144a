// BodySender: sends a request's body, as fast as the server takes it.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/body_source.hpp>
#include <weft/http/client/internal/body_outlet.hpp>

#include <memory>
#include <optional>

namespace weft::http::detail {

/// Made by a connection for the body of an exchange, once the head is written. Tells it of each piece (bodyMoved) and of the end (bodySent); from stop() on it tells nothing more and
/// does not touch the outlet, whatever the source still does.
class BodySender : public std::enable_shared_from_this<BodySender> {
 public:
  BodySender(BodyOutlet& outlet, std::shared_ptr<BodySource> source, BodySource::Length length) : outlet_(&outlet), source_(std::move(source)), length_(length) {}

  /// With a delay: waits for goOn(), so long. What it calls may stop it at once.
  void start(std::optional<Delay> patience);
  /// The server has said 100.
  void goOn();
  void stop() noexcept;

  /// Has it begun to take from the source?
  bool begun() const noexcept { return begun_; }
  /// Is it the server that is waited for, and not the source?
  bool waitsForServer() const noexcept { return waitsForServer_; }

 private:
  void begin();
  static Deferred<> send(std::shared_ptr<BodySender> self);
  void ended(Outcome<> outcome);

  BodyOutlet* outlet_;                                   // null: stopped
  const std::shared_ptr<BodySource> source_;
  const BodySource::Length length_;
  Deferred<> running_{nullptr};
  DelayedCall patience_;
  bool begun_ = false;
  bool waitsForServer_ = false;
};

}  // namespace weft::http::detail
