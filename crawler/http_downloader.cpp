#include <weft/crawler/http_downloader.hpp>

#include <weft/http/client/agent.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace weft::crawler {

namespace {

http::AgentOptions optionsFor(const Settings& settings) {
  http::AgentOptions options;
  const double total = settings.downloadTimeout;
  options.setMaxPerHost(static_cast<std::size_t>(settings.concurrentRequestsPerDomain));
  options.setMaxTotal(static_cast<std::size_t>(settings.concurrentRequests));
  options.setTotalTimeout(total).setConnectTimeout(std::min(30.0, total)).setFirstByteTimeout(std::min(60.0, total)).setIdleTimeout(std::min(60.0, total));
  options.setMaxBody(static_cast<std::size_t>(settings.downloadMaxsize)).setLenient(true);
  options.setUserAgent(settings.userAgent.empty() ? "weft" : settings.userAgent);
  return options;
}

}  // namespace

struct HttpDownloader::State {
  State(net::Network& network, const Settings& settings)
      : agent(network, optionsFor(settings)),
        maxBody(static_cast<std::size_t>(settings.downloadMaxsize)),
        defaultHeaders{{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, {"Accept-Language", "en"}} {}

  http::Request prepare(const Request& request) const {
    http::Request prepared(request.url);
    prepared.headers = defaultHeaders;
    if (request.method() != "GET") prepared.setMethod(request.method());
    for (const http::HeaderField field : request.headers()) prepared.headers.set(field.name, field.value);
    if (!request.body().empty()) prepared.setBody(std::string(request.body()));
    return prepared;
  }

  http::Agent agent;
  const std::size_t maxBody;
  const http::Headers defaultHeaders;
};

HttpDownloader::HttpDownloader(net::Network& network, const Settings& settings) : state_(std::make_unique<State>(network, settings)) {}
HttpDownloader::~HttpDownloader() = default;

Deferred<Response> HttpDownloader::fetch(std::shared_ptr<const Request> request) {
  auto answer = state_->agent.request(state_->prepare(*request));
  http::Response received = co_await answer;
  const double latency = std::chrono::duration<double>(received.timing().firstByte).count();
  std::string body;
  if (received.body.complete()) {
    body = received.body.take();
  } else {
    auto rest = received.body.bytes(state_->maxBody);
    body = co_await rest;
  }
  Response response(request->url, received.status, std::move(received.headers), std::move(body));
  response.setRequest(std::move(request));
  response.downloadLatency = latency;
  co_return response;
}

void HttpDownloader::close() { state_->agent.close(); }

}  // namespace weft::crawler
