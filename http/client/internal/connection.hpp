// Connection: one connection of an Agent that speaks HTTP/1, and the request that it carries.
#pragma once

#include <weft/http/client/internal/body_outlet.hpp>
#include <weft/http/client/internal/body_sender.hpp>
#include <weft/http/client/internal/pool_connection.hpp>
#include <weft/http/internal/body_stream.hpp>
#include <weft/http/internal/response_facts.hpp>
#include <weft/http/parser.hpp>
#include <weft/net/address.hpp>
#include <weft/net/tls/facts.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http::detail {

/// What fires a Deferred comes last in every function here: whoever is fired may do anything, also destroy the Agent.
class Connection final : public PoolConnection, private MessageSink, private BodyStream::Source, private BodyOutlet {
 public:
  Connection(Pool& pool, Host& host, const net::Address& peer, std::shared_ptr<const net::TlsFacts> tls);
  ~Connection() override;

  void start(Exchange& exchange, std::chrono::nanoseconds now) override;
  void drop(Exchange&) override { abort(); }
  void close() override;
  void endAll(const std::function<void(Exchange&)>& end, std::vector<BodyStream*>& bodies) override;
  void setIdle() override { arm(); }
  bool served() const noexcept override { return served_ > 0; }

 private:
  Clock& outletClock() noexcept override { return transport().clock(); }
  std::string url() const override { return exchange_ ? exchange_->request.url.href() : url_; }
  Deferred<> sendPiece(std::string piece) override;
  void endPieces() override;
  void bodyMoved() override;
  void bodySent() override;
  void bodyFailed(Failure failure) override;

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
  BodyStream* takeStream() noexcept;
  void abort();
  void broken(Failure failure);
  void tell(Exchange* exchange, BodyStream* stream, Failure failure);
  void leavePool();
  std::chrono::nanoseconds nextDeadline() const noexcept;
  void arm();
  void checkTime();
  void beginRate() noexcept;
  bool isTooSlow() const noexcept;
  bool mayRetry() const noexcept;

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
  bool chunked_ = false;                   // the body that is sent
  bool paused_ = false;
};

}  // namespace weft::http::detail
