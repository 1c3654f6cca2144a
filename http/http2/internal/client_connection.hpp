// Http2Connection: one connection of an Agent that speaks HTTP/2, and the requests that it carries.
#pragma once

#include <weft/http/client/internal/pool_connection.hpp>
#include <weft/http/http2/internal/session.hpp>
#include <weft/http/http2/internal/session_writer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::http::detail {

class ClientStream;

/// What fires a Deferred comes last in every function here: whoever is fired may do anything, also destroy the Agent. So what a read brings is written down by the streams first, and
/// told when the session has let go.
class Http2Connection final : public PoolConnection, private Session::Handler {
 public:
  Http2Connection(Pool& pool, Host& host, const net::Address& peer, std::shared_ptr<const net::TlsFacts> tls);
  ~Http2Connection() override;

  void start(Exchange& exchange, std::chrono::nanoseconds now) override;
  void drop(Exchange& exchange) override;
  void close() override;
  void endAll(const std::function<void(Exchange&)>& end, std::vector<BodyStream*>& bodies) override;
  void setIdle() override;
  bool served() const noexcept override { return served_ > 0; }
  bool hasRoom() const noexcept override;
  bool isHttp2() const noexcept override { return true; }

  // ---- for its streams
  Session& session() noexcept { return session_; }
  Pool* pool() const noexcept { return pool_; }
  Clock& clock() const noexcept { return transport().clock(); }
  /// When something came last, on any stream.
  std::chrono::nanoseconds activeAt() const noexcept { return activeAt_; }
  void writeSoon() { writer_.soon(); }
  /// Something came for it, and is to be told.
  void touch(ClientStream& stream);
  /// It is over: its place is free, which tellPool() says.
  void remove(ClientStream& stream);
  void tellPool();
  /// No more requests for this one.
  void retire() noexcept { retired_ = true; }

 private:
  void connectionMade() override;
  void dataReceived(std::string_view data) override;
  void connectionLost(const Failure& reason) override;

  Http2Stream* streamBegun() override { return nullptr; }
  void headReceived(Http2Stream& stream, Session::Part part, bool last) override;
  void dataReceived(Http2Stream& stream, std::string_view data) override;
  void messageEnded(Http2Stream& stream) override;
  void closed(Http2Stream& stream, Http2Code code, bool byPeer) override;
  void bodyEmptied(Http2Stream& stream) override;
  void wentAway(Http2Code code, std::string_view debug) override;

  void turn();
  void settle();
  void endIfFinished();
  void failAll(const Failure& reason);
  void leavePool();

  Session session_;
  SessionWriter writer_;
  std::unordered_map<const Http2Stream*, std::shared_ptr<ClientStream>> streams_;
  std::vector<std::shared_ptr<ClientStream>> touched_;
  std::vector<HeaderField> fields_;                    // of the request that is begun
  std::optional<GoneAway> goneAway_;
  DelayedCall idle_;
  std::chrono::nanoseconds activeAt_{};
  std::size_t room_;                                   // how many streams it takes at once
  std::uint64_t served_ = 0;
  bool retired_ = false;
  bool ended_ = false;
};

}  // namespace weft::http::detail
