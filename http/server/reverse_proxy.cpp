#include <weft/http/server/reverse_proxy.hpp>

#include <weft/core/log.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/internal/loggers.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/net/error.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/transport.hpp>

#include <array>
#include <utility>
#include <vector>

namespace weft::http {
namespace {

// What holds for one connection only. RFC 9110 section 7.6.1.
void removeConnectionFields(Headers& headers) {
  std::vector<std::string> named;
  for (const std::string_view list : headers.getAll("Connection")) {
    for (std::string_view left = list; !left.empty();) {
      const std::size_t comma = left.find(',');
      named.emplace_back(trimmed(left.substr(0, comma)));
      left = comma == std::string_view::npos ? std::string_view() : left.substr(comma + 1);
    }
  }
  for (const std::string& name : named)
    if (!name.empty()) headers.remove(name);
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade"}) headers.remove(name);
}

void addToList(Headers& headers, std::string_view name, const std::string& value) {
  const std::string old = headers.getCombined(name);
  headers.set(name, old.empty() ? value : old + ", " + value);
}

// One of two connections that are joined: what comes in here goes out there, at its pace.
class Joint final : public net::Protocol {
 public:
  explicit Joint(std::shared_ptr<net::Transport> other) : other_(std::move(other)) {}

 private:
  void dataReceived(std::string_view data) override { other_->write(data); }
  void readConnectionLost() override { other_->loseWriteConnection(); }
  void connectionLost(const Failure&) override {
    const auto other = std::exchange(other_, nullptr);
    other->unregisterProducer();
    other->loseConnection();
  }
  std::shared_ptr<net::Transport> other_;
};

void join(const std::shared_ptr<net::Transport>& a, const std::shared_ptr<net::Transport>& b) {
  a->registerProducer(b, true);
  b->registerProducer(a, true);
  a->setProtocol(std::make_shared<Joint>(b));
  b->setProtocol(std::make_shared<Joint>(a));
}

}  // namespace

struct ReverseProxy::State {
  Agent& agent;
  Url target;
  std::string folder;                                    // the target's path, without a slash at its end
  ReverseProxyOptions options;

  static Deferred<Response> answer(std::shared_ptr<const State> self, Request request);
  Request forwarded(Request& request) const;
  Failure translated(const Failure& failure) const;
};

ReverseProxy::ReverseProxy(Agent& agent, Url target, ReverseProxyOptions options) {
  std::string folder(target.path());
  if (folder.ends_with('/')) folder.pop_back();
  if (options.mount.ends_with('/')) options.mount.pop_back();
  state_ = std::make_shared<const State>(State{agent, std::move(target), std::move(folder), std::move(options)});
}

Deferred<Response> ReverseProxy::operator()(Request request) const { return State::answer(state_, std::move(request)); }

// The request as the target gets it.
Request ReverseProxy::State::forwarded(Request& request) const {
  std::string address = target.origin() + folder;
  address.append(request.url.path().substr(options.mount.size()));
  if (request.url.hasQuery()) address.append("?").append(request.url.query());
  Request out(request.method(), address);
  out.headers = std::move(request.headers);
  const std::string host(out.headers.get("Host", ""));
  removeConnectionFields(out.headers);
  out.headers.remove("Content-Length");
  out.headers.remove("Expect");
  if (!options.keepHost) out.headers.remove("Host");
  if (!options.trustForwarded)
    for (const char* name : {"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"}) out.headers.remove(name);
  addToList(out.headers, "X-Forwarded-For", request.client.host());
  out.headers.setDefault("X-Forwarded-Host", host);
  out.headers.setDefault("X-Forwarded-Proto", request.url.scheme());
  addToList(out.headers, "Via", std::to_string(request.majorVersion) + "." + std::to_string(request.minorVersion) + " " + options.name);
  return out;
}

// What the client of the proxy is told.
Failure ReverseProxy::State::translated(const Failure& failure) const {
  if (const auto* body = failure.as<RequestBodyFailed>()) return body->reason;             // the client's own
  if (failure.check<CancelledError>()) return failure;
  kProxyLog.error("the target failed", field("target", target.href()), field("error", failure.what()));
  const bool slow = failure.check<RequestTimeout, net::ConnectTimeout, TimeoutError>();
  return Failure(StatusError(slow ? 504 : 502));
}

Deferred<Response> ReverseProxy::State::answer(std::shared_ptr<const State> self, Request request) {
  for (const std::string_view via : request.headers.getAll("Via"))
    if ((std::string(" ").append(via).append(",")).find(" " + self->options.name + ",") != std::string::npos) throw StatusError(508, "this proxy has seen the request already");
  const std::string_view path = request.url.path();
  if (!path.starts_with(self->options.mount) || !path.substr(self->options.mount.size()).starts_with('/')) throw StatusError(404);
  const std::string protocol = request.headers.hasToken("Connection", "Upgrade") && !request.bodySource ? request.headers.getCombined("Upgrade") : std::string();
  const auto length = request.bodySource ? request.headers.get("Content-Length") : std::nullopt;
  const std::optional<std::uint64_t> bytes = length ? std::optional<std::uint64_t>(std::stoull(std::string(*length))) : std::nullopt;
  Request out = self->forwarded(request);
  if (request.bodySource) out.setBodyChunks(request.chunks(), bytes);
  std::shared_ptr<net::Transport> connection;
  Response in;
  if (protocol.empty()) {
    auto asking = self->agent.request(std::move(out));
    auto asked = co_await asking.outcome();
    if (!asked) co_return self->translated(asked.failure());
    in = std::move(*asked);
  } else {
    out.setUpgrade(protocol);
    auto asking = self->agent.upgrade(std::move(out));
    auto asked = co_await asking.outcome();
    if (!asked) co_return self->translated(asked.failure());
    in = std::move(asked->response);
    connection = std::move(asked->transport);
  }
  Response answer(in.status);
  answer.headers = std::move(in.headers);
  answer.body = std::move(in.body);
  const std::string upgraded = answer.headers.getCombined("Upgrade");
  removeConnectionFields(answer.headers);
  addToList(answer.headers, "Via", "1." + std::to_string(in.minorVersion) + " " + self->options.name);
  if (connection) answer.setUpgrade(upgraded, [connection](std::shared_ptr<net::Transport> client) { join(client, connection); });
  co_return answer;
}

}  // namespace weft::http
