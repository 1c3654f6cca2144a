#include <weft/crawler/http_downloader.hpp>

#include <weft/crawler/internal/request_meta.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/http/auth/credentials.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/client/content_decoder_agent.hpp>
#include <weft/http/client/cookie_agent.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/cookies/cookie_jars.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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
  options.setHttp2(settings.http2Enabled);
  options.setUserAgent(settings.userAgent.empty() ? "weft" : settings.userAgent);
  if (settings.httpproxyEnabled) options.setProxies(http::ProxySettings::fromEnvironment());
  return options;
}

// What HTTPAUTH_USER is sent as; empty without one.
std::string authorizationFor(const Settings& settings) {
  if (settings.httpauthUser.empty()) return {};
  if (settings.httpauthDomain.empty()) throw SettingError("HTTPAUTH_USER is set and HTTPAUTH_DOMAIN is not: say which host the password is for");
  return http::basicAuthorization(http::Credentials("http://" + settings.httpauthDomain, settings.httpauthUser, settings.httpauthPass));
}

bool isWithin(std::string_view host, std::string_view domain) noexcept {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

namespace {

// An agent with the layers around it.
struct Client {
  Client(net::Network& network, const Settings& settings, http::AgentOptions options, http::CookieJars& jars, const HttpDownloader::Layer& make) : agent(network, std::move(options)) {
    outermost = withoutCookies = &agent;
    if (make) {
      layer = make(agent);
      outermost = withoutCookies = layer.get();
    }
    http::AnyAgent& inner = *outermost;
    if (settings.cookiesEnabled) outermost = &cookies.emplace(*outermost, jars);
    if (settings.compressionEnabled) {
      const auto decoding = http::ContentDecoderAgentOptions().setMaxBytes(static_cast<std::size_t>(settings.downloadMaxsize));
      outermost = &decoder.emplace(*outermost, decoding);
      withoutCookies = &bareDecoder.emplace(inner, decoding);
    }
  }

  http::Agent agent;
  std::unique_ptr<http::AnyAgent> layer;
  std::optional<http::CookieAgent> cookies;
  std::optional<http::ContentDecoderAgent> decoder, bareDecoder;
  http::AnyAgent* outermost = nullptr;
  http::AnyAgent* withoutCookies = nullptr;            // of the layers all but the cookies
};

}  // namespace

struct HttpDownloader::State {
  State(net::Network& network, const Settings& given, Layer layer, std::shared_ptr<http::CookieJars> cookies)
      : network(network),
        settings(given),
        layer(std::move(layer)),
        jars(cookies ? std::move(cookies) : std::make_shared<http::CookieJars>()),
        client(network, settings, optionsFor(settings), *jars, this->layer),
        authorization(authorizationFor(settings)),
        defaultHeaders{{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, {"Accept-Language", "en"}} {}

  // The one for the request's own proxy, if it names one.
  Client& clientFor(const Request& request) {
    const std::string_view proxy = request.meta("proxy");
    if (proxy.empty()) return client;
    std::unique_ptr<Client>& own = proxied[std::string(proxy)];
    if (!own) {
      http::ProxySettings proxies;
      if (proxy != "none") proxies.all(proxy);
      own = std::make_unique<Client>(network, settings, optionsFor(settings).setProxies(std::move(proxies)), *jars, layer);
    }
    return *own;
  }

  http::Request prepare(const Request& request) {
    http::Request prepared(request.url);
    prepared.headers = defaultHeaders;
    if (request.method() != "GET") prepared.setMethod(request.method());
    for (const http::HeaderField field : request.headers()) prepared.headers.set(field.name, field.value);
    if (!request.body().empty()) prepared.setBody(std::string(request.body()));
    if (!authorization.empty() && isWithin(request.url.host(), settings.httpauthDomain)) prepared.headers.setDefault("Authorization", authorization);
    if (!request.referrer().empty()) prepared.headers.setDefault("Referer", request.referrer());
    if (const auto seconds = internal::metaNumber(request, "download_timeout")) prepared.setTimeout(*seconds);
    if (const auto bytes = internal::metaNumber(request, "download_maxsize")) prepared.setMaxBody(static_cast<std::size_t>(*bytes));
    if (internal::metaNumber(request, "truncate_body")) prepared.setMaxBody(SIZE_MAX);        // how long it would be does not matter
    if (settings.cookiesEnabled && !internal::metaFlag(request, "dont_merge_cookies")) {
      prepared.cookieJar = request.meta("cookiejar");
      for (const std::string& field : request.cookies()) jars->jar(prepared.cookieJar).setCookie(field, request.url);
    }
    return prepared;
  }

  // What the client does about a response, and what those who listen say to it.
  Deferred<std::string> receive(http::Response& received, const Request& request, std::size_t maxBody, bool& stopped) {
    const auto wanted = [&stopped](const Failure& answer) {
      const auto* stop = answer.as<StopDownload>();
      if (stop && stop->fail) answer.rethrow();
      return !(stopped = stop);
    };
    std::string body;
    if (!wanted(signals->headersReceived.send(received, request))) co_return body;
    const auto enough = internal::metaNumber(request, "truncate_body");
    while (!enough || body.size() < static_cast<std::size_t>(*enough)) {
      auto reading = received.body.next();
      const auto chunk = co_await reading;
      if (!chunk) break;
      if (chunk->size() > maxBody - body.size()) co_return Failure(http::BodyTooLarge(request.url.href(), maxBody, 0));
      body += *chunk;
      if (signals && !wanted(signals->bytesReceived.send(*chunk, request))) break;
    }
    co_return body;
  }

  net::Network& network;
  const Settings settings;
  const Layer layer;
  const std::shared_ptr<http::CookieJars> jars;
  Client client;
  std::map<std::string, std::unique_ptr<Client>> proxied;              // by the proxy's URL
  Signals* signals = nullptr;                          // unless nobody listens
  const std::string authorization;
  const http::Headers defaultHeaders;
};

HttpDownloader::HttpDownloader(net::Network& network, const Settings& settings, Layer layer, std::shared_ptr<http::CookieJars> cookies)
    : state_(std::make_unique<State>(network, settings, std::move(layer), std::move(cookies))) {}
HttpDownloader::~HttpDownloader() = default;

Deferred<Response> HttpDownloader::fetch(std::shared_ptr<const Request> request) {
  http::Request prepared = state_->prepare(*request);
  const std::size_t maxBody = prepared.maxBody.value_or(static_cast<std::size_t>(state_->settings.downloadMaxsize));
  Client& client = state_->clientFor(*request);
  auto answer = (internal::metaFlag(*request, "dont_merge_cookies") ? client.withoutCookies : client.outermost)->request(std::move(prepared));
  http::Response received = co_await answer;
  const double latency = std::chrono::duration<double>(received.timing().firstByte).count();
  std::string body;
  bool stopped = false;
  const auto enough = internal::metaNumber(*request, "truncate_body");
  const std::string_view place = request->meta("save_to");
  if (!place.empty() && received.status == 200) {
    auto saving = received.saveTo(std::string(place));
    co_await saving;
  } else if (state_->signals && !(state_->signals->headersReceived.empty() && state_->signals->bytesReceived.empty())) {
    auto receiving = state_->receive(received, *request, maxBody, stopped);
    body = co_await receiving;
  } else if (received.body.complete()) {
    body = received.body.take();
  } else if (enough) {
    while (body.size() < static_cast<std::size_t>(*enough)) {
      auto reading = received.body.next();
      const auto chunk = co_await reading;
      if (!chunk) break;
      body += *chunk;
    }
  } else {
    auto rest = received.body.bytes(maxBody);
    body = co_await rest;
  }
  Response response(request->url, received.status, std::move(received.headers), std::move(body));
  response.timing = received.timing();
  response.flags.assign(request->flags().begin(), request->flags().end());
  if (stopped) response.flags.emplace_back("download_stopped");
  response.setRequest(std::move(request));
  response.downloadLatency = latency;
  co_return response;
}

void HttpDownloader::listen(Signals* signals) { state_->signals = signals; }

void HttpDownloader::close() {
  state_->client.agent.close();
  for (auto& [proxy, client] : state_->proxied) client->agent.close();
}

}  // namespace weft::crawler
