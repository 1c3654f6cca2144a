#include <weft/http/client/tunnel_network.hpp>

#include <weft/http/auth/credentials.hpp>
#include <weft/http/internal/url_host.hpp>
#include <weft/http/parser.hpp>
#include <weft/http/percent_encoding.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/tls/start_tls.hpp>

#include <algorithm>
#include <chrono>

namespace weft::http {

namespace {

Deferred<std::shared_ptr<net::Transport>> connectOverTls(net::Network& network, HttpProxy proxy, net::ConnectOptions options) {
  const std::string host(detail::withoutBrackets(proxy.url().host()));
  auto connecting = network.connect(host, proxy.url().effectivePort(), options);
  std::shared_ptr<net::Transport> transport = co_await connecting;
  const net::TlsClientConnectionOptions tls = proxy.tls() ? net::optionsForClientTLS(host, *proxy.tls()) : net::optionsForClientTLS(host);
  auto secure = net::startTLS(std::move(transport), tls);
  co_return co_await secure;
}

// Only the head of the answer counts: after a 2xx the tunnel begins, whatever the fields say (RFC 9112 section 6.3).
struct Answer : MessageSink {
  void headReceived() override {}
  void bodyReceived(std::string_view) override {}
  void messageReceived() override {}
};

class Attempt {
 public:
  Attempt(std::shared_ptr<const HttpProxy> proxy, std::string host, std::uint16_t port) : proxy_(std::move(proxy)), host_(std::move(host)), port_(port) {}

  Deferred<> talk(net::Stream& stream) {
    Headers fields;
    fields.set("Host", net::hostAndPort(host_, port_));
    std::string request = "CONNECT " + net::hostAndPort(host_, port_) + " HTTP/1.1\r\n";
    request.append(fields.wire()).append(proxy_->headers().wire()).append("\r\n");
    co_await stream.write(request);
    Answer answer;
    Parser parser(Parser::Kind::Response, answer, ParserOptions().setLenient(true));
    parser.next(true);
    while (!parser.complete()) {
      const std::string_view data = co_await stream.readSome();
      if (data.empty()) throw error("it closed the connection");
      std::size_t used = 0;
      try {
        used = parser.feed(data);
      } catch (const ParseError& broken) {
        throw error(broken.what());
      }
      if (used < data.size()) stream.unread(std::string(data.substr(used)));   // the peer's first words
    }
    const MessageHead& head = parser.head();
    if (head.status < 200 || head.status > 299) throw error(std::to_string(head.status) + " " + head.reason, head.status);
  }

  TunnelError error(std::string_view what, int status = 0) const { return TunnelError(host_, port_, proxy_->url().href(), what, status); }
  const HttpProxy& proxy() const noexcept { return *proxy_; }
  const std::string& host() const noexcept { return host_; }
  std::uint16_t port() const noexcept { return port_; }

 private:
  std::shared_ptr<const HttpProxy> proxy_;
  std::string host_;
  std::uint16_t port_;
};

Deferred<std::shared_ptr<net::Transport>> connectThrough(net::Network& inner, Attempt attempt, net::ConnectOptions options) {
  Clock& clock = inner.clock();
  const auto deadline = clock.now() + options.timeout().value();
  auto connecting = connectToProxy(inner, attempt.proxy(), options);
  net::Stream stream(co_await connecting);
  stream.setDeadline(Delay(std::max(deadline - clock.now(), std::chrono::nanoseconds(1))));
  try {
    co_await attempt.talk(stream);
  } catch (const TimeoutError&) {
    throw net::ConnectTimeout(attempt.host(), attempt.port(), options.timeout().seconds(), ", in the talk with the proxy " + attempt.proxy().url().href());
  } catch (const net::ConnectionClosed& closed) {
    throw attempt.error(closed.what());
  }
  stream.clearDeadline();
  co_return stream.detach();
}

}  // namespace

TunnelError::TunnelError(std::string host, std::uint16_t port, std::string_view proxy, std::string_view what, int status)
    : ConnectError(Text{"connecting to " + net::hostAndPort(host, port) + " through the proxy " + std::string(proxy) + ": " + std::string(what)}, host, port),
      proxy(proxy),
      status(status) {}

HttpProxy::HttpProxy(Url url) : url_(std::move(url)) {
  if (!url_.isHttp()) throw UnsupportedScheme(url_.href(), url_.scheme());
  if (!url_.hasCredentials()) return;
  const Credentials login(url_.href(), percentDecode(url_.username()), percentDecode(url_.password()));
  headers_.set("Proxy-Authorization", basicAuthorization(login));
  url_.setUsername("");
  url_.setPassword("");
}

Deferred<std::shared_ptr<net::Transport>> connectToProxy(net::Network& network, const HttpProxy& proxy, const net::ConnectOptions& options) {
  if (proxy.url().scheme() == "https") return connectOverTls(network, proxy, options);
  return network.connect(std::string(detail::withoutBrackets(proxy.url().host())), proxy.url().effectivePort(), options);
}

TunnelNetwork::TunnelNetwork(net::Network& inner, HttpProxy proxy) : inner_(inner), proxy_(std::make_shared<HttpProxy>(std::move(proxy))) {}

Deferred<std::shared_ptr<net::Transport>> TunnelNetwork::connect(std::string host, std::uint16_t port, const net::ConnectOptions& options) {
  // It stands in the request line, where nothing else checks it.
  const bool printable = std::all_of(host.begin(), host.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F && c != '/' && c != '@' && c != '?' && c != '#'; });
  if (host.empty() || !printable)
    return fail<std::shared_ptr<net::Transport>>(TunnelError("(host)", port, proxy_->url().href(), "a host name that no request line can carry"));
  return connectThrough(inner_, Attempt(proxy_, std::move(host), port), options);
}

std::unique_ptr<net::Port> TunnelNetwork::listen(std::uint16_t port, std::shared_ptr<net::Factory> factory, const net::ListenOptions& options) {
  return inner_.listen(port, std::move(factory), options);
}

Deferred<std::vector<net::Address>> TunnelNetwork::resolve(std::string host, std::uint16_t port) { return inner_.resolve(std::move(host), port); }

}  // namespace weft::http
