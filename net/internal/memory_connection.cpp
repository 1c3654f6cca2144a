#include <weft/net/internal/memory_connection.hpp>

#include <weft/net/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace weft::net::detail {

std::uint64_t MemoryWorld::random() noexcept {
  std::uint64_t value = seed += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

std::uint64_t MemoryWorld::between(std::uint64_t least, std::uint64_t most) noexcept {
  return least >= most ? least : least + random() % (most - least + 1);
}

bool MemoryWorld::isCut(const Address& one, const Address& other) const {
  const Address a = one.withPort(0), b = other.withPort(0);
  return cuts.contains({a, b}) || cuts.contains({b, a}) || cuts.contains({a, Address()}) || cuts.contains({b, Address()});
}

void MemoryWorld::writeEvent(std::string what) {
  if (events.size() >= mostEvents) return;
  char time[40];
  std::snprintf(time, sizeof time, "%.9f ", clock.seconds());
  events.push_back(time + std::move(what));
  if (events.size() == mostEvents) events.push_back("(no more events are kept)");
}

namespace {

// FNV-1a: equal data, equal numbers.
std::uint32_t hashOf(std::string_view data) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const char byte : data) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  return hash;
}

}  // namespace

// ---- one direction

MemoryWorld& MemoryPipe::world() const noexcept { return *wire_.world; }
MemoryConnection* MemoryPipe::receiver() const noexcept { return wire_.ends[static_cast<int>(direction_)]; }
MemoryConnection* MemoryPipe::sender() const noexcept { return wire_.ends[1 - static_cast<int>(direction_)]; }
MemoryPipe& MemoryPipe::reverse() const noexcept { return wire_.pipes[1 - static_cast<int>(direction_)]; }

std::chrono::nanoseconds MemoryPipe::arrival(std::size_t bytes) {
  using std::chrono::nanoseconds;
  nanoseconds at = std::max(world().clock.now(), lineFree_);
  if (link_.bandwidth_ > 0) at += nanoseconds(static_cast<std::int64_t>(static_cast<double>(bytes) / link_.bandwidth_ * 1e9));
  lineFree_ = at;
  at += link_.latency_.value();
  const auto jitter = static_cast<std::uint64_t>(link_.jitter_.value().count());
  if (jitter > 0) at += nanoseconds(static_cast<std::int64_t>(world().between(0, jitter)));
  return last_ = std::max(at, last_);
}

void MemoryPipe::push(Kind kind, std::string data) {
  if (dead_) return;
  const auto at = arrival(data.size());
  inFlight_ += data.size();
  items_.push_back({kind, std::move(data), 0, at});
  if (!next_.active()) schedule(items_.front().at);
}

void MemoryPipe::send(std::string_view data) {
  if (dead_ && !stalled_) return;
  if (buffered() == 0 && !stalled_) {
    const std::size_t room = link_.window_ - std::min(link_.window_, inFlight_);
    const std::string_view now = data.substr(0, room);
    if (!now.empty()) push(Kind::Data, std::string(now));
    data.remove_prefix(now.size());
  }
  pending_ += data;
}

void MemoryPipe::pushPending() {
  const std::size_t room = std::min(link_.window_ - std::min(link_.window_, inFlight_), buffered());
  if (room == 0) return;
  push(Kind::Data, pending_.substr(pendingBegin_, room));
  pendingBegin_ += room;
  if (pendingBegin_ == pending_.size() || pendingBegin_ > 1024 * 1024) {
    pending_.erase(0, pendingBegin_);
    pendingBegin_ = 0;
  }
}

void MemoryPipe::sendReset() {
  pending_.clear();
  pendingBegin_ = 0;
  push(Kind::Reset, {});
}

void MemoryPipe::schedule(std::chrono::nanoseconds at) {
  const auto now = world().clock.now();
  next_ = world().clock.callLater(std::max(at - now, std::chrono::nanoseconds(0)), [this, keep = wire_.shared_from_this()] { deliver(); });
}

void MemoryPipe::resume() {
  if (!items_.empty() && !next_.active()) schedule(items_.front().at);
}

void MemoryPipe::receiverClosed() {
  const bool unread = std::any_of(items_.begin(), items_.end(), [](const Item& item) { return item.kind == Kind::Data; });
  closed_ = true;
  items_.clear();
  inFlight_ = 0;
  if (unread || buffered() > 0) reverse().sendReset();
}

// Delivers what is due and was there at the start; what is sent meanwhile gets an event of its own, so that two ends cannot keep each other busy for ever.
void MemoryPipe::deliver() {
  if (!world().cuts.empty() && world().isCut(wire_.client, wire_.server)) return;      // until repair()
  const auto now = world().clock.now();
  for (std::size_t count = items_.size(); count > 0 && !items_.empty() && !dead_; --count) {
    if (items_.front().at > now) break;
    if (!deliverFirst()) return;                       // resume() goes on
  }
  if (!items_.empty() && !dead_ && !next_.active()) schedule(items_.front().at);
}

bool MemoryPipe::deliverFirst() {
  Item& item = items_.front();
  MemoryConnection* const end = receiver();
  if (!end || closed_ || end->state() == Connection::State::Ended) {
    const bool data = item.kind == Kind::Data;
    inFlight_ -= item.data.size() - item.begin;
    items_.pop_front();
    if (data && !closed_) closed_ = true;
    if (data) reverse().sendReset();
    return true;
  }
  switch (item.kind) {
    case Kind::Reset:
      items_.pop_front();
      world().note("#", wire_.number, arrow(), "reset");
      end->end(ConnectionLost(systemErrorText(ECONNRESET), ECONNRESET), false);
      return true;
    case Kind::End:
      if (end->state() == Connection::State::Open) {
        if (!end->wantsData()) return false;
        items_.pop_front();
        world().note("#", wire_.number, arrow(), "end");
        end->receivedEnd();
      } else {
        items_.pop_front();
      }
      return true;
    default: return deliverData(item);
  }
}

bool MemoryPipe::deliverData(Item& item) {
  MemoryConnection& end = *receiver();
  const MemoryLink::Planned planned = link_.planned_[static_cast<int>(direction_)];
  while (item.begin < item.data.size()) {
    if (planned.fault != MemoryLink::Fault::None && arrived_ >= planned.after) {
      fault();
      return true;
    }
    if (end.state() == Connection::State::Open && !end.wantsData()) return false;
    std::size_t size = std::min<std::size_t>(item.data.size() - item.begin, world().between(link_.leastChunk_, link_.mostChunk_));
    if (planned.fault != MemoryLink::Fault::None) size = std::min(size, planned.after - arrived_);
    std::string data = std::move(item.data);           // who gets a piece of it may end the connection, and with it the item
    const std::string_view piece = std::string_view(data).substr(item.begin, size);
    item.begin += size;
    inFlight_ -= size;
    arrived_ += size;
    world().note("#", wire_.number, arrow(), size, " bytes ", hashOf(piece));
    if (end.wantsData()) end.received(piece);
    if (closed_ || dead_) return true;                 // the item is gone
    item.data = std::move(data);
  }
  items_.pop_front();
  if (planned.fault != MemoryLink::Fault::None && arrived_ >= planned.after) {
    fault();
    return true;
  }
  if (MemoryConnection* const from = sender(); from && buffered() > 0) {
    pushPending();
    from->wroteSome();
    if (buffered() == 0) from->wroteAll();
    if (buffered() == 0 && !from->protocol() && from->state() == Connection::State::Open) from->releaseSelf();    // nobody but its user
  }
  return true;
}

void MemoryPipe::fault() {
  const MemoryLink::Fault fault = link_.planned_[static_cast<int>(direction_)].fault;
  if (fault == MemoryLink::Fault::Stall) return stall();
  world().note("#", wire_.number, arrow(), fault == MemoryLink::Fault::Reset ? "fault: reset" : "fault: truncated");
  dead_ = true;
  items_.clear();
  if (next_.active()) next_.cancel();
  pending_.clear();
  pendingBegin_ = inFlight_ = 0;
  if (fault == MemoryLink::Fault::Reset) {
    for (MemoryConnection* const end : {receiver(), sender()})
      if (end) end->end(ConnectionLost(systemErrorText(ECONNRESET), ECONNRESET), false);
    return;
  }
  if (MemoryConnection* const end = receiver(); end && end->wantsData()) end->receivedEnd();
  if (MemoryConnection* const from = sender()) {
    from->wroteSome();
    from->wroteAll();
  }
}

// The window stays full: the sender has to buffer.
void MemoryPipe::stall() {
  world().note("#", wire_.number, arrow(), "fault: stalled");
  dead_ = stalled_ = true;
  items_.clear();
  if (next_.active()) next_.cancel();
}

// ---- one end

MemoryConnection::MemoryConnection(std::shared_ptr<MemoryWire> wire, MemoryLink::Direction incoming, const Address& host, const Address& peer)
    : wire_(std::move(wire)), incoming_(static_cast<int>(incoming)), host_(host), peer_(peer), index_(wire_->world->open.size()) {
  wire_->ends[incoming_] = this;
  wire_->world->open.push_back(this);
}

MemoryConnection::~MemoryConnection() {
  if (state() != State::Ended) outgoing().sendReset();
  leave();
}

void MemoryConnection::leave() noexcept {
  if (wire_->ends[incoming_] != this) return;
  wire_->ends[incoming_] = nullptr;
  auto& open = wire_->world->open;
  open.back()->index_ = index_;
  open[index_] = open.back();
  open.pop_back();
}

void MemoryConnection::write(std::string_view data) {
  if (!takesWrites() || data.empty()) return;
  if (buffered() > 0 && buffered() + data.size() > writeLimit()) return end(WriteBufferFull(writeLimit()), true);
  outgoing().send(data);
  queued();
}

void MemoryConnection::writeSequence(std::span<const std::string_view> parts) {
  std::string whole;
  for (const std::string_view part : parts) whole += part;
  write(whole);
}

void MemoryConnection::flush() {
  if (buffered() > 0) return;                          // the pipe calls wroteAll()
  clock().callLater(0, [self = shared_from_this(), this] {
    if (buffered() == 0) wroteAll();
  });
}

void MemoryConnection::endCarrier(bool abort) noexcept {
  wire_->world->note("#", wire_->number, incoming_ == 0 ? " server " : " client ", abort ? "aborts" : "closes");
  holdSelf();
  if (abort || buffered() > 0) outgoing().sendReset();
  else outgoing().sendEnd();
  incoming().receiverClosed();
  finishLater();
}

void MemoryConnection::finishLater() {
  clock().callLater(0, [self = shared_from_this(), this] {
    finish();
    releaseSelf();
    leave();
  });
}

void MemoryConnection::vanish() {
  incoming().stall();
  outgoing().stall();
}

void MemoryConnection::networkEnds() noexcept {
  const auto self = shared_from_this();
  end(ConnectionAborted("the network has ended"), true);
  finish();
  releaseSelf();
  leave();
}

}  // namespace weft::net::detail
