// Http2Channel: one connection of a Site that speaks HTTP/2.
#pragma once

#include <weft/http/http2/internal/session.hpp>
#include <weft/http/http2/internal/session_writer.hpp>
#include <weft/http/server/internal/site_connection.hpp>
#include <weft/http/server/site.hpp>

#include <chrono>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::http::detail {

class ServerStream;

/// What a connection of HTTP/2 begins with (RFC 9113 section 3.4).
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Each stream is a request to the Site. What a read brings is written down by the streams first, and handled when the session has let go: handlers may do anything.
class Http2Channel final : public SiteConnection, private Session::Handler {
 public:
  Http2Channel(std::shared_ptr<Site> site, const net::Address& peer);
  ~Http2Channel() override;

  void closeSoon() override;
  void closeNow() override;

  // ---- for its streams
  Site& site() const noexcept { return *site_; }
  Session& session() noexcept { return session_; }
  bool isSecure() const noexcept { return transport().tlsFacts() != nullptr; }
  void countRequest() noexcept { ++site_->requests_; }
  void writeSoon() { writer_.soon(); }
  /// Memory for the fields of the answer that is begun.
  std::vector<HeaderField>& fields() noexcept { return fields_; }
  /// Something came for it, and is to be handled.
  void touch(ServerStream& stream);
  /// It is over.
  void left(ServerStream& stream);
  /// A deadline: looks then, at the latest.
  void lookAt(std::chrono::nanoseconds time);

 private:
  void connectionMade() override;
  void dataReceived(std::string_view data) override;
  void connectionLost(const Failure& reason) override;

  Http2Stream* streamBegun() override;
  void headReceived(Http2Stream& stream, Session::Part part, bool last) override;
  void dataReceived(Http2Stream& stream, std::string_view data) override;
  void messageEnded(Http2Stream& stream) override;
  void closed(Http2Stream& stream, Http2Code code, bool byPeer) override;
  void bodyEmptied(Http2Stream& stream) override;
  void wentAway(Http2Code code, std::string_view debug) override;

  void turn();
  void settle();
  void endIfFinished();
  void end();
  void checkTime();

  Session session_;
  SessionWriter writer_;
  std::unordered_map<const Http2Stream*, std::shared_ptr<ServerStream>> streams_;
  std::vector<std::shared_ptr<ServerStream>> touched_;
  std::vector<HeaderField> fields_;
  DelayedCall timer_;
  DelayedCall shutdown_;                               // between the first GOAWAY and the second
  std::chrono::nanoseconds idleAt_{};                  // since when there is no stream
  bool ended_ = false;
};

}  // namespace weft::http::detail
