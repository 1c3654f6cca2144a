#include <weft/core/log.hpp>
#include <weft/http/http2/internal/fields.hpp>
#include <weft/http/http2/internal/server_connection.hpp>
#include <weft/http/http2/internal/server_stream.hpp>
#include <weft/http/internal/framing.hpp>
#include <weft/http/internal/loggers.hpp>

#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http::detail {
namespace {

std::string_view inDigits(std::uint64_t number, char (&digits)[20]) noexcept {
  return {digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)};
}

// Those of "Date: …\r\nServer: …\r\n" that the response does not set itself.
void addGeneral(std::vector<HeaderField>& fields, std::string_view lines, const Headers& own) {
  while (!lines.empty()) {
    const std::size_t colon = lines.find(": ");
    const std::size_t end = lines.find("\r\n");
    const std::string_view name = lines.substr(0, colon);
    if (!own.has(name)) fields.push_back({name, lines.substr(colon + 2, end - colon - 2)});
    lines.remove_prefix(end + 2);
  }
}

}  // namespace

void ServerStream::answered(Outcome<Response> outcome) {
  if (state_ != State::Handling) return;                 // the client has gone
  const auto self = shared_from_this();
  handling_ = nullptr;
  if (outcome && !(*outcome).takeOver()) return send(std::move(*outcome));
  Site& site = channel_->site();
  if (outcome) {
    kServerLog.error("a handler changes the protocol of a request that came over HTTP/2", field("client", channel_->peer()));
    return send(site.errorPage(500));
  }
  const std::string who = channel_->peer().toString();
  send(site.responseFor(outcome.failure(), entry_ ? entry_->method + " " + entry_->target + " of " + who : "a request of " + who));
}

void ServerStream::send(Response response) {
  state_ = State::Sending;
  const bool noBody = hasNoBody(response.status);
  if (entry_) entry_->status = response.status;
  if (!noBody && !toHead_ && !response.body.complete()) {
    Deferred<> sending = sendPieces(shared_from_this(), std::move(response));
    if (sending.called()) return streamed(sending.result());
    sending_ = std::move(sending).addBoth([weak = weak_from_this()](Outcome<> outcome) {
      if (const auto stream = weak.lock()) stream->streamed(std::move(outcome));
    });
    return;
  }
  std::optional<std::uint64_t> length;
  // An answer to HEAD may say how long the body would be without making it.
  if (!noBody && (!toHead_ || !response.headers.has("Content-Length") || !response.body.buffered().empty()) && response.body.complete()) length = response.body.buffered().size();
  const bool last = noBody || toHead_ || response.body.buffered().empty();
  submitHead(response, length, last);
  if (!last) {
    give(response.body.take());
    channel_->session().end(*this);
  }
  channel_->writeSoon();
  watch();
}

void ServerStream::submitHead(Response& response, std::optional<std::uint64_t> length, bool last) {
  char status[20], digits[20];
  std::vector<HeaderField>& fields = channel_->fields();
  fields.clear();
  fields.push_back({":status", inDigits(static_cast<std::uint64_t>(response.status), status)});
  addGeneral(fields, channel_->site().generalFields(channel_->clock()), response.headers);
  for (const HeaderField field : response.headers)
    if (!isOfHttp1(field) && !(length && equalIgnoringCase(field.name, "Content-Length"))) fields.push_back(field);
  if (length) fields.push_back({"content-length", inDigits(*length, digits)});
  channel_->session().submitResponse(*this, fields, last);
}

void ServerStream::give(std::string bytes) {
  given_ += bytes.size();
  channel_->session().send(*this, std::move(bytes));
}

Deferred<> ServerStream::sendPieces(std::shared_ptr<ServerStream> self, Response response) {
  std::optional<std::uint64_t> length = response.contentLength();
  std::optional<AsyncGenerator<std::string>> pieces;
  if (auto source = response.body.takeSource()) {
    auto opening = source->open();
    const auto opened = co_await opening;
    if (self->state_ != State::Sending) co_return;
    if (opened) length = *opened;
    pieces.emplace(source->chunks());
  } else {
    pieces.emplace(response.chunks());
  }
  if (!length) response.headers.remove("Content-Length");
  for (;;) {
    std::optional<std::string> piece;
    if (self->begun_) {
      piece = co_await pieces->next();
    } else {                                             // the head waits for the first piece, but not long
      auto first = pieces->nextDeferred();
      if (!first.called()) self->begin(response, length);
      piece = co_await first;
    }
    if (self->state_ != State::Sending) co_return;
    if (!self->begun_) self->begin(response, length);
    if (!piece) break;
    if (piece->empty()) continue;
    if (length && self->given_ + piece->size() > *length) throw Error("the body of a response is longer than its length says: " + std::to_string(*length));
    Deferred<> room;
    self->room_ = room.takeTrigger();
    self->give(std::move(*piece));
    self->channel_->writeSoon();
    self->watch();
    co_await room;
    if (self->state_ != State::Sending) co_return;
  }
  if (length && self->given_ < *length) throw Error("the body of a response is shorter than its length says: " + std::to_string(self->given_) + " of " + std::to_string(*length));
  self->channel_->session().end(*self);
  self->channel_->writeSoon();
}

void ServerStream::begin(Response& response, std::optional<std::uint64_t> length) {
  begun_ = true;
  submitHead(response, length, false);
  channel_->writeSoon();
}

void ServerStream::streamed(Outcome<> outcome) {
  sending_ = nullptr;
  if (outcome || state_ != State::Sending) return;
  if (!begun_) return send(channel_->site().responseForBody(outcome.failure(), "the body of a response to " + channel_->peer().toString()));
  // Half an answer must not look like a whole one.
  kServerLog.error("the body of a response failed: its stream is reset", field("client", channel_->peer()), field("error", outcome.failure().what()));
  noteAnswer(false);
  channel_->session().reset(*this, Http2Code::InternalError);
  channel_->writeSoon();
}

void ServerStream::bodyEmptied() {
  if (!channel_) return;
  waiting_ = false;
  watch();
  if (sentAll()) {
    // The answer is complete, and the rest of the request is of no use (RFC 9113 section 8.1).
    if (!requestEnded_) channel_->session().reset(*this, Http2Code::NoError);
    return;
  }
  if (auto room = std::exchange(room_, Trigger<>()); room.active()) room.callback();
}

void ServerStream::noteAnswer(bool complete) {
  if (!entry_) return;
  const auto entry = std::move(entry_);
  entry->complete = complete;
  entry->bytes = taken();
  entry->duration = channel_->clock().now() - since_;
  channel_->site().options().accessLog(*entry);
}

}  // namespace weft::http::detail
