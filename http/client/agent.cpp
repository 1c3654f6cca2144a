#include <weft/http/client/agent.hpp>

#include <weft/http/client/internal/pool.hpp>

namespace weft::http {

Deferred<Response> AnyAgent::get(std::string_view url) {
  auto parsed = Url::tryParse(url);
  if (!parsed) return maybeDeferred([url]() -> Deferred<Response> { throw Url::parse(url); });
  return request(Request(std::move(*parsed)));
}

Deferred<Response> AnyAgent::get(Url url) { return request(Request(std::move(url))); }

Deferred<Response> AnyAgent::head(std::string_view url) {
  return maybeDeferred([&] { return request(Request("HEAD", url)); });
}

Deferred<Response> AnyAgent::post(std::string_view url, std::string body, std::string_view contentType) {
  return maybeDeferred([&] {
    Request post("POST", url);
    post.setBody(std::move(body), contentType);
    return request(std::move(post));
  });
}

Agent::Agent(net::Network& network, AgentOptions options)
    : pool_(std::make_unique<detail::Pool>(network, std::move(options))) {}

Agent::~Agent() = default;

Deferred<Response> Agent::request(Request request) { return pool_->request(std::move(request)); }

Deferred<Upgraded> Agent::upgrade(Request request) {
  return this->request(std::move(request)).addCallback([](Response response) {
    auto transport = response.takeTransport();
    return Upgraded(std::move(response), std::move(transport));
  });
}

void Agent::close() { pool_->close(); }

AgentStats Agent::stats() const { return pool_->stats(); }

}  // namespace weft::http
