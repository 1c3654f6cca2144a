// Connection: one connection of an Agent, and the request that it carries.
#pragma once

#include <weft/http/client/internal/body_sender.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/internal/body_stream.hpp>
#include <weft/http/internal/response_facts.hpp>
#include <weft/http/parser.hpp>
#include <weft/net/address.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/tls/facts.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http::detail {

/// The protocol of a pooled connection. Owned by its transport; known to the pool until it tells the pool that it is gone.
///
/// What fires a Deferred comes last in every function here: whoever is fired may do anything, also destroy the Agent.
class Connection final : public net::Protocol, private MessageSink, private BodyStream::Source {
 public:
  Connection(Pool& pool, Host& host, const net::Address& peer, std::shared_ptr<const net::TlsFacts> tls);
  ~Connection() override;

  /// Sends the exchange's request. The connection must be idle.
  void start(Exchange& exchange, std::chrono::nanoseconds now);
  /// Stops whatever it does and closes, at once. Who waits for its exchange or stream is told by the caller.
  void abort();
  /// Closes an idle connection.
  void close();
  void setIdle() { arm(); }

  Host& host() const noexcept { return *host_; }
  Exchange* exchange() const noexcept { return exchange_; }
  /// The body that it receives, with the connection's reference to it; null if none.
  BodyStream* takeStream() noexcept;
  bool served() const noexcept { return served_ > 0; }
  const net::Address& peer() const noexcept { return peer_; }
  const std::shared_ptr<const net::TlsFacts>& tls() const noexcept { return tls_; }
  /// Of what it does, for errors.
  std::string url() const { return exchange_ ? exchange_->request.url.href() : url_; }
  void forgetPool() noexcept { pool_ = nullptr; }

  // ---- for its BodySender
  /// A piece of the body has been written, or taken by the server.
  void bodyMoved();
  void bodySent();
  void bodyFailed(Failure failure);

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
  void interimReceived() override;

  void bodyWanted() noexcept override;
  void bodyAbandoned() noexcept override;

  bool tellInterims();
  Response takeResponse();
  void deliverHead();
  void finished(std::string_view surplus);
  void upgraded(Exchange& exchange, std::string_view surplus);
  void finishFacts(ResponseFacts& facts);
  void stopSending() noexcept;
  void broken(Failure failure);
  void tell(Exchange* exchange, BodyStream* stream, Failure failure);
  void leavePool();
  std::chrono::nanoseconds nextDeadline() const noexcept;
  void arm();
  void checkTime();
  void beginRate() noexcept;
  bool isTooSlow() const noexcept;
  bool mayRetry() const noexcept;

  Pool* pool_;
  Host* host_;
  const net::Address peer_;
  const std::shared_ptr<const net::TlsFacts> tls_;
  Parser parser_;
  Exchange* exchange_ = nullptr;       // until its head has been delivered
  BodyStream* stream_ = nullptr;       // from then until the body's end
  std::shared_ptr<ResponseFacts> facts_;   // as long as stream_
  std::shared_ptr<BodySender> sender_;     // until the body has been sent
  std::vector<std::pair<int, Headers>> interims_;      // that came, and of which nobody knows yet
  std::string body_;
  std::string url_;                    // of the body on its way, for errors
  std::uint64_t received_ = 0;
  std::size_t maxBody_ = 0;
  DelayedCall timer_;
  std::chrono::nanoseconds startedAt_{};
  std::chrono::nanoseconds sentAt_{};      // all of the request
  std::chrono::nanoseconds firstByteAt_{};
  std::chrono::nanoseconds rateFrom_{};
  std::uint64_t rateBytes_ = 0;            // since then
  std::chrono::nanoseconds activeAt_{};
  std::chrono::nanoseconds deadline_{};    // of the whole exchange
  double totalSeconds_ = 0;
  std::uint64_t served_ = 0;
  bool closeAfter_ = false;
  bool paused_ = false;
};

}  // namespace weft::http::detail
