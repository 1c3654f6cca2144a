// Connection: one connection of an Agent, and the request that it carries.
#pragma once

#include <weft/http/client/internal/pool.hpp>
#include <weft/http/internal/body_stream.hpp>
#include <weft/http/parser.hpp>
#include <weft/net/protocol.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::http::detail {

/// The protocol of a pooled connection. Owned by its transport; known to the pool until it tells the pool that it is gone.
///
/// What fires a Deferred comes last in every function here: whoever is fired may do anything, also destroy the Agent.
class Connection final : public net::Protocol, private MessageSink, private BodyStream::Source {
 public:
  Connection(Pool& pool, Host& host);
  ~Connection() override;

  /// Sends the exchange's request. The connection must be idle.
  void start(Exchange& exchange);
  /// Stops whatever it does and closes, at once. Who waits for its exchange or stream is told by the caller.
  void abort();
  /// Closes an idle connection.
  void close();
  void setIdle();

  Host& host() const noexcept { return *host_; }
  Exchange* exchange() const noexcept { return exchange_; }
  /// The body that it receives, with the connection's reference to it; null if none.
  BodyStream* takeStream() noexcept;
  bool served() const noexcept { return served_ > 0; }
  void forgetPool() noexcept { pool_ = nullptr; }

  // The pool's own notes.
  std::size_t index = 0;               // in its list of all
  Connection* idleNext = nullptr;
  Connection* idlePrevious = nullptr;
  bool isIdle = false;

 private:
  void dataReceived(std::string_view data) override;
  void connectionLost(const Failure& reason) override;

  void headReceived() override;
  void bodyReceived(std::string_view piece) override;
  void messageReceived() override {}

  void bodyWanted() noexcept override;
  void bodyAbandoned() noexcept override;

  Response takeResponse();
  void deliverHead();
  void finished(bool surplus);
  void broken(Failure failure);
  void tell(Exchange* exchange, BodyStream* stream, Failure failure);
  void leavePool();
  std::chrono::nanoseconds nextDeadline() const noexcept;
  void arm();
  void checkTime();
  bool mayRetry() const noexcept;

  Pool* pool_;
  Host* host_;
  Parser parser_;
  Exchange* exchange_ = nullptr;       // until its head has been delivered
  BodyStream* stream_ = nullptr;       // from then until the body's end
  std::string body_;
  std::string url_;                    // of the body on its way, for errors
  std::uint64_t received_ = 0;
  std::size_t maxBody_ = 0;
  DelayedCall timer_;
  std::chrono::nanoseconds sentAt_{};
  std::chrono::nanoseconds activeAt_{};
  std::chrono::nanoseconds deadline_{};    // of the whole exchange
  double totalSeconds_ = 0;
  std::uint64_t served_ = 0;
  bool closeAfter_ = false;
  bool paused_ = false;
};

}  // namespace weft::http::detail
