#include <weft/net/internal/dns_channel.hpp>

#include <weft/net/internal/descriptor.hpp>
#include <weft/net/internal/names_text.hpp>
#include <weft/net/internal/socket.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <stdexcept>
#include <system_error>

#include <ares.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

namespace weft::net::detail {

namespace {

// RFC 1035 section 4.1.1.
constexpr int kServerFailed = 2;
constexpr int kNotImplemented = 4;
constexpr int kRefused = 5;

}  // namespace

struct DnsChannel::Question {
  DnsChannel* channel;
  std::string name;
  RecordType type;
  Done done;
};

/// One of c-ares' sockets. Deletes itself when the loop has let go of it.
class DnsChannel::Socket final : private Descriptor {
 public:
  Socket(DnsChannel& channel, int socket) noexcept : Descriptor(channel.loop_), channel_(&channel), number_(socket) {}

  int number() const noexcept { return number_; }

  // Connect before it is watched: an unconnected socket would report a hang-up at once.
  int connect(const sockaddr* to, socklen_t length) noexcept {
    const bool connecting = ::connect(number_, to, length) != 0;
    if (connecting && errno != EINPROGRESS) return -1;
    try {
      open(number_);
    } catch (const std::system_error& error) {
      number_ = -1;                                    // open() has closed it
      errno = error.code().value();
      return -1;
    }
    awaitReadable();
    if (!connecting) return 0;
    awaitWritable();
    errno = EINPROGRESS;
    return -1;
  }
  ssize_t receive(void* to, std::size_t size, int flags, sockaddr* from, socklen_t* length) noexcept {
    const ssize_t count = ::recvfrom(number_, to, size, flags, from, length);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) empty_ = true;
    if (count > 0 && from) channel_->noteRefusal({static_cast<const unsigned char*>(to), static_cast<std::size_t>(count)});
    return count;
  }
  ssize_t send(const iovec* parts, int count) noexcept {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<std::size_t>(count);
    const ssize_t sent = ::sendmsg(number_, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTCONN) errno = EAGAIN; // TCP is still connecting
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) full_ = true;
    return sent;
  }
  /// c-ares has more to send.
  void wantWrite(bool wanted) noexcept {
    writeWanted_ = wanted;
    if (wanted && isOpen()) callWritable();            // no effect while an event is awaited
  }
  /// c-ares is done with it. Destroys this, now or later.
  void end() noexcept {
    channel_ = nullptr;
    if (isOpen()) return close();
    if (number_ >= 0) ::close(number_);
    delete this;
  }

 private:
  void readable() noexcept override {
    if (!channel_) return;
    empty_ = false;
    channel_->process(number_, ARES_SOCKET_BAD);       // may close this socket, which is destroyed later
    if (!channel_ || !isOpen()) return;
    if (empty_) awaitReadable();
    else callReadable();                               // c-ares stopped before the socket was empty, and edges come once
  }
  void writable() noexcept override {
    if (!channel_ || !writeWanted_) return;
    full_ = false;
    channel_->process(ARES_SOCKET_BAD, number_);
    if (!channel_ || !isOpen() || !writeWanted_) return;
    if (full_) awaitWritable();
    else callWritable();
  }
  void gone() noexcept override { delete this; }
  void loopEnds() noexcept override {
    if (channel_) channel_->forgetSocket(*this);
    channel_ = nullptr;
    if (isOpen()) close();
  }

  DnsChannel* channel_;
  int number_;
  bool empty_ = false;
  bool full_ = false;
  bool writeWanted_ = false;
};

/// What c-ares calls.
struct ChannelCalls {
  static ares_socket_t open(int family, int type, int protocol, void* data) {
    auto& channel = *static_cast<DnsChannel*>(data);
    const int number = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (number < 0) return ARES_SOCKET_BAD;
    if (type == SOCK_STREAM) setOption(number, IPPROTO_TCP, TCP_NODELAY, 1);
    try {
      channel.sockets_.push_back(new DnsChannel::Socket(channel, number));
    } catch (const std::bad_alloc&) {
      ::close(number);
      errno = ENOMEM;
      return ARES_SOCKET_BAD;
    }
    return number;
  }
  static int close(ares_socket_t number, void* data) {
    auto& channel = *static_cast<DnsChannel*>(data);
    if (DnsChannel::Socket* const socket = channel.find(number)) {
      channel.forgetSocket(*socket);
      socket->end();
    }
    return 0;
  }
  static int connect(ares_socket_t number, const sockaddr* to, ares_socklen_t length, void* data) {
    if (DnsChannel::Socket* const socket = static_cast<DnsChannel*>(data)->find(number)) return socket->connect(to, length);
    errno = EBADF;
    return -1;
  }
  static ares_ssize_t receive(ares_socket_t number, void* to, std::size_t size, int flags, sockaddr* from, ares_socklen_t* length, void* data) {
    if (DnsChannel::Socket* const socket = static_cast<DnsChannel*>(data)->find(number)) return socket->receive(to, size, flags, from, length);
    errno = EBADF;
    return -1;
  }
  static ares_ssize_t send(ares_socket_t number, const iovec* parts, int count, void* data) {
    if (DnsChannel::Socket* const socket = static_cast<DnsChannel*>(data)->find(number)) return socket->send(parts, count);
    errno = EBADF;
    return -1;
  }
  static void wants(void* data, ares_socket_t number, int, int writable) {
    if (DnsChannel::Socket* const socket = static_cast<DnsChannel*>(data)->find(number)) socket->wantWrite(writable != 0);
  }

  static void answered(void* data, int status, int, unsigned char* message, int length) {
    auto* const question = static_cast<DnsChannel::Question*>(data);
    DnsChannel& channel = *question->channel;
    if (channel.closed_ || !question->done) {
      delete question;
      return;
    }
    DnsResult result{DnsResult::Kind::Answer, {}, {}};
    if (status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND) {
      if (!message) {
        result.answer.code = 3;                        // ".onion", of which the DNS must not be asked (RFC 7686)
      } else if (auto answer = parseDnsAnswer({message, static_cast<std::size_t>(length)}, question->name, question->type)) {
        result.answer = std::move(*answer);
      } else {
        result.kind = DnsResult::Kind::Malformed;
      }
    } else if (status == ARES_ETIMEOUT) {
      result.kind = DnsResult::Kind::Timeout;
    } else {
      result.kind = DnsResult::Kind::Failure;
      result.what = textOf(status, *question);
    }
    channel.ended_.emplace_back(question, std::move(result));
  }

  static std::string textOf(int status, const DnsChannel::Question& question) {
    if (status == ARES_EFORMERR) return "the server says that it does not understand the question (FORMERR)";
    if (status == ARES_ENOMEM) return "out of memory";
    if (status != ARES_ECONNREFUSED) return ares_strerror(status);
    // c-ares says this of servers that refused as well.
    for (const DnsQuestion& refusal : question.channel->refusals_) {
      if (refusal.type != static_cast<unsigned>(question.type) || !equalNames(refusal.name, question.name)) continue;
      if (refusal.code == kServerFailed) return "the server could not find out (SERVFAIL)";
      if (refusal.code == kNotImplemented) return "the server does not answer such questions (NOTIMP)";
      return "the server refuses to answer (REFUSED)";
    }
    return "no server can be reached";
  }
};

namespace {

const ares_socket_functions kSocketFunctions{&ChannelCalls::open, &ChannelCalls::close, &ChannelCalls::connect, &ChannelCalls::receive, &ChannelCalls::send};

void checkCares(int status) {
  if (status == ARES_ENOMEM) throw std::bad_alloc();
  if (status != ARES_SUCCESS) throw std::runtime_error(std::string("starting c-ares: ") + ares_strerror(status));
}

}  // namespace

DnsChannel::DnsChannel(SocketLoop& loop, const Settings& settings) : loop_(loop) {
  static const int started = ares_library_init(ARES_LIB_INIT_ALL);
  checkCares(started);
  // Everything is said here, so that c-ares reads no files of its own.
  char nothing[] = "/dev/null";
  char lookups[] = "b";
  in_addr any{};
  ares_options options{};
  options.timeout = settings.milliseconds;
  options.tries = settings.tries;
  options.ndots = 1;
  options.servers = &any;
  options.nservers = 1;
  options.lookups = lookups;
  options.resolvconf_path = nothing;
  options.sock_state_cb = &ChannelCalls::wants;
  options.sock_state_cb_data = this;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
                   ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF | (settings.rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE);
  checkCares(ares_init_options(&channel_, &options, mask));
  std::vector<ares_addr_port_node> nodes(settings.servers.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Address& server = settings.servers[i];
    nodes[i].next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
    nodes[i].family = familyOf(server);
    nodes[i].udp_port = nodes[i].tcp_port = server.port();
    if (server.family() == Address::Family::IPv4) std::memcpy(&nodes[i].addr.addr4, server.bytes().data(), sizeof nodes[i].addr.addr4);
    else std::memcpy(&nodes[i].addr.addr6, server.bytes().data(), sizeof nodes[i].addr.addr6);
  }
  if (const int status = ares_set_servers_ports(channel_, nodes.data()); status != ARES_SUCCESS) {
    ares_destroy(channel_);
    checkCares(status);
  }
  ares_set_socket_functions(channel_, &kSocketFunctions, this);
}

DnsChannel::~DnsChannel() { close(); }

DnsChannel::Question* DnsChannel::ask(std::string name, RecordType type, Done done) {
  auto* const question = new Question{this, std::move(name), type, std::move(done)};
  ++asked_;
  ++wanted_;
  ares_query(channel_, question->name.c_str(), 1, static_cast<int>(type), &ChannelCalls::answered, question);
  if (!ended_.empty() && !delivery_.active()) delivery_ = loop_.reactor().callLater(0, [this] { deliver(); });
  setTimer();
  return question;
}

void DnsChannel::forget(Question* question) noexcept {
  question->done = nullptr;
  --wanted_;
}

void DnsChannel::close() noexcept {
  if (std::exchange(closed_, true)) return;
  if (timer_.active()) timer_.cancel();
  if (delivery_.active()) delivery_.cancel();
  ares_destroy(channel_);                              // closes the sockets, ends the questions
  for (auto& [question, result] : ended_) delete question;
  ended_.clear();
}

void DnsChannel::process(int readable, int writable) noexcept {
  const auto keep = shared_from_this();
  ares_process_fd(channel_, readable, writable);
  deliver();
  if (!closed_) setTimer();
}

// Outside of c-ares, as who gets a result may close this.
void DnsChannel::deliver() noexcept {
  const auto keep = shared_from_this();
  auto ended = std::move(ended_);
  ended_.clear();
  for (auto& [question, result] : ended) {
    const std::unique_ptr<Question> owned(question);
    if (closed_ || !question->done) continue;
    --wanted_;
    question->done(std::move(result));
  }
}

void DnsChannel::setTimer() noexcept {
  timeval next{};
  if (!ares_timeout(channel_, nullptr, &next)) {
    if (timer_.active()) timer_.cancel();
    return;
  }
  // c-ares counts whole milliseconds; half a one more, so that what is due is due by its clock too.
  const std::chrono::microseconds delay = std::chrono::seconds(next.tv_sec) + std::chrono::microseconds(next.tv_usec + 500);
  if (timer_.active()) timer_.reset(delay);
  else timer_ = loop_.reactor().callLater(delay, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
}

// c-ares does not tell which of its errors a server has answered with, so that is read along. Only the code of an answer to one of our questions is ever looked up.
void DnsChannel::noteRefusal(std::span<const unsigned char> message) noexcept {
  if (message.size() < 4) return;
  const int code = message[3] & 15;
  if (code != kServerFailed && code != kNotImplemented && code != kRefused) return;
  if (auto question = questionOfDnsAnswer(message); question && refusals_.size() < kMostQuestions) refusals_.insert(refusals_.begin(), std::move(*question));
}

DnsChannel::Socket* DnsChannel::find(int socket) const noexcept {
  for (Socket* const one : sockets_)
    if (one->number() == socket) return one;
  return nullptr;
}

void DnsChannel::forgetSocket(Socket& socket) noexcept { std::erase(sockets_, &socket); }

}  // namespace weft::net::detail
