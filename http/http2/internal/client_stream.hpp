// ClientStream: one request of an HTTP/2 connection, and its response.
#pragma once

#include <weft/http/client/internal/body_outlet.hpp>
#include <weft/http/client/internal/body_sender.hpp>
#include <weft/http/client/internal/pool.hpp>
#include <weft/http/http2/internal/session.hpp>
#include <weft/http/internal/body_stream.hpp>
#include <weft/http/internal/response_facts.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http::detail {

class Http2Connection;

/// Held by its connection until it is over, and by whatever runs in it. What comes is noted by the functions of the first group, which fire nobody; settle() tells whom it concerns.
class ClientStream final : public Http2Stream, public std::enable_shared_from_this<ClientStream>, private BodyStream::Source, private BodyOutlet {
 public:
  ClientStream(Http2Connection& connection, Exchange& exchange, std::chrono::nanoseconds now);
  ~ClientStream();

  /// The head was submitted: sends the body, if there is one.
  void begin();

  // ---- what comes
  void headReceived(Session::Part part);
  void dataReceived(std::string_view data);
  void messageEnded() noexcept { ended_ = true; }
  void closed(Http2Code code, bool byPeer) noexcept;
  void bodyEmptied();
  /// Tells what came. Afterwards anything may have happened.
  void settle();

  // ---- ending
  /// The connection broke.
  void lost(const Failure& reason);
  /// The exchange is somebody else's from now on.
  void giveUp();
  Exchange* exchange() const noexcept { return exchange_; }
  /// The body on its way, with the reference to it; null if none.
  BodyStream* takeBody() noexcept;
  bool isTouched = false;

 private:
  void bodyWanted() noexcept override;
  void bodyAbandoned() noexcept override;

  Clock& outletClock() noexcept override;
  std::string url() const override { return exchange_ ? exchange_->request.url.href() : url_; }
  Deferred<> sendPiece(std::string piece) override;
  void endPieces() override;
  void bodyMoved() override;
  void bodySent() override;
  void bodyFailed(Failure failure) override;

  bool tellInterims();
  Response takeResponse();
  void deliverHead();
  void deliverBody();
  void finished();
  void closedEarly();
  bool sentAgain();
  void broken(Failure failure);
  void tell(Exchange* exchange, BodyStream* body, Failure failure);
  void leave();
  void stopSending() noexcept;
  void finishFacts(ResponseFacts& facts);

  std::chrono::nanoseconds nextDeadline() const noexcept;
  void arm();
  void checkTime();
  void beginRate() noexcept;

  Http2Connection* connection_;                        // null: it is over
  Exchange* exchange_;                                 // until its head has been delivered
  BodyStream* body_ = nullptr;                         // from then until the body's end
  std::shared_ptr<ResponseFacts> facts_;               // as long as body_
  std::shared_ptr<BodySender> sender_;                 // until the body has been sent
  Trigger<> room_;                                     // of sendPiece()
  std::vector<std::pair<int, Headers>> interims_;      // that came, and of which nobody knows yet
  std::string begun_;                                  // of the body, before the head was delivered
  std::string url_;
  Headers fields_, trailers_;
  std::optional<Failure> failure_;                     // what is wrong with what came
  std::uint64_t received_ = 0;
  std::uint64_t rateBytes_ = 0;
  const std::size_t maxBody_;
  const double totalSeconds_;
  DelayedCall timer_;
  std::chrono::nanoseconds startedAt_, sentAt_, activeAt_, rateFrom_{}, firstByteAt_{};
  const std::chrono::nanoseconds deadline_;
  int status_ = 0;                                     // 0: the head has not come
  unsigned interimCount_ = 0;
  Http2Code code_ = Http2Code::NoError;
  bool started_ = false;                               // something has come
  bool paused_ = false;                                // the body waits for its reader
  bool ended_ = false;                                 // all of the response
  bool closed_ = false;                                // the session does not know the stream any more
  bool closedByPeer_ = false;
};

}  // namespace weft::http::detail
