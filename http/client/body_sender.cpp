#include <weft/http/client/internal/body_sender.hpp>

#include <weft/http/client/errors.hpp>
#include <weft/http/client/internal/connection.hpp>
#include <weft/net/transport.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weft::http::detail {
namespace {

// RFC 9112 section 7.1.
void writeChunk(net::Transport& transport, std::string_view bytes) {
  char size[18];
  char* end = std::to_chars(size, size + 16, bytes.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  transport.writeSequence({std::string_view(size, static_cast<std::size_t>(end - size)), bytes, "\r\n"});
}

}  // namespace

void BodySender::start(std::optional<Delay> patience) {
  if (!patience) return begin();
  patience_ = connection_->transport().clock().callLater(*patience, [self = shared_from_this()] { self->begin(); });
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
  if (!connection_) stop();
}

void BodySender::stop() noexcept {
  connection_ = nullptr;
  if (patience_.active()) patience_.cancel();
  Deferred<> running = std::exchange(running_, Deferred<>(nullptr));
  running.cancel();
  running.detach();
}

Deferred<> BodySender::send(std::shared_ptr<BodySender> self) {
  auto chunks = self->source_->chunks();
  std::uint64_t sent = 0;
  while (auto chunk = co_await chunks.next()) {
    if (!self->connection_) co_return;
    if (chunk->empty()) continue;
    sent += chunk->size();
    if (self->length_ && sent > *self->length_) throw RequestBodyLengthError(self->connection_->url(), *self->length_, sent);
    net::Transport& transport = self->connection_->transport();
    if (self->length_)
      transport.writeOwned(std::move(*chunk));
    else
      writeChunk(transport, *chunk);
    self->waitsForServer_ = true;
    self->connection_->bodyMoved();
    auto draining = transport.drained();
    const auto drained = co_await draining.outcome();
    if (!drained || !self->connection_) co_return;       // the connection has ended, and says so itself
    self->waitsForServer_ = false;
    self->connection_->bodyMoved();
  }
  if (!self->connection_) co_return;
  if (self->length_ && sent < *self->length_) throw RequestBodyLengthError(self->connection_->url(), *self->length_, sent);
  if (!self->length_) self->connection_->transport().write("0\r\n\r\n");
}

void BodySender::ended(Outcome<> outcome) {
  running_ = nullptr;
  Connection* const connection = connection_;
  if (!connection) return;
  if (!outcome) {
    if (outcome.failure().check<RequestBodyLengthError>()) return connection->bodyFailed(std::move(outcome.failure()));
    return connection->bodyFailed(RequestBodyFailed(connection->url(), std::move(outcome.failure())));
  }
  if (waitsForServer_) return;
  connection->bodySent();
}

}  // namespace weft::http::detail
