#include <weft/core/log.hpp>
#include <weft/http/internal/file_parts.hpp>
#include <weft/http/internal/framing.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/http/server/internal/channel.hpp>
#include <weft/http/server/internal/cork.hpp>
#include <weft/net/file_transport.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace weft::http::detail {
namespace {

// A rest of a request's body that nobody wants is read up to this size, so that the connection can serve again.
constexpr std::uint64_t kMaxDrained = 64 * 1024;
// An answer of up to this size is copied behind its head; a larger one is written beside it.
constexpr std::size_t kCopied = 16 * 1024;
// What of a file is sent at a time.
constexpr std::uint64_t kFileWindow = 1024 * 1024;

void appendNumber(std::string& to, std::uint64_t number) {
  char digits[20];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

std::string hexLine(std::size_t size) {
  char digits[18];
  char* end = std::to_chars(digits, digits + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return std::string(digits, end);
}

// Fields that the server writes itself, or looks at.
struct Fields {
  bool date = false;
  bool server = false;
  bool length = false;
  bool close = false;                                    // Connection: close

  explicit Fields(Headers& headers) {
    bool connection = false, coding = false;
    for (const HeaderField field : headers) {
      switch (field.name.size()) {
        case 4: date |= equalIgnoringCase(field.name, "Date"); break;
        case 6: server |= equalIgnoringCase(field.name, "Server"); break;
        case 10: connection |= equalIgnoringCase(field.name, "Connection"); break;
        case 14: length |= equalIgnoringCase(field.name, "Content-Length"); break;
        case 17: coding |= equalIgnoringCase(field.name, "Transfer-Encoding"); break;
        default: break;
      }
    }
    if (connection) {
      close = headers.hasToken("Connection", "close");
      headers.remove("Connection");
    }
    if (coding) headers.remove("Transfer-Encoding");
  }
};

// The status line and all fields but those of the connection. `length`: of the body that follows, where it is known and there is one.
void appendHead(std::string& to, Response& response, const Fields& fields, std::string_view generalFields, std::optional<std::uint64_t> length) {
  if (response.status == 200 && response.reason.empty()) {
    to.append("HTTP/1.1 200 OK\r\n");
  } else {
    to.append("HTTP/1.1 ");
    appendNumber(to, static_cast<std::uint64_t>(response.status));
    to.append(" ").append(response.reason.empty() || !isReasonPhrase(response.reason) ? reasonPhrase(response.status) : std::string_view(response.reason)).append("\r\n");
  }
  if (fields.date || fields.server) {
    const std::size_t dateEnd = generalFields.find("\r\n") + 2;
    if (!fields.date) to.append(generalFields.substr(0, dateEnd));
    if (!fields.server) to.append(generalFields.substr(dateEnd));
  } else {
    to.append(generalFields);
  }
  if (length) {
    if (fields.length) response.headers.remove("Content-Length");
    to.append("Content-Length: ");
    appendNumber(to, *length);
    to.append("\r\n");
  }
}

}  // namespace

void Channel::answered(Outcome<Response>&& outcome) {
  if (state_ != State::Handling) return;                 // the client has gone
  handling_ = nullptr;
  if (!outcome) {
    if (!parser_->complete()) keepAlive_ = false;         // most often it is the body that is refused
    const AccessEntry* entry = entry_.get();
    send(site_->responseFor(outcome.failure(), entry ? entry->method + " " + entry->target + " of " + peer_.toString() : "a request of " + peer_.toString()));
    return;
  }
  if ((*outcome).takeOver()) return upgrade(std::move(*outcome));
  send(std::move(*outcome));
}

// May another request follow on this connection?
bool Channel::mayKeepAlive(bool streamed) const noexcept {
  if (!keepAlive_ || broken_ || peerDone_ || site_->closing_) return false;
  if (parser_->complete()) return true;
  if (streamed && stream_) return true;                  // its body is still being read, perhaps to its end
  if (expectsContinue_) return false;                    // nobody knows whether the body will come
  const auto length = parser_->contentLength();
  return length && *length <= kMaxDrained;
}

void Channel::send(Response&& response) {
  const bool noBody = hasNoBody(response.status);
  const bool streamed = !noBody && !toHead_ && !response.body.complete();
  if (entry_) entry_->status = response.status;
  if (streamed) {
    setState(State::Sending);
    stream(std::move(response));
    return;
  }
  begun_ = true;
  const Fields fields(response.headers);
  if (fields.close) keepAlive_ = false;
  std::string own;
  std::string& out = cork_ ? cork_->out() : own;
  const std::string_view body = noBody || toHead_ ? std::string_view() : std::string_view(response.body.buffered());
  std::optional<std::uint64_t> length;
  // An answer to HEAD may say how long the body would be without making it.
  if (!noBody && (!toHead_ || !fields.length || !response.body.buffered().empty()) && response.body.complete()) length = response.body.buffered().size();
  appendHead(out, response, fields, site_->generalFields(clock()), length);
  keepAlive_ = mayKeepAlive(false);
  if (!keepAlive_) out.append("Connection: close\r\n");
  else if (oldVersion_) out.append("Connection: keep-alive\r\n");
  out.append(response.headers.wire()).append("\r\n");
  if (body.size() <= kCopied) {
    out.append(body);
    sent_ += out.size();
    if (!cork_) transport().write(out);
    else if (out.size() > Cork::kKept / 4) cork_->flush();
  } else {
    sent_ += out.size() + body.size();
    transport().writeSequence({out, body});
    out.clear();
  }
  written_ = body.size();
  if (transport().buffered() == 0) return sent();
  // One that asks and does not read gets no further answers.
  Deferred<> draining = transport().drained();
  if (draining.called()) return sent();
  setState(State::Sending);
  sending_ = draining.addBoth([weak = weakSelf()](Outcome<> drained) {
    const auto channel = weak.lock();
    if (!channel || !drained || channel->state_ != State::Sending) return;
    channel->sending_ = nullptr;
    channel->sent();
  });
}

void Channel::write(std::string_view bytes) {
  if (cork_) cork_->flush();
  sent_ += bytes.size();
  transport().write(bytes);
}

// An answer whose body comes bit by bit.
void Channel::stream(Response&& response) {
  begun_ = false;
  Deferred<bool> sending = sendPieces(self(), std::move(response));
  if (sending.called()) return streamed(sending.result());
  sending_ = sending.addBoth([weak = weakSelf()](Outcome<bool> all) {
    if (const auto channel = weak.lock()) channel->streamed(std::move(all));
  });
}

// True: all of it was written. False: the client is gone.
Deferred<bool> Channel::sendPieces(std::shared_ptr<Channel> self, Response response) {
  std::optional<std::uint64_t> length = response.contentLength();
  std::optional<AsyncGenerator<std::string>> pieces;
  if (auto source = response.body.takeSource()) {
    auto opening = source->open();
    const auto opened = co_await opening;
    if (self->state_ != State::Sending) co_return false;
    if (opened) length = *opened;
    auto* const sender = dynamic_cast<net::FileTransport*>(&self->transport());
    if (auto files = filePartsOf(source); files && sender && sender->sendsFiles()) {
      auto sending = sendFile(self, std::move(response), std::move(files));
      co_return co_await sending;
    }
    pieces.emplace(source->chunks());
  } else {
    pieces.emplace(response.chunks());
  }
  const bool chunked = !length && !self->oldVersion_;
  std::string head = self->headOfStream(response, length);
  for (;;) {
    std::optional<std::string> piece;
    if (head.empty()) {
      piece = co_await pieces->next();
    } else {                                             // it waits for the first piece, but not long
      auto first = pieces->nextDeferred();
      if (!first.called()) {
        self->write(head);
        self->begun_ = true;
        head.clear();
      }
      piece = co_await first;
    }
    if (self->state_ != State::Sending) co_return false;
    if (!piece) break;
    if (piece->empty()) continue;
    self->written_ += piece->size();
    if (length && self->written_ > *length) throw Error("the body of a response is longer than its length says: " + std::to_string(*length));
    if (self->cork_) self->cork_->flush();
    self->begun_ = true;
    self->sent_ += head.size() + piece->size();
    if (chunked)
      self->transport().writeSequence({head, hexLine(piece->size()), *piece, "\r\n"});
    else if (!head.empty())
      self->transport().writeSequence({head, *piece});
    else
      self->transport().writeOwned(std::move(*piece));
    head.clear();
    self->arm();
    auto draining = self->transport().drained();
    const auto drained = co_await draining.outcome();
    if (!drained || self->state_ != State::Sending) co_return false;
  }
  if (length && self->written_ < *length) throw Error("the body of a response is shorter than its length says: " + std::to_string(self->written_) + " of " + std::to_string(*length));
  if (chunked) head.append("0\r\n\r\n");
  if (!head.empty()) self->write(head);
  co_return true;
}

// The system sends the file. In parts, each of which is in its memory before, and with a word to the client's clock after each.
Deferred<bool> Channel::sendFile(std::shared_ptr<Channel> self, Response response, std::shared_ptr<const FileParts> files) {
  std::string head = self->headOfStream(response, files->length());
  for (const FilePart& part : files->parts()) {
    head.append(part.before);
    self->written_ += part.before.size();
    for (std::uint64_t done = 0; done < part.length;) {
      const std::uint64_t offset = part.offset + done, length = std::min(kFileWindow, part.length - done);
      auto fetching = files->fetch(offset, length);
      co_await fetching;
      if (self->state_ != State::Sending) co_return false;
      if (self->cork_) self->cork_->flush();
      self->begun_ = true;
      self->sent_ += head.size() + length;
      self->written_ += length;
      dynamic_cast<net::FileTransport&>(self->transport()).sendFile(files->file(), offset, length, head);
      head.clear();
      done += length;
      self->arm();
      auto draining = self->transport().drained();
      const auto drained = co_await draining.outcome();
      if (!drained && drained.failure().check<net::SendFileFailed>()) co_return drained.failure();
      if (!drained || self->state_ != State::Sending) co_return false;
    }
  }
  head.append(files->end());
  self->written_ += files->end().size();
  if (!head.empty()) self->write(head);
  co_return true;
}

// What goes before a body that is streamed.
std::string Channel::headOfStream(Response& response, std::optional<std::uint64_t> length) {
  const bool chunked = !length && !oldVersion_;
  std::string head;
  const Fields fields(response.headers);
  if (fields.close) keepAlive_ = false;
  appendHead(head, response, fields, site_->generalFields(clock()), length);
  if (!length) response.headers.remove("Content-Length");
  if (chunked) head.append("Transfer-Encoding: chunked\r\n");
  keepAlive_ = mayKeepAlive(true) && (length || chunked);
  if (!keepAlive_) head.append("Connection: close\r\n");
  else if (oldVersion_) head.append("Connection: keep-alive\r\n");
  head.append(response.headers.wire()).append("\r\n");
  written_ = 0;
  return head;
}

void Channel::streamed(Outcome<bool> all) {
  sending_ = nullptr;
  if (state_ != State::Sending) return;
  if (all) {
    if (*all) sent();
    return;                                              // else connectionLost() comes
  }
  if (!begun_) {
    setState(State::Handling);
    keepAlive_ = false;
    send(site_->responseForBody(all.failure(), "the body of a response to " + peer_.toString()));
    return;
  }
  // Half an answer must not look like a whole one.
  kServerLog.error("the body of a response failed: the connection is cut", field("client", peer_), field("error", all.failure().what()));
  noteAnswer(false);
  transport().abortConnection();
}

// The connection becomes another protocol's.
void Channel::upgrade(Response&& response) {
  if (!wantsUpgrade_ || !parser_->complete() || response.status != 101) {
    kServerLog.error("a handler changes the protocol of a request that does not ask for it, or that has a body", field("client", peer_));
    send(site_->errorPage(500));
    return;
  }
  std::string head;
  const Fields fields(response.headers);
  appendHead(head, response, fields, site_->generalFields(clock()), std::nullopt);
  head.append("Connection: Upgrade\r\n").append(response.headers.wire()).append("\r\n");
  if (entry_) entry_->status = 101;
  write(head);
  noteAnswer(true);
  takeOver_ = std::make_unique<Response::TakeOver>(std::move(*response.takeOver()));
  state_ = State::Ended;
  if (!cork_) handOver(std::exchange(pending_, {}));      // else process() does, which knows what has come behind the request
}

void Channel::handOver(std::string surplus) {
  const auto kept = shared_from_this();
  const auto takeOver = std::move(takeOver_);
  const auto connection = transport().shared_from_this();
  if (timer_.active()) timer_.cancel();
  resume();
  site_->left(*this);
  connection->setProtocol(nullptr);
  if (!surplus.empty()) connection->unread(std::move(surplus));
  try {
    (*takeOver)(connection);
  } catch (...) {
    kServerLog.error("what takes a connection over failed: it is cut", field("client", peer_), field("error", Failure().what()));
    connection->abortConnection();
  }
}

// An answer is on its way: on to the next request.
void Channel::sent() {
  noteAnswer(true);
  if (!keepAlive_ || peerDone_) {
    linger();
    return;
  }
  if (parser_->complete()) return next();
  if (BodyStream* const stream = std::exchange(stream_, nullptr)) {      // a reader that still has it hears no more
    stream->fail(Error("the request has been answered"));
    stream->removeReference();
  }
  setState(State::Draining);
  resume();
}

void Channel::linger() {
  setState(State::Lingering);
  pending_.clear();
  endBody(Error("the request has been answered"));
  if (cork_) cork_->flush();
  if (peerDone_) {
    transport().loseConnection();
    return;
  }
  transport().loseWriteConnection();
  resume();
}

void Channel::noteAnswer(bool complete) {
  if (!entry_) return;
  const auto entry = std::move(entry_);
  entry->complete = complete;
  entry->bytes = written_;
  entry->duration = clock().now() - requestAt_;
  site_->options_.accessLog(*entry);
}

}  // namespace weft::http::detail
