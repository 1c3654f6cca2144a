// Questions to name servers, by c-ares. For the .cpp files of net: includes Asio.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/net/address.hpp>
#include <weft/net/internal/dns_message.hpp>
#include <weft/net/internal/socket_loop.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

struct ares_channeldata;

namespace weft::net::detail {

/// How one question ended.
struct DnsResult {
  enum class Kind : std::uint8_t { Answer, Malformed, Timeout, Failure };
  Kind kind;
  DnsAnswer answer;
  std::string what;                                    // of a Failure
};

/// One c-ares channel: its sockets are Descriptors of the reactor, its timer a call of the reactor's clock. c-ares makes the messages and the ids, repeats questions, goes from server
/// to server and to TCP where an answer was cut.
///
/// c-ares cannot take one question back, and its sockets keep their port while questions are open. So a channel is used for kMostQuestions and then closed once they are
/// answered: that bounds what forgotten ones leave behind, and how long somebody may guess at a port.
class DnsChannel : public std::enable_shared_from_this<DnsChannel> {
 public:
  static constexpr std::size_t kMostQuestions = 256;
  using Done = UniqueFunction<void(DnsResult)>;
  struct Question;

  struct Settings {
    std::vector<Address> servers;
    int milliseconds;                                  // for the first try
    int tries;                                         // of each server
    bool rotate;
  };

  /// Throws std::bad_alloc, std::runtime_error.
  DnsChannel(SocketLoop& loop, const Settings& settings);
  /// close() comes first.
  ~DnsChannel();

  /// Asks. `done` is called from the loop, never from in here. Until then the question may be forgotten: then it is not called.
  Question* ask(std::string name, RecordType type, Done done);
  void forget(Question* question) noexcept;
  /// Questions that somebody waits for.
  std::size_t wanted() const noexcept { return wanted_; }
  bool isUsedUp() const noexcept { return asked_ >= kMostQuestions; }
  /// Closes the sockets. Nothing is called any more.
  void close() noexcept;

 private:
  friend struct ChannelCalls;
  class Socket;

  void process(int readable, int writable) noexcept;
  void deliver() noexcept;
  void setTimer() noexcept;
  void noteRefusal(std::span<const unsigned char> message) noexcept;
  Socket* find(int socket) const noexcept;
  void forgetSocket(Socket& socket) noexcept;

  SocketLoop& loop_;
  ares_channeldata* channel_ = nullptr;
  std::vector<Socket*> sockets_;
  std::vector<std::pair<Question*, DnsResult>> ended_;               // to be delivered
  std::vector<DnsQuestion> refusals_;                  // of questions that are still open, or were
  DelayedCall timer_;
  DelayedCall delivery_;
  std::size_t asked_ = 0;
  std::size_t wanted_ = 0;
  bool closed_ = false;
};

}  // namespace weft::net::detail
