#include <weft/http/client/internal/body_sender.hpp>

#include <weft/http/client/errors.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace weft::http::detail {

void BodySender::start(std::optional<Delay> patience) {
  if (!patience) return begin();
  patience_ = outlet_->outletClock().callLater(*patience, [self = shared_from_this()] { self->begin(); });
}

void BodySender::goOn() {
  if (!patience_.active()) return;
  patience_.cancel();
  begin();
}

void BodySender::begin() {
  begun_ = true;
  const auto self = shared_from_this();
  Deferred<> running = send(self).addBoth([self](Outcome<> outcome) { self->ended(std::move(outcome)); });
  if (running.called()) return;
  running_ = std::move(running);
  if (!outlet_) stop();
}

void BodySender::stop() noexcept {
  outlet_ = nullptr;
  if (patience_.active()) patience_.cancel();
  Deferred<> running = std::exchange(running_, Deferred<>(nullptr));
  running.cancel();
  running.detach();
}

Deferred<> BodySender::send(std::shared_ptr<BodySender> self) {
  auto chunks = self->source_->chunks();
  std::uint64_t sent = 0;
  while (auto chunk = co_await chunks.next()) {
    if (!self->outlet_) co_return;
    if (chunk->empty()) continue;
    sent += chunk->size();
    if (self->length_ && sent > *self->length_) throw RequestBodyLengthError(self->outlet_->url(), *self->length_, sent);
    auto moving = self->outlet_->sendPiece(std::move(*chunk));
    self->waitsForServer_ = true;
    self->outlet_->bodyMoved();
    const auto moved = co_await moving.outcome();
    if (!moved || !self->outlet_) co_return;         // the connection has ended, and says so itself
    self->waitsForServer_ = false;
    self->outlet_->bodyMoved();
  }
  if (!self->outlet_) co_return;
  if (self->length_ && sent < *self->length_) throw RequestBodyLengthError(self->outlet_->url(), *self->length_, sent);
  self->outlet_->endPieces();
}

void BodySender::ended(Outcome<> outcome) {
  running_ = nullptr;
  BodyOutlet* const outlet = outlet_;
  if (!outlet) return;
  if (!outcome) {
    if (outcome.failure().check<RequestBodyLengthError>()) return outlet->bodyFailed(std::move(outcome.failure()));
    return outlet->bodyFailed(RequestBodyFailed(outlet->url(), std::move(outcome.failure())));
  }
  if (waitsForServer_) return;
  outlet->bodySent();
}

}  // namespace weft::http::detail
