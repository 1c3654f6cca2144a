// Channel: one connection of a Site.
//
//   channel.cpp          what comes in: requests and their bodies
//   channel_answer.cpp   what goes out
//   channel_time.cpp     limits of time, and the end
#pragma once

#include <weft/core/clock.hpp>
#include <weft/http/internal/body_stream.hpp>
#include <weft/http/server/internal/site_connection.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/transport.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http::detail {

class FileParts;

class Channel final : public SiteConnection, private MessageSink, private BodyStream::Source {
 public:
  Channel(std::shared_ptr<Site> site, const net::Address& peer);
  ~Channel() override;

  void closeSoon() override;
  void closeNow() override;

 private:
  // Idle: between requests. Head: some of a request has come. Handling: its handler is at work. Sending: its answer is on its way. Draining: the answer is sent, and the rest of the request's
  // body, which nobody wanted, comes before the next request. Lingering: the last answer is sent, and what still comes is dropped, so that the client gets to read it.
  enum class State : std::uint8_t { Idle, Head, Handling, Sending, Draining, Lingering, Ended };

  // While the client is waited for, to send or to take: since when, and what had been moved then.
  struct Window {
    std::chrono::nanoseconds at;
    std::uint64_t received, sent, taken;
  };

  // What is written while process() goes through requests: one write for all of their answers.
  class Cork;

  void connectionMade() override;
  void dataReceived(std::string_view data) override;
  void readConnectionLost() override;
  void connectionLost(const Failure& reason) override;

  void headReceived() override {}
  void bodyReceived(std::string_view piece) override;
  void messageReceived() override {}

  void bodyWanted() noexcept override;
  void bodyAbandoned() noexcept override;

  std::shared_ptr<Channel> self() { return std::static_pointer_cast<Channel>(shared_from_this()); }
  std::weak_ptr<Channel> weakSelf() { return self(); }

  // channel.cpp
  bool isForHttp2(std::string_view data);
  void process(std::string_view data);
  bool reads() const noexcept;
  void feedBody();
  void endBody(std::optional<Failure> failure);
  bool readUrl(const MessageHead& head, Url& url);
  void dispatch();
  std::shared_ptr<BodySource> receivedBody(std::string url);
  void refuse(int status);
  void pause();
  void resume();
  void next();
  void releaseMemory();

  // channel_answer.cpp
  void answered(Outcome<Response>&& outcome);
  void send(Response&& response);
  bool mayKeepAlive(bool streamed) const noexcept;
  void write(std::string_view bytes);
  void stream(Response&& response);
  static Deferred<bool> sendPieces(std::shared_ptr<Channel> self, Response response);
  static Deferred<bool> sendFile(std::shared_ptr<Channel> self, Response response, std::shared_ptr<const FileParts> files);
  std::string headOfStream(Response& response, std::optional<std::uint64_t> length);
  void streamed(Outcome<bool> all);
  void upgrade(Response&& response);
  void handOver(std::string surplus);
  void sent();
  void linger();
  void noteAnswer(bool complete);

  // channel_time.cpp
  void setState(State state);             // and its timer
  void enter(State state);                // without: for one that most often has ended before anybody looks at the clock
  std::chrono::nanoseconds deadline() const noexcept;
  bool waitsForBody() const noexcept;
  void arm();
  void checkTime();
  void checkProgress();
  void stopHandling();

  std::unique_ptr<Parser> parser_;         // of the site's, from the first byte of a request to the end of its answer
  std::string body_;                       // of the request, as long as nobody has it
  std::string pending_;                    // what came behind it
  BodyStream* stream_ = nullptr;           // the body that a handler may read, while it comes
  Cork* cork_ = nullptr;
  Deferred<> handling_{nullptr};
  Deferred<> sending_{nullptr};
  std::unique_ptr<AccessEntry> entry_;     // where somebody wants to know
  DelayedCall timer_;
  std::unique_ptr<Response::TakeOver> takeOver_;         // the connection is going to be another protocol's
  std::chrono::nanoseconds since_{};       // the state began
  std::chrono::nanoseconds requestAt_{};   // the head of the request had come
  std::uint64_t received_ = 0;             // bytes, on this connection
  std::uint64_t sent_ = 0;                 // given to the transport, heads too
  std::uint64_t written_ = 0;              // of the body of this answer
  std::unique_ptr<Window> window_;
  State state_ = State::Idle;
  bool opening_ = true;                    // it may yet be one of HTTP/2
  bool paused_ = false;
  bool toHead_ = false;                    // the request is a HEAD
  bool keepAlive_ = true;
  bool oldVersion_ = false;                // HTTP/1.0
  bool wantsUpgrade_ = false;
  bool expectsContinue_ = false;           // and has not been told
  bool begun_ = false;                     // of an answer that is streamed, something has been written
  bool broken_ = false;                    // the request's body is no HTTP
  bool peerDone_ = false;                  // it sends no more
};

}  // namespace weft::http::detail
