// ServerStream: one request to a Site that came over HTTP/2, and its answer.
//
//   server_stream.cpp          what comes in, limits of time, and the end
//   server_stream_answer.cpp   what goes out
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/http/http2/internal/session.hpp>
#include <weft/http/internal/body_stream.hpp>
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>
#include <weft/http/server/access_log.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http::detail {

class Http2Channel;

/// Held by its connection until it is over, and by what runs in it. What comes is noted by the functions of the first group, which call nobody; settle() handles it.
class ServerStream final : public Http2Stream, public std::enable_shared_from_this<ServerStream>, private BodyStream::Source {
 public:
  explicit ServerStream(Http2Channel& channel);
  ~ServerStream();

  // ---- what comes
  void headReceived(Session::Part part) noexcept;
  void dataReceived(std::string_view data);
  void messageEnded() noexcept { requestEnded_ = true; }
  void closed(Http2Code code, bool byPeer) noexcept;
  void bodyEmptied();
  /// Handles what came. Afterwards anything may have happened.
  void settle();
  /// The connection is gone.
  void lost(const Failure& reason);

  std::chrono::nanoseconds deadline() const noexcept;
  void checkTime(std::chrono::nanoseconds now);
  bool isTouched = false;

 private:
  // Head: it is still coming. Ready: it has come. Sending: the handler has answered.
  enum class State : std::uint8_t { Head, Ready, Handling, Sending, Ended };

  void bodyWanted() noexcept override;
  void bodyAbandoned() noexcept override;

  bool readUrl(Url& url);
  void dispatch();
  std::shared_ptr<BodySource> receivedBody(std::string url, const Headers& headers);
  void deliverBody();
  void endBody(std::optional<Failure> failure);
  void stopWork();
  void end(Http2Code code, bool byPeer);
  void watch();
  std::uint64_t taken() const noexcept { return given_ - unsent(); }
  bool waitsForBody() const noexcept { return body_ && !paused_ && !requestEnded_; }

  void answered(Outcome<Response> outcome);
  void send(Response response);
  void begin(Response& response, std::optional<std::uint64_t> length);
  void submitHead(Response& response, std::optional<std::uint64_t> length, bool last);
  void give(std::string bytes);
  static Deferred<> sendPieces(std::shared_ptr<ServerStream> self, Response response);
  void streamed(Outcome<> outcome);
  void noteAnswer(bool complete);

  Http2Channel* channel_;                              // null: it is over
  std::string early_;                                  // of the request's body, as long as nobody has it
  BodyStream* body_ = nullptr;                         // that a handler may read, while it comes
  Deferred<> handling_{nullptr};
  Deferred<> sending_{nullptr};
  Trigger<> room_;                                     // of sendPieces()
  std::unique_ptr<AccessEntry> entry_;                 // where somebody wants to know
  std::chrono::nanoseconds since_;                     // it began, or its head had come
  std::uint64_t received_ = 0;
  std::uint64_t given_ = 0;                            // of the answer's body, to the session
  // While the client is waited for, to send or to take: since when, and what had been moved then.
  std::chrono::nanoseconds windowAt_{};
  std::uint64_t windowReceived_ = 0;
  std::uint64_t windowTaken_ = 0;
  std::uint64_t windowGiven_ = 0;
  Http2Code code_ = Http2Code::NoError;
  State state_ = State::Head;
  bool waiting_ = false;                               // for the client
  bool paused_ = false;
  bool toHead_ = false;                                // the request is a HEAD
  bool expectsContinue_ = false;                       // and has not been told
  bool requestEnded_ = false;
  bool begun_ = false;                                 // of an answer that is streamed, the head has been given to the session
  bool closed_ = false;                                // the session does not know the stream any more
  bool closedByPeer_ = false;
};

}  // namespace weft::http::detail
