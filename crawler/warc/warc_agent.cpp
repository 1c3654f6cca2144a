#include <weft/crawler/warc/warc_agent.hpp>

#include <weft/http/client/errors.hpp>
#include <weft/http/internal/filtered_body.hpp>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace weft::crawler {

namespace {

// Puts the exchange at the end of its body.
class Recording final : public http::detail::BodyFilter {
 public:
  Recording(WarcWriter& writer, WarcExchange exchange) : writer_(writer), exchange_(std::move(exchange)) {}
  ~Recording() override { put("length"); }             // its reader has enough
  bool filter(std::string& piece, std::size_t& at, std::string& out, std::size_t) override {
    const std::size_t room = writer_.options().maxBody - exchange_.body.size();
    cut_ |= piece.size() - at > room;
    exchange_.body.append(piece, at, room);
    pass(piece, at, out);
    return false;
  }
  void finish() override { put(""); }
  Failure failed(Failure failure) override {
    put(failure.check<http::BodyTooLarge>() ? "length" : failure.check<http::RequestTimeout>() ? "time" : "disconnect");
    return failure;
  }

 private:
  void put(const char* truncated) noexcept {
    if (std::exchange(done_, true)) return;
    exchange_.truncated = cut_ ? "length" : truncated;
    writer_.put(std::move(exchange_));
  }

  WarcWriter& writer_;
  WarcExchange exchange_;
  bool cut_ = false, done_ = false;
};

void appendHead(std::string& text, const http::Response& response) {
  const std::string_view reason = response.reason.empty() && response.majorVersion != 1 ? http::reasonPhrase(response.status) : std::string_view(response.reason);
  text.append(response.majorVersion == 1 && response.minorVersion == 0 ? "HTTP/1.0 " : "HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason).append("\r\n");
  if (!response.headers.has("Transfer-Encoding")) {
    text.append(response.headers.wire());
  } else {
    for (const http::HeaderField field : response.headers)
      text.append(http::equalIgnoringCase(field.name, "Transfer-Encoding") ? "X-Orig-Transfer-Encoding" : field.name).append(": ").append(field.value).append("\r\n");
  }
  text.append("\r\n");
}

std::string addressOf(const http::Response& response) {
  const net::Address peer = response.peer();
  return peer.family() == net::Address::Family::IPv4 || peer.family() == net::Address::Family::IPv6 ? peer.host() : std::string();
}

}  // namespace

WarcAgent::WarcAgent(http::AnyAgent& agent, WarcWriter& writer, std::string userAgent) : agent_(agent), writer_(writer), userAgent_(std::move(userAgent)) {}

Deferred<http::Response> WarcAgent::request(http::Request request) {
  auto room = writer_.room();
  co_await room;
  // What the Agent would add is added here, so that it can be written down.
  http::Headers fields{{"Host", request.url.hostAndPort()}};
  if (request.headers.has("Host")) fields.clear();
  if (!userAgent_.empty() && !request.headers.has("User-Agent")) fields.add("User-Agent", userAgent_);
  for (const http::HeaderField field : request.headers) fields.add(field.name, field.value);
  request.headers = std::move(fields);

  WarcExchange exchange;
  exchange.url = request.url.withCredentialsRemoved().withoutFragment();
  exchange.begun = std::chrono::system_clock::now();
  exchange.request.append(request.method()).append(" ").append(request.url.target()).append(" HTTP/1.1\r\n").append(request.headers.wire());
  if (!request.body.empty()) exchange.request.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  exchange.request.append("\r\n").append(request.body);

  auto answering = agent_.request(std::move(request));
  http::Response response = co_await answering;
  exchange.status = response.status;
  appendHead(exchange.responseHead, response);
  exchange.address = addressOf(response);
  exchange.protocol = response.majorVersion == 2 ? "h2" : response.minorVersion == 0 ? "http/1.0" : "http/1.1";
  if (response.body.complete()) {
    exchange.body = response.body.buffered();
    writer_.put(std::move(exchange));
  } else {
    const std::string url = response.url.href();
    const std::uint64_t expected = response.contentLength().value_or(0);
    auto recording = std::make_unique<Recording>(writer_, std::move(exchange));
    response.body = http::detail::filteredBody(std::move(response.body), std::move(recording), url, expected);
  }
  co_return response;
}

}  // namespace weft::crawler
