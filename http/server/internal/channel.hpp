// Channel: one connection of a Site.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/transport.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace weft::http::detail {

class Channel final : public net::Protocol, public std::enable_shared_from_this<Channel>, private MessageSink {
 public:
  explicit Channel(std::shared_ptr<Site> site);
  ~Channel() override;

  /// Closes now if there is no request, else after the answer.
  void closeSoon();
  void closeNow();
  Clock& clock() const noexcept { return transport().clock(); }

 private:
  // Idle: between requests. Reading: some of a request has come. Handling: its answer is being made or sent. Lingering: the last answer is sent, and what
  // still comes is dropped, so that the client gets to read it.
  enum class State : std::uint8_t { Idle, Reading, Handling, Lingering, Ended };

  void connectionMade() override;
  void dataReceived(std::string_view data) override;
  void readConnectionLost() override;
  void connectionLost(const Failure& reason) override;

  void headReceived() override;
  void bodyReceived(std::string_view piece) override;
  void messageReceived() override {}

  void process(std::string_view data);
  void dispatch();
  void refuse(int status);
  void answered(Outcome<Response> outcome);
  void send(Response response);
  Deferred<> sendPieces(Response response, bool chunked);
  void sent();
  void linger();
  void setState(State state);
  std::chrono::nanoseconds deadline() const noexcept;
  void arm();
  void checkTime();

  std::shared_ptr<Site> site_;
  Parser parser_;
  std::string body_;
  std::string pending_;                // what came while a request was being handled
  std::string head_;                   // of the answer; its memory is used again
  Deferred<> handling_{nullptr};
  DelayedCall timer_;
  std::chrono::nanoseconds since_{};   // the state began
  std::chrono::nanoseconds activeAt_{};
  State state_ = State::Idle;
  bool processing_ = false;
  bool paused_ = false;
  bool toHead_ = false;                // the request is a HEAD
  bool keepAlive_ = true;
  bool oldVersion_ = false;            // HTTP/1.0
  bool peerDone_ = false;              // it sends no more
};

}  // namespace weft::http::detail
