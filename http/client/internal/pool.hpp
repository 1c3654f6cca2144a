// Pool: an Agent's connections, and the requests that wait for one.
#pragma once

#include <weft/core/block_pool.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/client/internal/connector.hpp>
#include <weft/http/client/internal/routes.hpp>
#include <weft/http/internal/response_facts.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::http::detail {

class ClientStream;
class Pool;
class PoolConnection;
struct Host;

/// One request on its way. Made by the pool; deleted by whoever ends it: the pool while its body is opened, it waits or connects, its connection after that.
struct Exchange : weft::detail::Pooled {
  enum class State : std::uint8_t { Opening, Waiting, Connecting, Sent, Dropped };

  explicit Exchange(Request&& request) noexcept : request(std::move(request)) {}

  Request request;
  Trigger<Response> trigger;
  Pool* pool = nullptr;
  Host* host = nullptr;
  PoolConnection* connection = nullptr;
  Exchange* next = nullptr;            // of the host's queue
  Exchange* previous = nullptr;
  Deferred<> pending{nullptr};         // its body's open(), or the connecting
  DelayedCall timer;                   // the total time, before it is sent; then the connection's timer watches it
  std::shared_ptr<ResponseFacts> facts;
  std::chrono::nanoseconds begunAt{};
  std::chrono::nanoseconds deadline{};
  BodySource::Length bodyLength;       // of a body that has a source
  ClientStream* stream = nullptr;      // of an HTTP/2 connection
  State state = State::Waiting;
  std::uint8_t refusals = 0;           // how often a server has done nothing with it
  bool retried = false;
  bool needsHttp1 = false;
};

/// An origin. Lives while it has connections or requests.
struct Host {
  std::string key;                     // "http://example.com:8080"
  std::string name;                    // without the brackets of IPv6
  std::uint16_t port = 0;
  bool secure = false;
  std::string usualFields;             // what a request without fields of its own is sent with
  Route route;
  std::vector<PoolConnection*> idle;   // the last one used first
  std::vector<PoolConnection*> shared; // of HTTP/2: each takes several requests at once
  std::size_t open = 0;
  Exchange* first = nullptr;           // those who wait
  Exchange* last = nullptr;
  Host* nextTurn = nullptr;            // of the pool's queue of turns
  bool inTurn = false;
  bool learning = false;               // its first connection is being made, and may become a shared one: the others wait for that
  bool learned = false;
};

class Pool {
 public:
  Pool(net::Network& network, AgentOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  Deferred<Response> request(Request&& request);
  void close();
  AgentStats stats() const;

  const AgentOptions& options() const noexcept { return options_; }
  Clock& clock() noexcept { return network_.clock(); }

  // ---- for connections
  /// It has nothing to do any more, and may be used again.
  void released(PoolConnection& connection);
  /// One that is shared could take one more.
  void roomIn(PoolConnection& connection);
  /// It will not be used again: its place is free.
  void removed(PoolConnection& connection);
  /// It died before the response to `exchange` began, and had served before.
  void retry(Exchange& exchange);
  /// The server has done nothing with it: it waits for another place, before all others.
  void again(Exchange& exchange);
  /// What is sent for this request, without the body. Valid until the next call.
  std::string_view headOf(const Exchange& exchange);

 private:
  // Sees whether the pool goes while it does something that fires others.
  class Watch {
   public:
    explicit Watch(Pool& pool) noexcept : pool_(pool), outer_(std::exchange(pool.watch_, this)) {}
    ~Watch() {
      if (!destroyed)
        pool_.watch_ = outer_;
      else if (outer_)
        outer_->destroyed = true;
    }
    Watch(const Watch&) = delete;
    bool destroyed = false;

   private:
    Pool& pool_;
    Watch* outer_;
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept { return std::hash<std::string_view>()(key); }
  };

  Host& hostOf(const Url& url);
  void openBody(Exchange& exchange);
  void bodyOpened(Exchange& exchange, BodySource::Length length);
  void bodyFailed(Exchange& exchange, Failure failure);
  void submit(Exchange& exchange, std::chrono::nanoseconds now);
  void start(Exchange& exchange, PoolConnection& connection, std::chrono::nanoseconds now);
  void connect(Exchange& exchange);
  Deferred<OpenedConnection> open(Host& host, bool http2);
  bool maySpeakHttp2(const Host& host) const noexcept;
  bool wantsHttp2(const Exchange& exchange) const noexcept;
  void connected(Exchange& exchange, OpenedConnection opened);
  void stopLearning(const Exchange& exchange, bool learned);
  void connectFailed(Exchange& exchange, Failure failure);
  void cancel(Exchange& exchange);
  void timedOut(Exchange& exchange);
  Trigger<Response> drop(Exchange& exchange);
  void giveUp(Exchange& exchange);
  void watch(Exchange& exchange);

  void enqueue(Exchange& exchange, bool atFront);
  void unlink(Exchange& exchange) noexcept;
  void takeTurn(Host& host);
  void popTurn() noexcept;
  void giveUpPlace(Host& host);
  PoolConnection* freeConnection(const Exchange& exchange) const noexcept;
  bool canGoOn(const Host& host) const noexcept;
  bool giveConnection(Host& host);
  void pump();
  void pushIdle(PoolConnection& connection);
  void unlinkIdle(PoolConnection& connection) noexcept;
  void forgetIfUnused(Host& host);

  net::Network& network_;
  AgentOptions options_;
  Routes routes_{network_, options_};
  std::optional<net::TlsClientContext> tls_;                               // made when they are needed first
  std::optional<net::TlsClientContext> tlsWithHttp2_;
  std::unordered_map<std::string, Host, KeyHash, std::equal_to<>> hosts_;
  Host* lastHost_ = nullptr;           // that was looked for: most often the next one too
  Host* firstTurn_ = nullptr;          // hosts with waiting requests, in the order in which they get connections
  Host* lastTurn_ = nullptr;
  std::vector<PoolConnection*> connections_;
  PoolConnection* longestIdle_ = nullptr;                                  // all idle ones, linked by how long they are
  PoolConnection* lastIdle_ = nullptr;
  std::vector<Exchange*> unsettled_;   // those whose body is opened, or that connect
  std::size_t open_ = 0;
  std::string head_;
  std::string userAgentField_;
  AgentStats stats_;
  bool closed_ = false;
  bool pumping_ = false;
  Watch* watch_ = nullptr;
};

}  // namespace weft::http::detail
