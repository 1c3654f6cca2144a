#include <weft/net/socks5_network.hpp>

#include <weft/net/stream.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

namespace weft::net {

namespace {

// RFC 1928 and RFC 1929.
constexpr char kVersion = 5;
constexpr char kLoginVersion = 1;
constexpr char kNoLogin = 0;
constexpr char kLogin = 2;
constexpr char kConnect = 1;
constexpr char kIPv4 = 1;
constexpr char kName = 3;
constexpr char kIPv6 = 4;

std::string_view replyText(int reply) noexcept {
  constexpr std::array<std::string_view, 9> kTexts = {"",
                                                      "general failure",
                                                      "its rules do not allow this connection",
                                                      "network unreachable",
                                                      "host unreachable",
                                                      "connection refused",
                                                      "the connection's time to live ran out",
                                                      "it cannot CONNECT",
                                                      "it does not take this kind of address"};
  return reply > 0 && static_cast<std::size_t>(reply) < kTexts.size() ? kTexts[static_cast<std::size_t>(reply)] : "a reply of no known meaning";
}

std::string withLength(const std::string& text) { return static_cast<char>(text.size()) + text; }

std::string connectRequest(const std::string& host, std::uint16_t port) {
  std::string request{kVersion, kConnect, 0};
  if (const auto address = Address::parse(host, port)) {
    const bool isIPv4 = address->family() == Address::Family::IPv4;
    request += isIPv4 ? kIPv4 : kIPv6;
    request.append(reinterpret_cast<const char*>(address->bytes().data()), isIPv4 ? 4 : 16);
  } else {
    request += kName;
    request += withLength(host);
  }
  request += static_cast<char>(port >> 8);
  request += static_cast<char>(port & 0xFF);
  return request;
}

// One attempt. The coroutine owns what it is given, and a Stream closes its connection when it is dropped.
class Attempt {
 public:
  Attempt(std::shared_ptr<const Socks5Proxy> proxy, std::string host, std::uint16_t port) : proxy_(std::move(proxy)), host_(std::move(host)), port_(port) {}

  Deferred<> talk(Stream& stream) {
    const bool mayLogIn = !proxy_->username().empty();
    const std::string greeting = mayLogIn ? std::string{kVersion, 2, kNoLogin, kLogin} : std::string{kVersion, 1, kNoLogin};
    co_await stream.write(greeting);
    const std::string method = co_await stream.readExactly(2);
    if (method[0] != kVersion) throw error("it does not speak SOCKS5");
    if (method[1] == kLogin && mayLogIn) {
      const std::string login = kLoginVersion + withLength(proxy_->username()) + withLength(proxy_->password());
      co_await stream.write(login);
      const std::string answer = co_await stream.readExactly(2);
      if (answer[1] != 0) throw error("it refused the login of " + proxy_->username());
    } else if (method[1] != kNoLogin) {
      throw error(mayLogIn ? "it takes no login by username and password" : "it wants a login");
    }
    const std::string request = connectRequest(host_, port_);
    co_await stream.write(request);
    const std::string head = co_await stream.readExactly(5);
    if (head[0] != kVersion) throw error("it broke the protocol");
    if (const int reply = static_cast<unsigned char>(head[1])) throw error(replyText(reply), reply);
    // The address that it connects from, which nobody needs: its first byte is read, and is the length of a name.
    const std::size_t size = head[3] == kIPv4 ? 4u : head[3] == kIPv6 ? 16u : head[3] == kName ? 1u + static_cast<unsigned char>(head[4]) : 0u;
    if (size == 0) throw error("it broke the protocol");
    co_await stream.readExactly(size - 1 + 2);
  }

  SocksError error(std::string_view what, int reply = 0) const { return SocksError(host_, port_, hostAndPort(proxy_->host(), proxy_->port()), what, reply); }
  const std::string& host() const noexcept { return host_; }
  std::uint16_t port() const noexcept { return port_; }
  const Socks5Proxy& proxy() const noexcept { return *proxy_; }

 private:
  std::shared_ptr<const Socks5Proxy> proxy_;
  std::string host_;
  std::uint16_t port_;
};

Deferred<std::shared_ptr<Transport>> connectThrough(Network& inner, std::shared_ptr<const Socks5Proxy> proxy, std::string host, std::uint16_t port, ConnectOptions options) {
  Clock& clock = inner.clock();
  const auto deadline = clock.now() + options.timeout().value();
  if (proxy->resolveHere()) {
    auto lookUp = inner.resolve(host, port).addTimeout(options.timeout(), clock);
    std::vector<Address> addresses = co_await lookUp;
    host = addresses.front().host();
    options.timeout(Delay(std::max(deadline - clock.now(), std::chrono::nanoseconds(1))));
  }
  Attempt attempt(proxy, std::move(host), port);
  auto connecting = inner.connect(proxy->host(), proxy->port(), options);
  Stream stream(co_await connecting);
  stream.setDeadline(Delay(std::max(deadline - clock.now(), std::chrono::nanoseconds(1))));
  try {
    co_await attempt.talk(stream);
  } catch (const TimeoutError&) {
    throw ConnectTimeout(attempt.host(), attempt.port(), options.timeout().seconds(), ", in the talk with the proxy " + hostAndPort(proxy->host(), proxy->port()));
  } catch (const IncompleteReadError&) {
    throw attempt.error("it closed the connection");
  } catch (const ConnectionClosed& closed) {
    throw attempt.error(closed.what());
  }
  stream.clearDeadline();
  co_return stream.detach();
}

}  // namespace

SocksError::SocksError(std::string host, std::uint16_t port, std::string_view proxy, std::string_view what, int reply)
    : ConnectError(Text{"connecting to " + hostAndPort(host, port) + " through the SOCKS5 proxy " + std::string(proxy) + ": " + std::string(what)}, host, port),
      proxy(proxy),
      reply(reply) {}

Socks5Proxy& Socks5Proxy::login(std::string username, std::string password) {
  for (const std::string* text : {&username, &password})
    if (text->empty() || text->size() > 255) throw std::invalid_argument("a SOCKS5 proxy takes a username and a password of 1 to 255 bytes");
  username_ = std::move(username);
  password_ = std::move(password);
  return *this;
}

Socks5Network::Socks5Network(Network& inner, Socks5Proxy proxy) : inner_(inner), proxy_(std::make_shared<Socks5Proxy>(std::move(proxy))) {}

Deferred<std::shared_ptr<Transport>> Socks5Network::connect(std::string host, std::uint16_t port, const ConnectOptions& options) {
  if (host.empty() || host.size() > 255)
    return fail<std::shared_ptr<Transport>>(SocksError(host, port, hostAndPort(proxy_->host(), proxy_->port()), "a name has 1 to 255 bytes"));
  return connectThrough(inner_, proxy_, std::move(host), port, options);
}

std::unique_ptr<Port> Socks5Network::listen(std::uint16_t port, std::shared_ptr<Factory> factory, const ListenOptions& options) {
  return inner_.listen(port, std::move(factory), options);
}

Deferred<std::vector<Address>> Socks5Network::resolve(std::string host, std::uint16_t port) { return inner_.resolve(std::move(host), port); }

}  // namespace weft::net
