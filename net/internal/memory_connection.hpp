// A connection in memory: two ends, and a pipe each way.
#pragma once

#include <weft/net/internal/connection.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net::detail {

class MemoryConnection;
struct MemoryWire;

/// What all connections of one MemoryNetwork share.
struct MemoryWorld {
  explicit MemoryWorld(Clock& clock, std::uint64_t seed) : clock(clock), seed(seed) {}
  /// Does nothing get from one to the other?
  bool isCut(const Address& one, const Address& other) const;
  /// Writes an event down, if anybody wants to know.
  template <class... P> void note(const P&... parts) {
    if (mostEvents > 0) [[unlikely]] writeEvent((std::string() += ... += asText(parts)));
  }
  /// Equal seeds, equal numbers, on every machine (splitmix64).
  std::uint64_t random() noexcept;
  std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept;
  Clock& clock;
  std::uint64_t seed;
  std::vector<MemoryConnection*> open;
  std::set<std::pair<Address, Address>> cuts;          // without ports; an empty address: everybody
  std::vector<std::string> events;
  std::size_t mostEvents = 0;

 private:
  static std::string asText(std::string_view text) { return std::string(text); }
  template <std::integral T> static std::string asText(T number) { return std::to_string(number); }
  void writeEvent(std::string what);
};

/// One direction of a connection.
class MemoryPipe {
 public:
  MemoryPipe(MemoryWire& wire, const MemoryLink& link, MemoryLink::Direction direction) noexcept
      : wire_(wire), link_(link), direction_(direction) {}

  // ---- for the sender
  void send(std::string_view data);
  void sendEnd() { push(Kind::End, {}); }
  /// What has not left yet never will.
  void sendReset();
  std::size_t buffered() const noexcept { return pending_.size() - pendingBegin_; }

  // ---- for the receiver
  /// Goes on to deliver, from the loop.
  void resume();
  void receiverClosed();
  /// Nothing arrives any more, and nobody is told.
  void stall();

 private:
  enum class Kind : std::uint8_t { Data, End, Reset };
  struct Item {
    Kind kind;
    std::string data;
    std::size_t begin;
    std::chrono::nanoseconds at;
  };

  MemoryWorld& world() const noexcept;
  const char* arrow() const noexcept { return direction_ == MemoryLink::Direction::ToServer ? " to server: " : " to client: "; }
  MemoryConnection* sender() const noexcept;
  MemoryConnection* receiver() const noexcept;
  MemoryPipe& reverse() const noexcept;
  std::chrono::nanoseconds arrival(std::size_t bytes);
  void push(Kind kind, std::string data);
  void pushPending();
  void schedule(std::chrono::nanoseconds at);
  void deliver();
  bool deliverFirst();                                 // false: it has to wait
  bool deliverData(Item& item);
  void fault();

  MemoryWire& wire_;
  const MemoryLink& link_;
  const MemoryLink::Direction direction_;
  std::deque<Item> items_;
  std::string pending_;                                // beyond the window: from pendingBegin_ on
  std::size_t pendingBegin_ = 0;
  std::size_t inFlight_ = 0;
  std::size_t arrived_ = 0;
  std::chrono::nanoseconds last_{0};                   // nothing arrives before what was sent before
  std::chrono::nanoseconds lineFree_{0};
  DelayedCall next_;
  bool dead_ = false;                                  // a planned fault has struck: nothing arrives any more
  bool stalled_ = false;                               // of these the one of which nobody is told
  bool closed_ = false;                                // the receiver reads no more
};

/// Both directions. Held by both ends and by what is on its way.
struct MemoryWire : std::enable_shared_from_this<MemoryWire> {
  MemoryWire(std::shared_ptr<MemoryWorld> world, const MemoryLink& link, std::uint64_t number, const Address& client, const Address& server)
      : world(std::move(world)), link(link), number(number), client(client), server(server), pipes{{*this, this->link, MemoryLink::Direction::ToServer},
                                                   {*this, this->link, MemoryLink::Direction::ToClient}} {}
  std::shared_ptr<MemoryWorld> world;
  const MemoryLink link;
  const std::uint64_t number;                          // of the attempt to connect
  const Address client, server;
  MemoryPipe pipes[2];                                 // by MemoryLink::Direction
  MemoryConnection* ends[2] = {};                      // where they lead to: server, client; null when gone
};

class MemoryConnection final : public Connection {
 public:
  /// `incoming`: the direction that leads to this end.
  MemoryConnection(std::shared_ptr<MemoryWire> wire, MemoryLink::Direction incoming, const Address& host, const Address& peer);
  ~MemoryConnection() override;

  void write(std::string_view data) override;
  void writeOwned(std::string data) override { write(data); }
  using Transport::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override;
  std::size_t buffered() const noexcept override { return outgoing().buffered(); }
  Address getHost() const override { return host_; }
  Address getPeer() const override { return peer_; }
  Clock& clock() const noexcept override { return wire_->world->clock; }

  /// The network is being destroyed.
  void networkEnds() noexcept;
  /// What has come may go on.
  void repaired() { incoming().resume(); }
  /// This end's machine is gone.
  void vanish();

 private:
  friend MemoryPipe;
  void startReading() override { incoming().resume(); }
  void flush() override;
  void endWriting() noexcept override { outgoing().sendEnd(); }
  void endCarrier(bool abort) noexcept override;
  void finishAgain() override { finishLater(); }
  void finishLater();
  void leave() noexcept;

  MemoryPipe& incoming() const noexcept { return wire_->pipes[incoming_]; }
  MemoryPipe& outgoing() const noexcept { return wire_->pipes[1 - incoming_]; }

  std::shared_ptr<MemoryWire> wire_;
  const int incoming_;
  Address host_;
  Address peer_;
  std::size_t index_;                                  // in world->open
};

}  // namespace weft::net::detail
